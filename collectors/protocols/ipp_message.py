"""What a printer sends as IPP (RFC 8010 section 3), made safe for the library's parser.

pyipp's parser trusts lengths (one that is negative keeps it busy for ever), gives the whole answer up for one text
that is not UTF-8 or one number it has no name for, and recurses as deep as it is told. So the framing is checked
here first, only the attributes that were asked for are kept, and the texts are put right.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass

_OPERATION, _END, _PRINTER = 0x01, 0x03, 0x04
_LAST_DELIMITER = 0x0F
_INTEGER, _BOOLEAN, _ENUM = 0x21, 0x22, 0x23
_OCTETS, _WITH_LANGUAGE = 0x30, (0x35, 0x36)
_TEXTS = range(0x41, 0x4A)  # textWithoutLanguage … mimeMediaType
_TEXT = 0x41
_BEGIN_COLLECTION, _END_COLLECTION = 0x34, 0x37
_HEADER = 8  # version, status, request id
_MOST_VALUES = 20_000
_LONGEST = 0x7FFF


class MessageError(Exception):
    """The bytes are no IPP message."""


@dataclass(frozen=True, slots=True)
class _Value:
    tag: int
    name: bytes  # empty: one more value of the attribute before
    value: bytes

    def encoded(self) -> bytes:
        return (
            struct.pack(">BH", self.tag, len(self.name)) + self.name + struct.pack(">H", len(self.value)) + self.value
        )


# The library wants a group of operation attributes with something in it; what is in it tells nothing.
_PREFACE = bytes([_OPERATION]) + _Value(0x47, b"attributes-charset", b"utf-8").encoded()


def tidied(message: bytes, wanted: Collection[str]) -> bytes:
    """The message with nothing but its header and the `wanted` attributes of the printer.

    Raises MessageError where lengths lead out of it or it has no end.
    """
    if len(message) < _HEADER + 1:
        raise MessageError(f"{len(message)} bytes are no IPP message")
    kept = {name.encode("ascii") for name in wanted}
    found = bytearray()
    in_printer, keeping, depth, at = False, False, 0, _HEADER
    for _ in range(_MOST_VALUES):
        if at >= len(message):
            raise MessageError("it ends before its end")
        tag = message[at]
        if tag == _END:
            group = bytes([_PRINTER]) + found if found else b""
            return message[:_HEADER] + _PREFACE + group + bytes([_END])
        if tag <= _LAST_DELIMITER:
            at, in_printer, keeping, depth = at + 1, tag == _PRINTER, False, 0
            continue
        value, at = _value(message, at)
        if value.name and depth == 0:
            keeping = in_printer and value.name in kept
        if keeping and depth == 0:
            found += _safe(value).encoded()
        depth = max(0, depth + (tag == _BEGIN_COLLECTION) - (tag == _END_COLLECTION))
    raise MessageError("more values than a printer has to say")


def _value(message: bytes, at: int) -> tuple[_Value, int]:
    """The value at `at` (its tag) and where the next one is."""
    name, after = _measured(message, at + 1)
    value, after = _measured(message, after)
    return _Value(message[at], name, value), after


def _measured(message: bytes, at: int) -> tuple[bytes, int]:
    if at + 2 > len(message):
        raise MessageError("it ends within a length")
    (length,) = struct.unpack_from(">H", message, at)
    end = at + 2 + length
    if length > _LONGEST or end > len(message):
        raise MessageError(f"a length of {length} leads out of it")
    return message[at + 2 : end], end


def _safe(value: _Value) -> _Value:
    """The value as the library can take it. One that says nothing (unknown, no-value) or is of no use here becomes an
    empty text: the attributes of a printer's supplies belong together by their places."""
    tag, data = value.tag, value.value
    if tag in (_INTEGER, _ENUM) and len(data) == 4:
        return _Value(_INTEGER, value.name, data)  # a number: the library knows not every one by name
    if tag == _BOOLEAN and len(data) == 1:
        return value
    if tag in _TEXTS or tag == _OCTETS:
        return _Value(_TEXT, value.name, _utf8(data))
    if tag in _WITH_LANGUAGE:
        _language, after = _measured(data, 0)
        return _Value(_TEXT, value.name, _utf8(_measured(data, after)[0]))
    return _Value(_TEXT, value.name, b"")


def _utf8(text: bytes) -> bytes:
    return text.decode("utf-8", "replace").encode("utf-8")[:_LONGEST]
