"""ONVIF, stream watch, picture quality, recorder coverage and relay. The live picture is the next step."""
