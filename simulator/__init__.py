"""The virtual ward with faults to switch on; the command ward-sim."""
