"""DNS-SD over multicast DNS (RFC 6762, 6763): printers, scanners, cameras and web pages that announce themselves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from collectors.identity import vendor_in
from edge_agent.discovery.asking import Asking
from edge_agent.discovery.evidence import clean

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo

_LOG = logging.getLogger(__name__)
SERVICES = (
    "_ipp._tcp",
    "_ipps._tcp",
    "_printer._tcp",
    "_pdl-datastream._tcp",
    "_uscan._tcp",
    "_uscans._tcp",
    "_scanner._tcp",
    "_nut._tcp",
    "_http._tcp",
    "_rtsp._tcp",
    "_axis-video._tcp",
    "_mqtt._tcp",
    "_workstation._tcp",
    "_smb._tcp",
)
_SECONDS = 4.0
_MOST_SERVICES = 500
_PATHS = {"_ipp._tcp": "rp", "_ipps._tcp": "rp", "_uscan._tcp": "rs", "_uscans._tcp": "rs"}  # the TXT key of the path


async def browse(asking: Asking) -> None:
    """Ask for every service type, for a few seconds, on this machine's addresses in the searched networks."""
    own = asking.own_addresses()
    if not own:
        return
    from zeroconf import Error, IPVersion, ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

    try:
        link = AsyncZeroconf(interfaces=own, ip_version=IPVersion.V4Only)
    except (OSError, Error) as error:
        _LOG.info("no mDNS: %s", error)
        asking.findings.note("discover.note.no_mdns")
        return
    running: set[asyncio.Task[None]] = set()

    async def resolve(zeroconf: Zeroconf, kind: str, name: str) -> None:
        try:
            info = AsyncServiceInfo(kind, name)
            if await info.async_request(zeroconf, 2000):
                hear(asking, kind.removesuffix(".local."), info)
        except (Error, OSError, ValueError) as error:  # a name that is no name (RFC 6763 section 7)
            _LOG.info("mDNS: %r: %s", name, error)

    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Added and len(running) < _MOST_SERVICES:
            running.add(asyncio.ensure_future(resolve(zeroconf, service_type, name)))

    try:
        browser = AsyncServiceBrowser(link.zeroconf, [f"{kind}.local." for kind in SERVICES], handlers=[changed])
        await asyncio.sleep(_SECONDS)
        await browser.async_cancel()
    finally:
        for task in running:
            task.cancel()
        for outcome in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(outcome, Exception):
                _LOG.error("an mDNS answer was not read", exc_info=outcome)
        await link.async_close()


def hear(asking: Asking, service: str, info: AsyncServiceInfo) -> None:
    """Write down one resolved service under each of its addresses that is searched."""
    told = text_records(info.properties)
    instance = info.name.removesuffix(f".{info.type}")
    detail = f"{info.port or ''} {told.get(_PATHS.get(service, ''), '').lstrip('/')}".strip()
    for address in info.parsed_addresses():
        host = asking.host(address)
        if host is not None:
            host.add("mdns", service, detail)
            called = told.get("ty", "")
            vendor = vendor_in(called) or told.get("usb_mfg", "")
            host.describe(vendor=vendor, model=told.get("usb_mdl") or called, name=instance)


def text_records(properties: Mapping[bytes, bytes | None]) -> dict[str, str]:
    """TXT records as text: keys without regard to case (RFC 6763 section 6.4), values in whatever bytes they are."""
    return {
        key.decode("ascii", errors="replace").casefold(): clean((value or b"").decode("utf-8", errors="replace"))
        for key, value in list(properties.items())[:64]
    }
