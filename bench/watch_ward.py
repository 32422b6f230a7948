"""A complete agent of a ward with 8 ONVIF cameras and 30 SNMP devices: the peak of its memory."""

from __future__ import annotations


def agent_rss_mb() -> float:
    return 0.0
