"""An ONVIF device as cameras and recorders are: SOAP by the WSDLs of Profile S and Profile G, and WS-Discovery."""
