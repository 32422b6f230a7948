"""Tickets: the right to publish one stream, or to bring one picture, once, soon."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from dashboards.console.live.channel import Place

P = TypeVar("P")  # what tickets are for
_P = TypeVar("_P", contravariant=True)
_BYTES = 32


class Refusal(StrEnum):
    """Why a publisher was not let in."""

    UNKNOWN = "unknown"  # never made, used already, or its stream is not wanted any more
    EXPIRED = "expired"
    FOREIGN = "foreign"  # made for another ward, camera or stream than the publisher says it is
    SUPERSEDED = "superseded"  # a publisher with a newer ticket is there


class TicketError(Exception):
    """No entry with this ticket."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Ticket(Generic[P]):
    """What a ticket is good for. A larger number is a newer one; `expires_at` in monotonic seconds."""

    place: P
    number: int
    expires_at: float


class Fits(Protocol[_P]):
    """What the bearer says that the ticket is for."""

    def fits(self, place: _P) -> bool:
        """Whether that is so."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a publisher says that it is; empty where it says nothing."""

    ward: str = ""
    device: str = ""
    stream: str = ""

    def fits(self, place: Place) -> bool:
        pairs = ((self.ward, place.ward), (self.device, place.device), (self.stream, place.stream.value))
        return all(said in ("", true) for said, true in pairs)


class Tickets(Generic[P]):
    """Kept by digest, so that looking one up tells nothing by how long it takes."""

    def __init__(self, monotonic: Callable[[], float], seconds: float) -> None:
        self._monotonic, self._seconds = monotonic, seconds
        self._tickets: dict[bytes, Ticket[P]] = {}
        self._count = 0

    def make(self, place: P) -> str:
        """A new ticket for this place: 256 random bits, as text for a URL."""
        self._sweep()
        self._count += 1
        text = secrets.token_urlsafe(_BYTES)
        self._tickets[_digest(text)] = Ticket(place, self._count, self._monotonic() + self._seconds)
        return text

    def take(self, text: str, claim: Fits[P]) -> Ticket[P]:
        """Use a ticket up, also where it is refused. Raises TicketError."""
        ticket = self._tickets.pop(_digest(text), None)
        if ticket is None:
            raise TicketError(Refusal.UNKNOWN)
        if self._monotonic() >= ticket.expires_at:
            raise TicketError(Refusal.EXPIRED)
        if not claim.fits(ticket.place):
            raise TicketError(Refusal.FOREIGN)
        return ticket

    def drop(self, place: P) -> None:
        """Nobody wants this stream any more."""
        self._tickets = {key: each for key, each in self._tickets.items() if each.place != place}

    def _sweep(self) -> None:
        """Forget those that expired a while ago: until then they are told apart from unknown ones."""
        before = self._monotonic() - self._seconds
        self._tickets = {key: each for key, each in self._tickets.items() if each.expires_at > before}


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).digest()
