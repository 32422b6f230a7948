"""The slow client for odd agents: pysnmp, imported only where gufo-snmp cannot read an answer (40 MB, 25 × CPU)."""

from __future__ import annotations

import asyncio
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


def _ask(oid: str) -> Any:
    return hlapi.ObjectType(hlapi.ObjectIdentity(oid))


async def _peer(device: SnmpDevice, address: str, timeout: float) -> Any:
    kind = hlapi.Udp6TransportTarget if ":" in address else hlapi.UdpTransportTarget
    return await kind.create((address, device.port or 161), timeout=max(0.1, timeout), retries=0)


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
