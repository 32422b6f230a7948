"""A device on another computer's USB, or that computer itself, by the presence helper that runs there
(docs/presence-helper.md)."""

from __future__ import annotations

import asyncio

from collectors.config import PresenceDevice
from collectors.protocols import presence
from collectors.protocols.presence import Presence, PresenceError, SecretRefused
from telemetry.clock import Clock
from telemetry.network_errors import code_of
from telemetry.readings import Fact, PollResult, ReasonCode, unreachable


class PresenceCollector:
    """With `usb`, reachable is whether that device is plugged in and powered, its facts those that USB tells. Without,
    the computer's own readings and facts, as `psutil` would have them."""

    has_vital = False

    def __init__(self, device: PresenceDevice, clock: Clock) -> None:
        self._device = device

    async def poll(self) -> PollResult:
        device = self._device
        try:
            async with asyncio.timeout(device.timeout):
                found = await presence.ask(device.host, device.port, device.password.get_secret_value())
        except SecretRefused as error:
            return unreachable(ReasonCode.WRONG_CREDENTIALS, str(error))
        except PresenceError as error:
            return unreachable(ReasonCode.GARBLED_ANSWER, str(error))
        except OSError as error:
            return unreachable(code_of(error), f"{device.address()}: {error or 'no answer'}")
        if device.usb is None:
            return PollResult(True, found.readings, found.facts)
        return on_usb(found, device.usb)

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        """Nothing is held between polls."""


def on_usb(found: Presence, usb: str) -> PollResult:
    """Whether the device with this id hangs there."""
    device = next((each for each in found.devices if each.id == usb.lower()), None)
    if device is None:
        there = ", ".join(f"{each.id} {each.name}".rstrip() for each in found.devices) or "nothing"
        return unreachable(ReasonCode.USB_ABSENT, f"no {usb} on its USB, but {there}"[:1000])
    told = {"vendor": device.vendor, "model": device.name, "serial": device.serial}
    return PollResult(True, facts=[Fact(name, text) for name, text in told.items() if text])
