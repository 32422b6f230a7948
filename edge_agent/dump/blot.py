"""Blotting: names, serial numbers, addresses and words that people wrote become others of the same shape.

What is known to be secret (`learn`) is replaced wherever it occurs. Beside it, text is kept only where it is known to
say nothing of the place: a word that is not in the vocabulary (units, states, supplies, the device's own model) is
replaced letter by letter, a figure by a figure, so that lengths, separators and numbers at a text's start stay what the
decoders see. The same word always becomes the same word within one file; the key is thrown away with the Blotter.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import string
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

_MAC = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_SHORTEST = 2  # characters; a single letter names nobody
_LONG_FIGURE = 6  # digits in a row: a serial number, a telephone
_NOBODY = ("0.0.0.0", "127.0.0.1")


@lru_cache(maxsize=1)
def vocabulary() -> frozenset[str]:
    """Words that say nothing of the place (data/vocabulary.txt)."""
    data = resources.files("edge_agent.dump").joinpath("data", "vocabulary.txt").read_text(encoding="utf-8")
    return frozenset(word for line in data.splitlines() if not line.startswith("#") for word in line.split())


class Blotter:
    """Replaces, consistently within one file. `key`: random for each dump."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._secrets: set[str] = set()
        self._kept: set[str] = set()
        self._addresses: set[tuple[int, ...]] = set()
        self.macs: set[bytes] = set()

    def learn(self, secrets: Iterable[str]) -> None:
        """Texts that must not occur anywhere; each of their words, too."""
        for secret in secrets:
            self._secrets.update(each.casefold() for each in _WORD.findall(secret) if len(each) >= _SHORTEST)

    def learn_mac(self, mac: bytes) -> None:
        if len(mac) == 6 and any(mac):
            self.macs.add(mac)

    def learn_addresses(self, text: str) -> None:
        """The IPv4 addresses that occur in this text."""
        for found in _IPV4.findall(text):
            if found not in _NOBODY and not found.startswith("255."):
                self._addresses.add(tuple(map(int, found.split("."))))

    def keep(self, texts: Iterable[str]) -> None:
        """Words of model and firmware names, which the fixture is for; a secret among them stays a secret."""
        self._kept.update(word.casefold() for text in texts for word in _WORD.findall(text))

    def whole(self, text: str) -> str:
        """A text of which every word is somebody's: a name, a place, a serial number."""
        return _WORD.sub(lambda found: self._replaced(found.group()), self._without_addresses(text))

    def text(self, text: str, *, technical: bool = False) -> str:
        """Any other text. `technical`: one that a standard gives a technical meaning (ifDescr, a supply's name)."""
        if _NUMBER.fullmatch(text.strip()) and sum(map(str.isdigit, text)) < _LONG_FIGURE:
            return text
        return _WORD.sub(lambda found: self._word(found.group(), technical), self._without_addresses(text))

    def mac(self, mac: bytes) -> bytes:
        """A locally administered address (IEEE 802) in the place of this one."""
        return bytes([0x02, *self._digest(mac)[:5]])

    def address(self, address: str) -> str:
        """An address of TEST-NET-1 (RFC 5737) in the place of this one; masks and nobody's addresses stay."""
        if address in _NOBODY or address.startswith("255."):
            return address
        return f"192.0.2.{1 + self._digest(address.encode())[0] % 254}"

    def tells(self, numbers: list[int]) -> bool:
        """Whether an OID's index holds an address or a secret in figures: such a row is left out."""
        for at in range(len(numbers)):
            if bytes_of(numbers[at : at + 6]) in self.macs:
                return True
            four = numbers[at : at + 4]
            if tuple(four) in self._addresses or _is_private(four):
                return True
        letters = "".join(chr(each) if 32 <= each < 127 else " " for each in numbers)
        return any(word.casefold() in self._secrets for word in _WORD.findall(letters) if len(word) > 3)

    def _without_addresses(self, text: str) -> str:
        text = _MAC.sub(lambda found: self._written_mac(found.group(), found.group(1)), text)
        return _IPV4.sub(lambda found: self.address(found.group()), text)

    def _written_mac(self, written: str, separator: str) -> str:
        return separator.join(f"{octet:02X}" for octet in self.mac(bytes.fromhex(written.replace(separator, ""))))

    def _word(self, word: str, technical: bool) -> str:
        folded = word.casefold()
        if folded in self._secrets:
            return self._replaced(word)
        if any(len(secret) > 3 and secret in folded for secret in self._secrets):
            return self._replaced(word)
        plain = folded.rstrip(string.digits) if len(folded) > 3 and not folded[-3:].isdecimal() else folded
        if folded in self._kept or folded in vocabulary() or plain in vocabulary():  # "humidity1", "port24"
            return word
        if word.isdecimal():
            return word if len(word) < _LONG_FIGURE else self._replaced(word)
        return word if technical and sum(map(str.isdigit, word)) < _LONG_FIGURE else self._replaced(word)

    def _replaced(self, word: str) -> str:
        """Another word of the same length: letters for letters, figures for figures."""
        if len(word) < _SHORTEST and not word.isdecimal():
            return word
        for attempt in range(100):
            digest = self._digest(f"{attempt}:{word.casefold()}".encode(), len(word))
            made = "".join(_like(letter, octet) for letter, octet in zip(word, digest, strict=False))
            folded = made.casefold()
            if folded != word.casefold() and not any(secret in folded for secret in self._secrets):
                return made
        return "x" * len(word)

    def _digest(self, what: bytes, length: int = 32) -> bytes:
        made = hmac.new(self._key, what, hashlib.sha256).digest()
        while len(made) < length:
            made += hmac.new(self._key, made, hashlib.sha256).digest()
        return made


def bytes_of(numbers: list[int]) -> bytes:
    """The numbers as octets; b"" where they are none."""
    return bytes(numbers) if all(0 <= each < 256 for each in numbers) else b""


def _is_private(four: list[int]) -> bool:
    """RFC 1918, but for 10.x.x.x: four such figures stand in the middle of many an OID."""
    if len(four) < 4 or max(four) > 255:
        return False
    return four[:2] == [192, 168] or (four[0] == 172 and 16 <= four[1] < 32)


def _like(letter: str, octet: int) -> str:
    if letter.isdecimal():
        return string.digits[octet % 10]
    if letter.isupper():
        return string.ascii_uppercase[octet % 26]
    return string.ascii_lowercase[octet % 26]
