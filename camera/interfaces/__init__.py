"""What a camera is asked beside its stream: what it is, what it is set to send, and where."""
