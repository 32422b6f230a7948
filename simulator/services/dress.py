"""By which of its interfaces a camera or recorder is asked: what answers HTTP, and where its streams are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from simulator.net.http import Request, Response
from simulator.onvif.box import Box
from simulator.rtsp.addresses import Addresses


class Web(Protocol):
    """Answers what is asked by HTTP."""

    async def answer(self, request: Request) -> Response: ...


@dataclass(frozen=True, slots=True)
class Dress:
    """`web` is made with the device and a clock that only grows."""

    addresses: Addresses
    web: Callable[[Box, Callable[[], float]], Web]
