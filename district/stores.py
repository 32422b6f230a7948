"""The store that a district's configuration names."""

from __future__ import annotations

from district.config import Configuration
from store.embedded import EmbeddedSettings, EmbeddedStore
from telemetry.clock import Clock


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
    from store.victoria import VictoriaSettings, VictoriaStore

    there = VictoriaSettings(
        url=section.url,
        district=configuration.district.id,
        username=section.username or "",
        password=section.password.get_secret_value() if section.password else "",
        samples_days=section.samples_days,
        events_days=section.events_days,
    )
    return VictoriaStore.connect(path, clock=clock, there=there, shipping=shipping)
