"""How a camera's challenge is answered: Digest (RFC 7616, RFC 2617) with SHA-256 or MD5, and Basic (RFC 7617)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][\w-]*)\s+(?=[\w-]+\s*=)")
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One of a camera's WWW-Authenticate. `algorithm` is empty for Basic."""

    realm: str
    algorithm: str = ""
    nonce: str = ""
    opaque: str = ""
    with_qop: bool = False
    stale: bool = False  # the nonce was too old, the password was not judged


@dataclass(slots=True)
class Login:
    """Who asks. Counts the requests made with one nonce, as Digest with qop wants it."""

    username: str
    password: str = field(repr=False)
    make_nonce: Callable[[], str] = field(repr=False)
    _count: int = 0
    _nonce: str = ""

    def answer(self, challenge: Challenge, method: str, uri: str) -> str:
        """The Authorization header's value for one request."""
        if not challenge.algorithm:
            pair = f"{self.username}:{self.password}".encode()
            return "Basic " + base64.b64encode(pair).decode("ascii")
        return "Digest " + ", ".join(self._digest(challenge, method, uri))

    def _digest(self, challenge: Challenge, method: str, uri: str) -> Iterator[str]:
        def hashed(*parts: str) -> str:
            return _HASHES[challenge.algorithm](":".join(parts).encode())

        secret = hashed(self.username, challenge.realm, self.password)
        request = hashed(method, uri)
        yield f'username="{_quoted(self.username)}"'
        yield f'realm="{_quoted(challenge.realm)}"'
        yield f'nonce="{_quoted(challenge.nonce)}"'
        yield f'uri="{_quoted(uri)}"'
        if challenge.with_qop:
            self._count = self._count + 1 if challenge.nonce == self._nonce else 1
            self._nonce = challenge.nonce
            count, own = f"{self._count:08x}", self.make_nonce()
            yield f'response="{hashed(secret, challenge.nonce, count, own, "auth", request)}"'
            yield from (f'cnonce="{own}"', f"nc={count}", "qop=auth")
        else:
            yield f'response="{hashed(secret, challenge.nonce, request)}"'
        if challenge.algorithm != "MD5":
            yield f"algorithm={challenge.algorithm}"
        if challenge.opaque:
            yield f'opaque="{_quoted(challenge.opaque)}"'


def best(headers: Sequence[str]) -> Challenge | None:
    """The strongest challenge of these WWW-Authenticate values that is known here; Basic only where it is alone."""
    found = [challenge for header in headers for challenge in _challenges(header)]
    for algorithm in ("SHA-256", "MD5", ""):
        for challenge in found:
            if challenge.algorithm == algorithm:
                return challenge
    return None


def _challenges(header: str) -> Iterator[Challenge]:
    schemes = list(_SCHEME.finditer(header))
    for scheme, following in zip(schemes, [*schemes[1:], None], strict=False):
        text = header[scheme.end() : None if following is None else following.start()]
        given = {name.lower(): _unquoted(quoted) or plain for name, quoted, plain in _PARAMETER.findall(text)}
        realm = given.get("realm", "")
        if scheme[1].lower() == "basic":
            yield Challenge(realm)
            continue
        algorithm = given.get("algorithm", "MD5").upper()
        offered = [quality.strip() for quality in given.get("qop", "").split(",") if quality.strip()]
        if scheme[1].lower() != "digest" or algorithm not in _HASHES or (offered and "auth" not in offered):
            continue
        stale = given.get("stale", "").lower() == "true"
        yield Challenge(realm, algorithm, given.get("nonce", ""), given.get("opaque", ""), bool(offered), stale)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
