"""One module per device kind, over collectors.protocols: polls a configured device, never raises out."""
