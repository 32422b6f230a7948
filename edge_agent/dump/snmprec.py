"""An SNMP agent's rows as a .snmprec file (snmpsim's format: OID|tag|value), blotted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from collectors.mib_tables import Mib, mibs
from edge_agent.dump.blot import Blotter

OCTETS, OBJECT_ID, IP_ADDRESS, OPAQUE = "4", "6", "64", "68"
_MIB2 = "1.3.6.1.2.1"
_ENTITY, _PRINTER, _UPS = f"{_MIB2}.47.1.1.1.1", f"{_MIB2}.43", f"{_MIB2}.33.1.1"
_TABLES = ("ups", "environment", "host")

# Columns whose text is somebody's: RFC 3418, 2863, 6933, 3805, 1628.
_SECRET = (
    *(f"{_MIB2}.1.{leaf}" for leaf in (4, 5, 6)),
    f"{_MIB2}.31.1.1.1.18",
    *(f"{_ENTITY}.{leaf}" for leaf in (11, 14, 15)),
    *(f"{_PRINTER}.5.1.1.{leaf}" for leaf in (4, 5, 16, 17)),
    f"{_PRINTER}.14.1.1.9",
    f"{_PRINTER}.16.5.1.2",
    *(f"{_UPS}.{leaf}" for leaf in (5, 6)),
    *(f"1.0.8802.1.1.2.1.4.1.1.{leaf}" for leaf in (7, 8, 9)),  # lldpRemPortId, PortDesc, SysName
)
# Columns that say what the device is: what a fixture is for.
_KEPT = (
    f"{_MIB2}.1.1",
    *(f"{_ENTITY}.{leaf}" for leaf in (2, 7, 8, 9, 10, 12, 13)),
    *(f"{_UPS}.{leaf}" for leaf in (1, 2, 3, 4)),
    f"{_MIB2}.25.3.2.1.3",
)
_TECHNICAL = (f"{_MIB2}.2.2.1.2", f"{_MIB2}.31.1.1.1.1", _PRINTER)
_PHYSICAL_ADDRESS = f"{_MIB2}.2.2.1.6"
_SERIAL = re.compile(r"(?:\bs/?n|\bserial(?:[ -]?(?:number|no))?)\b[ .:=#]*([\w-]{4,})", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_LONG_BINARY = 32  # octets; longer ones are tables of bits or what somebody stored


@dataclass(frozen=True, slots=True)
class Row:
    """One object: value as int, dotted text (OIDs, IpAddress) or octets."""

    oid: str
    tag: str
    value: int | str | bytes


def blotted(rows: Sequence[Row], blotter: Blotter, known: Iterable[str] = ()) -> tuple[list[str], int]:
    """The file's lines in the order of OIDs, and how many rows were left out because their index tells.

    `known`: further texts that must not occur (the configured host, community, user).
    """
    _learn(rows, blotter, known)
    ordered = sorted(rows, key=lambda row: _numbers(row.oid))
    kept = [row for row in ordered if not blotter.tells(_numbers(row.oid)[6:])]
    return [_line(row, blotter) for row in kept], len(rows) - len(kept)


def _learn(rows: Sequence[Row], blotter: Blotter, known: Iterable[str]) -> None:
    for secret in known:
        blotter.learn([secret])
        blotter.learn_addresses(secret)
    blotter.keep(_words_of_tables())
    for row in rows:
        if row.tag == IP_ADDRESS:
            blotter.learn_addresses(str(row.value))
        if not isinstance(row.value, bytes) or row.tag != OCTETS:
            continue
        if _below(row.oid, (_PHYSICAL_ADDRESS,)):
            blotter.learn_mac(row.value)
        text = as_text(row.value)
        if text is None:
            continue
        blotter.learn(_SERIAL.findall(text))
        blotter.learn_addresses(text)
        if _below(row.oid, (*_SECRET, *_facts("serial", "name"))):
            blotter.learn([text])
        elif _below(row.oid, (*_KEPT, *_facts("model", "firmware", "vendor"))):
            blotter.keep([text])


def _line(row: Row, blotter: Blotter) -> str:
    if isinstance(row.value, int):
        return f"{row.oid}|{row.tag}|{row.value}"
    if isinstance(row.value, str):
        return f"{row.oid}|{row.tag}|{blotter.address(row.value) if row.tag == IP_ADDRESS else row.value}"
    octets = _octets(row, blotter)
    try:
        plain = octets.decode("ascii")
    except UnicodeDecodeError:
        plain = "\n"
    if row.tag == OCTETS and plain.isprintable() and plain == plain.strip():
        return f"{row.oid}|{row.tag}|{plain}"
    return f"{row.oid}|{row.tag}x|{octets.hex()}"


def _octets(row: Row, blotter: Blotter) -> bytes:
    assert isinstance(row.value, bytes)
    if row.tag == OPAQUE:
        return row.value  # a number (net-snmp's floats)
    text = as_text(row.value)
    if text is None:
        return _binary(row.value, blotter)
    if _below(row.oid, (*_SECRET, *_facts("serial", "name"))):
        return blotter.whole(text).encode()
    return blotter.text(text, technical=_below(row.oid, _TECHNICAL)).encode()


def _binary(value: bytes, blotter: Blotter) -> bytes:
    if len(value) == 6 and any(value):
        return blotter.mac(value)
    for mac in blotter.macs:
        value = value.replace(mac, blotter.mac(mac))
    letters = value.replace(b"\x00", b"").decode("latin-1")
    if len(value) > _LONG_BINARY or blotter.text(letters) != letters:
        return bytes(len(value))  # stored blobs, texts in UTF-16
    return value


def as_text(value: bytes) -> str | None:
    """The text in these octets, None where they are none."""
    stripped = value.rstrip(b"\x00")
    try:
        text = stripped.decode("utf-8")
    except UnicodeDecodeError:
        text = stripped.decode("latin-1")
        if sum(each.isalpha() and ord(each) < 128 for each in text) * 2 < len(text):
            return None
    return text if all(each.isprintable() or each in "\r\n\t" for each in text) else None


@lru_cache(maxsize=4)
def _facts(*names: str) -> tuple[str, ...]:
    return tuple(f"{mib.base}.{each.oid}" for mib in tables() for each in mib.value if each.fact in names)


@lru_cache(maxsize=1)
def tables() -> tuple[Mib, ...]:
    """The MIBs that our collectors read by tables."""
    return tuple(mib for name in _TABLES for mib in mibs(name))


@lru_cache(maxsize=1)
def _words_of_tables() -> tuple[str, ...]:
    """Texts that decide how a table is read: they are the vendor's words, not the ward's."""
    values = [value for mib in tables() for value in mib.value]
    told = {str(choice) for value in values for where in value.where for choice in where.any}
    told |= {word for value in values for where in value.where for word in _LETTERS.findall(where.like)}
    told |= {key for value in values for key in (*value.values, *(value.scale_by.map if value.scale_by else ()))}
    return tuple(told)


def _below(oid: str, columns: Iterable[str]) -> bool:
    return any(oid == column or oid.startswith(f"{column}.") for column in columns)


def _numbers(oid: str) -> list[int]:
    return [int(part) for part in oid.split(".")]
