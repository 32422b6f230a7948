"""The models of devices that a ward file may name, by what they are for."""
