"""Makers' own interfaces of cameras and recorders, beside ONVIF: Hikvision's ISAPI and Dahua's CGI."""
