"""Network video recorders: their channels, disks, clocks and indexes, and footage of another time as proof."""
