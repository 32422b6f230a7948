"""A camera's RTSP server: RFC 2326 with digest authentication, RTP and RTCP inside the same TCP connection."""
