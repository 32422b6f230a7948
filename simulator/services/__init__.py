"""By what protocol a device answers: one module and one class per protocol, opened by a line in `registry`."""
