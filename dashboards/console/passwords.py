"""Passwords: made, hashed and verified, with a bound on the memory that it takes."""

from __future__ import annotations

import base64
import ctypes
import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

# OWASP's first choice for argon2id (19 MiB, 2 passes, 1 lane): the ward's own small machine verifies too.
_MEMORY_KIB = 19 * 1024
_PASSES = 2
_M_MMAP_THRESHOLD = -3  # malloc.h
AT_ONCE = 2  # verifications at a time, so at most twice _MEMORY_KIB however many sign in
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another when read aloud or off paper


def one_time_password() -> str:
    """Sixteen letters in four groups, 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


class Passwords:
    """Hashes and verifies. Calls block for tens of milliseconds and wait their turn: call from a thread."""

    def __init__(self) -> None:
        _give_memory_back()
        self._hasher = PasswordHasher(
            time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._nobody = _hash_of_nothing()

    def hash(self, password: str) -> str:
        """The PHC string of a password."""
        with self._turn:
            return self._hasher.hash(_plain(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password. None (no such user) takes as long as a wrong password does."""
        with self._turn:
            try:
                self._hasher.verify(password_hash or self._nobody, _plain(password))
            except (VerificationError, InvalidHashError):
                return False
        return password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def _give_memory_back() -> None:
    """Keep glibc from hoarding the 19 MiB of each hash.

    It would raise its threshold after the first one and keep the memory in an arena of every thread that ever hashed:
    40 sign-ins left 320 MB behind; so they leave nothing (mallopt(3), M_MMAP_THRESHOLD). Other libcs do not hoard.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 8 * 1024 * 1024)


def _hash_of_nothing() -> str:
    """A PHC string that no password fits, made without hashing; to verify against it takes as long as any other."""
    salt, digest = (base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=") for length in (16, 32))
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p=1${salt}${digest}"


def _plain(password: str) -> bytes:
    # Keyboards differ in how they compose "ệ" (RFC 8265, OpaqueString: NFC). A lone surrogate is no text anyone typed.
    return unicodedata.normalize("NFC", password).encode("utf-8", errors="surrogatepass")
