"""onvif-zeep-async, brought in only where a device is asked: its WSDLs, messages and WS-Security, over our own HTTP.

Its own HTTP follows redirects to any host and reads answers of any length; ours does neither.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from onvif.client import ONVIFService


class Service(StrEnum):
    """The services that are asked, as the library calls them (its binding is theirs); Media2 it does not know."""

    DEVICE = "devicemgmt"
    MEDIA = "media"
    MEDIA2 = "media2"
    EVENTS = "events"
    PULL_POINT = "pullpoint"
    SUBSCRIPTION = "subscription"
    RECORDING = "recording"
    SEARCH = "search"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class SoapReply:
    """An HTTP answer as zeep wants to have it."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class _Described:
    """Where a service's description is, and what in it is the service."""

    wsdl: Path
    namespace: str
    binding: str


Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[SoapReply]]


@dataclass(slots=True)
class Transport:
    """What zeep sends through: `post` is our HTTP. Nothing is ever loaded from elsewhere."""

    post: Post
    cache: None = field(default=None, init=False)

    async def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> SoapReply:
        from zeep.wsdl.utils import etree_to_string

        return await self.post(address, etree_to_string(envelope), headers)

    async def aclose(self) -> None:
        """The connection is not ours."""

    def load(self, url: str) -> NoReturn:
        raise ValueError(f"an answer refers to {url[:80]!r}: it is not loaded")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and how far the device's clock is ahead of ours."""

    username: str
    password: str = field(repr=False)
    clock_offset_seconds: float = 0.0


async def make_service(service: Service, address: str, caller: Caller, post: Post) -> ONVIFService:
    """A service's client. The first of each costs a second (in a thread) and some memory; the rest share it."""
    client = _client()
    described = _described(service)
    offset = timedelta(seconds=caller.clock_offset_seconds)
    made = client.ONVIFService(
        *(address, caller.username, caller.password, str(described.wsdl)),
        no_cache=True,
        dt_diff=offset,
        binding_name=f"{{{described.namespace}}}{described.binding}",
    )
    await made._session.close()  # the library's own HTTP, which is not used
    made.transport = Transport(post)
    await made.setup()
    return made


def namespace_of(service: Service) -> str:
    """As GetServices names it; the parts of the event service have its name."""
    return _described(service).namespace


def _described(service: Service) -> _Described:
    if service is Service.MEDIA2:
        return _Described(
            Path(__file__).parent / "media2.wsdl", "http://www.onvif.org/ver20/media/wsdl", "Media2Binding"
        )
    defined = _client().SERVICES[service.value]
    return _Described(_folder() / defined["wsdl"], str(defined["ns"]), str(defined["binding"]))


@lru_cache(maxsize=1)
def _client() -> Any:
    root, nobody = logging.getLogger(), logging.NullHandler()
    root.addHandler(nobody)  # its import configures the whole process's log where nobody has yet
    try:
        import onvif.client
    finally:
        root.removeHandler(nobody)
    logging.getLogger("zeep").setLevel(logging.ERROR)
    return onvif.client


def _folder() -> Path:
    return Path(_client().__file__).parent / "wsdl"
