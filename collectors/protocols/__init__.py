"""What speaks a protocol and knows nothing of device kinds. A library's exceptions end here."""
