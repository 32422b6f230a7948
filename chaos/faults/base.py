"""What every kind of fault is: how it may be planned, how it begins, how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from chaos.plan import DISTRICT, Fault, Kind
from chaos.world import World, is_proxied

Act = Callable[[World, Fault], None]


class Where(Enum):
    """Whom a kind of fault may hit."""

    WARDS = auto()
    PROXIED_WARDS = auto()
    DISTRICT = auto()
    ANYWHERE = auto()

    def targets(self, wards: Sequence[str]) -> tuple[str, ...]:
        if self is Where.PROXIED_WARDS:
            return tuple(ward for number, ward in enumerate(wards, 1) if is_proxied(number))
        hit = wards if self in (Where.WARDS, Where.ANYWHERE) else ()
        return (*hit, *((DISTRICT,) if self in (Where.DISTRICT, Where.ANYWHERE) else ()))


@dataclass(frozen=True, slots=True)
class FaultKind:
    """`parts`: what of its target it takes hold of. `seconds`: how long it lasts, shortest and longest. `severs`: while
    it lasts, the district cannot have all of its ward. Both acts may raise CommandError or NotThereError, which ends
    the run: then nothing can be said of it."""

    name: str
    parts: frozenset[str]
    where: Where
    seconds: tuple[float, float]
    begin: Act
    end: Act
    severs: bool = True
    needs_victoria: bool = False

    def planned(self, wards: Sequence[str]) -> Kind:
        """For a plan of these wards."""
        return Kind(self.name, self.parts, self.where.targets(wards), *self.seconds)


def between(fault: Fault, least: float, most: float) -> float:
    """As strong as the plan says."""
    return least + fault.strength * (most - least)
