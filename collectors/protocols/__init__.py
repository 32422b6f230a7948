"""The protocols that devices speak, each knowing nothing of the program."""
