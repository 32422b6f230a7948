"""Time series and current state behind one Protocol (store.base)."""
