"""ONVIF: what a camera or recorder is, offers and keeps, asked by SOAP."""
