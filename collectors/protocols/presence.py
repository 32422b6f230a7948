"""What the ward's agent and the presence helper on a workstation say to each other (docs/presence-helper.md).

One HTTP request: `GET /presence?nonce=N&mac=M`. Both sides know a shared secret that never crosses the wire: the
question carries HMAC-SHA256 (RFC 2104) over a fresh nonce, the answer one over the same nonce and its body. So
strangers learn nothing, and an answer that was recorded earlier fits no later question.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import math
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from telemetry.readings import Fact, Reading

PORT = 9480
PATH = "/presence"
MAX_BYTES = 256_000
MAC_HEADER = "X-WardWatch-Mac"
LEAST_SECRET = 16  # characters
_MOST = 500  # of each: USB devices, readings, facts
_NONCE = re.compile(r"[0-9a-f]{32}")
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,63}")


class PresenceError(Exception):
    """An answer that cannot be used."""


class SecretRefused(PresenceError):
    """The two sides do not hold the same secret."""


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """One device on a machine's USB. `id`: "04c5:15fc", vendor and product (USB 2.0 section 9.6.1) in hexadecimal."""

    id: str
    name: str = ""
    vendor: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """What a helper answers: what hangs on its USB, and the machine's own readings and facts."""

    devices: Sequence[UsbDevice]
    readings: Sequence[Reading] = ()
    facts: Sequence[Fact] = ()


def question(secret: str, nonce: str) -> str:
    """The request's target."""
    return f"{PATH}?nonce={nonce}&mac={_mac(secret, 'ask', nonce)}"


def nonce_of(secret: str, target: str) -> str | None:
    """The nonce of a question that was asked by somebody who knows the secret; None of any other."""
    try:
        url = urlsplit(target)
        told = {name: values[0] for name, values in parse_qs(url.query, max_num_fields=4).items()}
    except ValueError:
        return None
    nonce, mac = told.get("nonce", ""), told.get("mac", "")
    if url.path != PATH or not _NONCE.fullmatch(nonce):
        return None
    return nonce if hmac.compare_digest(mac.encode(), _mac(secret, "ask", nonce).encode()) else None


def answer_mac(secret: str, nonce: str, body: bytes) -> str:
    """What proves that `body` answers the question with this nonce."""
    return _mac(secret, "answer", nonce, body)


def encode(presence: Presence) -> bytes:
    """The body of an answer."""
    told = {
        "devices": [[each.id, each.name, each.vendor, each.serial] for each in presence.devices[:_MOST]],
        "readings": [list(reading) for reading in presence.readings[:_MOST]],
        "facts": [list(fact) for fact in presence.facts[:_MOST]],
    }
    return json.dumps(told, ensure_ascii=False).encode()


def decode(body: bytes) -> Presence:
    """The inverse. Raises PresenceError; single rows that make no sense are left out."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PresenceError("no JSON") from error
    if not isinstance(told, dict):
        raise PresenceError("no JSON object")
    return Presence(
        [UsbDevice(*row) for row in _rows(told, "devices", 4) if all(isinstance(each, str) for each in row)],
        [Reading(row[0], float(row[1]), row[2]) for row in _rows(told, "readings", 3) if _is_reading(*row)],
        [Fact(*row) for row in _rows(told, "facts", 2) if all(isinstance(each, str) for each in row)],
    )


async def ask(host: str, port: int, secret: str) -> Presence:
    """Ask a helper. Raises OSError where there is none, PresenceError; the caller bounds it in time."""
    nonce = secrets.token_hex(16)
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {question(secret, nonce)} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        data = bytearray()
        while part := await reader.read(65536):
            data += part
            if len(data) > MAX_BYTES:
                raise PresenceError("too long an answer")
    finally:
        writer.close()
    return _checked(bytes(data), secret, nonce)


def _checked(data: bytes, secret: str, nonce: str) -> Presence:
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if not lines[0].startswith("HTTP/1.") or len(words) < 2:
        raise PresenceError("no HTTP")
    if words[1] == "403":
        raise SecretRefused("the helper does not know this secret")
    if words[1] != "200":
        raise PresenceError(f"HTTP status {words[1][:20]}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    mac = headers.get(MAC_HEADER.lower(), "")
    if not hmac.compare_digest(mac.encode(), answer_mac(secret, nonce, body).encode()):
        raise SecretRefused("the answer is not that of a helper which knows this secret")
    return decode(body)


def _mac(secret: str, purpose: str, nonce: str, body: bytes = b"") -> str:
    said = f"wardwatch presence {purpose}\0{nonce}\0".encode() + body
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def _rows(told: Mapping[str, Any], key: str, length: int) -> list[list[Any]]:
    rows = told.get(key)
    if not isinstance(rows, list):
        return []
    return [row for row in rows[:_MOST] if isinstance(row, list) and len(row) == length]


def _is_reading(metric: object, value: object, instance: object) -> bool:
    if not isinstance(metric, str) or not isinstance(instance, str) or isinstance(value, bool):
        return False
    if not isinstance(value, int | float) or abs(value) > 1e18:
        return False
    return math.isfinite(value) and _METRIC.fullmatch(metric) is not None and len(instance) <= 200
