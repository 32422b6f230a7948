"""The shared words of WardWatch: kinds, readings, conditions, the metric catalogue, entries and topics."""
