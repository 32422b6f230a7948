"""What each device answers: one module per MIB, from the model's state to objects. Pure."""
