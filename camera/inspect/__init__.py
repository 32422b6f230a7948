"""Some seconds of one stream or file, decoded whole and judged."""
