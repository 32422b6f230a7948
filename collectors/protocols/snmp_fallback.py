"""The slow client for odd agents: pysnmp, imported only where gufo-snmp cannot read an answer (40 MB, 25 × CPU)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto import rfc1902, rfc1905

from collectors.config import SnmpDevice
from collectors.protocols.snmp_socket import SnmpFault
from collectors.protocols.snmp_values import Value
from telemetry.readings import ReasonCode

_NO_VALUE = (rfc1905.NoSuchObject, rfc1905.NoSuchInstance, rfc1905.EndOfMibView, rfc1902.Null)


async def get(device: SnmpDevice, address: str, oids: list[str], timeout: float) -> dict[str, Value]:
    """GET of `oids`, one by one. Raises SnmpFault."""
    engine = hlapi.SnmpEngine()
    found: dict[str, Value] = {}
    try:
        peer = await _peer(device, address, timeout)
        for oid in oids:
            binds = _checked(
                await hlapi.get_cmd(engine, _credentials(device), peer, hlapi.ContextData(), _ask(oid), lookupMib=False)
            )
            found.update((name, value) for name, value in binds if value is not None)
    except (PySnmpError, OSError) as error:
        raise SnmpFault(ReasonCode.GARBLED_ANSWER, str(error)) from error
    finally:
        engine.close_dispatcher()
    return found


async def walk(device: SnmpDevice, address: str, root: str, max_rows: int, seconds: float) -> dict[str, Value]:
    """GETNEXT from `root` on: the OID below it → value, what came within `seconds`. Raises SnmpFault."""
    engine = hlapi.SnmpEngine()
    rows: dict[str, Value] = {}
    last, seen = root, 0
    try:
        peer = await _peer(device, address, min(device.timeout, seconds))
        async with asyncio.timeout(seconds):
            while seen < max_rows:
                seen += 1
                binds = _checked(
                    await hlapi.next_cmd(
                        engine, _credentials(device), peer, hlapi.ContextData(), _ask(last), lookupMib=False
                    )
                )
                if not binds or not binds[0][0].startswith(f"{root}.") or _order(binds[0][0]) <= _order(last):
                    break
                last, value = binds[0]
                if value is not None:
                    rows[last[len(root) + 1 :]] = value
    except TimeoutError:
        return rows
    except (PySnmpError, OSError) as error:
        raise SnmpFault(ReasonCode.GARBLED_ANSWER, str(error)) from error
    finally:
        engine.close_dispatcher()
    return rows


class TypedSession:
    """Walks whose values keep their types, for who records an agent. One engine for all of them: making one costs
    0.3 s. `close` gives it back."""

    def __init__(self, device: SnmpDevice) -> None:
        self._device = device
        self._engine = hlapi.SnmpEngine()
        self._peer: Any = None

    async def walk(self, root: str) -> AsyncIterator[tuple[str, Any]]:
        """Every row below `root` as (OID, pysnmp's value); ends at the subtree's end, at an error or where OIDs do not
        increase. Raises SnmpFault where the device falls silent."""
        last = root
        while True:
            oid, value = await self._next(last)
            if not oid.startswith(f"{root}.") or _order(oid) <= _order(last) or isinstance(value, _NO_VALUE):
                return
            yield oid, value
            last = oid

    def close(self) -> None:
        self._engine.close_dispatcher()

    async def _next(self, oid: str) -> tuple[str, Any]:
        device = self._device
        try:
            if self._peer is None:
                loop = asyncio.get_running_loop()
                infos = await loop.getaddrinfo(device.host, device.port or 161, type=socket.SOCK_DGRAM)
                self._peer = await _peer(device, str(infos[0][4][0]), device.timeout / 2, retries=2)
            failure, status, _, binds = await hlapi.next_cmd(
                self._engine, _credentials(device), self._peer, hlapi.ContextData(), _ask(oid), lookupMib=False
            )
        except (PySnmpError, OSError) as error:
            raise SnmpFault(ReasonCode.GARBLED_ANSWER, str(error)) from error
        if failure is not None:
            raise SnmpFault(ReasonCode.NO_ANSWER_SNMP, str(failure))
        return (str(binds[0][0]), binds[0][1]) if binds and not int(status) else ("", None)


def _ask(oid: str) -> Any:
    return hlapi.ObjectType(hlapi.ObjectIdentity(oid))


async def _peer(device: SnmpDevice, address: str, timeout: float, retries: int = 0) -> Any:
    kind = hlapi.Udp6TransportTarget if ":" in address else hlapi.UdpTransportTarget
    return await kind.create((address, device.port or 161), timeout=max(0.1, timeout), retries=retries)


def _credentials(device: SnmpDevice) -> Any:
    if device.user is None:
        return hlapi.CommunityData(device.community.get_secret_value(), mpModel=0 if device.version == "1" else 1)
    auth = device.auth_key.get_secret_value() if device.auth_key else None
    priv = device.priv_key.get_secret_value() if device.priv_key else None
    return hlapi.UsmUserData(
        device.user,
        auth,
        priv,
        authProtocol=hlapi.USM_AUTH_HMAC96_MD5 if device.auth == "MD5" else hlapi.USM_AUTH_HMAC96_SHA,
        privProtocol=hlapi.USM_PRIV_CBC56_DES if device.priv == "DES" else hlapi.USM_PRIV_CFB128_AES,
    )


def _checked(answer: Any) -> list[tuple[str, Value]]:
    failure, status, _, binds = answer
    if failure is not None:
        raise SnmpFault(ReasonCode.PARTIAL_ANSWER, str(failure))
    if int(status) != 0:
        return []
    return [(str(name), _plain(value)) for name, value in binds]


def _plain(value: Any) -> Value:
    if isinstance(value, _NO_VALUE):
        return None
    if isinstance(value, rfc1902.ObjectName | rfc1902.IpAddress) or type(value).__name__ == "ObjectIdentifier":
        return str(value.prettyPrint())
    if isinstance(value, rfc1902.OctetString | rfc1902.Opaque | rfc1902.Bits):
        return bytes(value)
    return int(value)


def _order(oid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in oid.split("."))
