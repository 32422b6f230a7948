"""What the ward's devices and its line look like from outside: sockets on the loopback."""
