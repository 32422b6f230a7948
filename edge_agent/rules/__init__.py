"""What is judged in the ward, on full-resolution readings: rules.toml is the data, engine.py applies it."""
