"""Who may look: HTTP digest as cameras do it (RFC 2617, with qop "auth" or without), basic where allowed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Gate:
    """One account. `basic`: whether a password in the clear is taken too."""

    username: str
    password: str
    realm: str
    basic: bool = False

    def challenges(self, nonce: str, qop: str = "") -> str:
        """The value of WWW-Authenticate; HTTP's clients of today want `qop` "auth" in it."""
        digest = f'Digest realm="{self.realm}", nonce="{nonce}", algorithm="MD5"'
        digest += f', qop="{qop}"' if qop else ""
        return digest if not self.basic else f'{digest}, Basic realm="{self.realm}"'

    def admits(self, method: str, authorization: str, nonce: str) -> bool:
        """Whether an Authorization header proves that the client knows the password."""
        scheme, _, rest = authorization.partition(" ")
        if scheme.lower() == "digest":
            return self._digest(method, rest, nonce)
        return self.basic and scheme.lower() == "basic" and self._basic(rest)

    def _digest(self, method: str, text: str, nonce: str) -> bool:
        told = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(text)}
        if (told.get("username"), told.get("realm"), told.get("nonce")) != (self.username, self.realm, nonce):
            return False
        who = _md5(f"{self.username}:{self.realm}:{self.password}")
        what = _md5(f"{method}:{told.get('uri', '')}")
        middle = f":{told.get('nc', '')}:{told.get('cnonce', '')}:auth" if told.get("qop") == "auth" else ""
        right = _md5(f"{who}:{nonce}{middle}:{what}")
        return hmac.compare_digest(right.encode(), told.get("response", "").lower().encode())

    def _basic(self, text: str) -> bool:
        try:
            told = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(told, f"{self.username}:{self.password}".encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
