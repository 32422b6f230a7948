"""What video bitstreams say of themselves, read without decoding a picture."""
