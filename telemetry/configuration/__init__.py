"""How every program of ours reads a configuration file, and how it words what is wrong with one."""
