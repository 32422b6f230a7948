"""The store that a district's configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from district.config import Configuration
from store.embedded import EmbeddedSettings, EmbeddedStore
from telemetry.clock import Clock

if TYPE_CHECKING:
    from store.victoria import VictoriaSettings


def open_store(configuration: Configuration, clock: Clock, *, shipping: bool = True) -> EmbeddedStore:
    """Open it. `shipping` False: for commands that only count or verify; VictoriaMetrics need not be there.
    Raises StoreError."""
    section, path = configuration.store, configuration.store_path
    if section.kind == "embedded":
        kept = EmbeddedSettings(
            samples_days=section.samples_days,
            events_days=section.events_days,
            full_days=section.full_days,
            minutes_days=max(section.minutes_days, section.full_days),
        )
        return EmbeddedStore.open(path, clock=clock, settings=kept)
    # Late: a district without VictoriaMetrics does not pay for its libraries.
    from store.victoria import VictoriaStore

    return VictoriaStore.connect(path, clock=clock, there=victoria_settings(configuration), shipping=shipping)


def victoria_settings(configuration: Configuration) -> VictoriaSettings:
    """Where the configured VictoriaMetrics is, and what is asked of it."""
    from store.victoria import VictoriaSettings

    section = configuration.store
    return VictoriaSettings(
        url=section.url,
        district=configuration.district.id,
        username=section.username or "",
        password=section.password.get_secret_value() if section.password else "",
        samples_days=section.samples_days,
        events_days=section.events_days,
    )
