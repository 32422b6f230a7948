"""Who may ask: WS-Security's UsernameToken with a digest (ONVIF Core, 5.12.1; OASIS UsernameToken Profile 1.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from xml.etree.ElementTree import Element

from simulator.onvif.xml import text_of, wall_us_of
from simulator.rtsp.gate import Gate

WINDOW_SECONDS = 300  # how far a token's time may be from the device's clock
_TOKEN = "wsse:Security/wsse:UsernameToken"


class Tokens:
    """Judges tokens by the device's own clock.

    It takes a token more than once, as devices do: onvif-util makes but one of them a second.
    """

    def __init__(self, gate: Callable[[], Gate], wall_us: Callable[[], int]) -> None:
        self._gate, self._wall_us = gate, wall_us

    @staticmethod
    def given(header: Element | None) -> bool:
        """Whether a request brings a token at all."""
        return bool(text_of(header, f"{_TOKEN}/wsse:Username"))

    def admits(self, header: Element | None) -> bool:
        created = text_of(header, f"{_TOKEN}/wsu:Created")
        try:
            nonce = base64.b64decode(text_of(header, f"{_TOKEN}/wsse:Nonce"), validate=True)
            digest = base64.b64decode(text_of(header, f"{_TOKEN}/wsse:Password"), validate=True)
            off_us = abs(wall_us_of(created) - self._wall_us())
        except (binascii.Error, ValueError):
            return False
        gate = self._gate()
        expected = hashlib.sha1(nonce + created.encode() + gate.password.encode(), usedforsecurity=False).digest()
        known = text_of(header, f"{_TOKEN}/wsse:Username") == gate.username and hmac.compare_digest(digest, expected)
        return known and off_us <= WINDOW_SECONDS * 1_000_000
