"""A sensor that publishes to the ward's own MQTT broker. A poll asks nobody: it says what was heard lately.

How old a value is must be known: a stored ("retained") message may be of last year, so it is no reading; a message that
comes while we listen is. What a sensor's birth, will or gateway says of its being there is believed when stored, too.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from contextlib import suppress

from collectors.config import MqttDevice
from collectors.mqtt_payloads import MOST_VALUES, Listener, PayloadError, named_apart
from collectors.protocols.mqtt import BrokerLink, give_back, link_to
from telemetry.clock import Clock
from telemetry.readings import PollResult, Reading, Reason, ReasonCode, unreachable

_LOG = logging.getLogger(__name__)
_SILENT_AFTER = 900.0  # seconds; Tasmota's own period is 300
_INTERVALS = 3


class Ear:
    """What was heard of one sensor; written in the broker's thread, read in the event loop."""

    def __init__(self, topic: str, clock: Clock) -> None:
        self.listener = Listener(topic)
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str], tuple[Reading, float]] = {}
        self._online: dict[str, bool] = {}
        self._fault = ""
        self.heard_at: float | None = None  # the last live message that made sense
        self.stored = False  # a stored message is all there was
        self.on_news: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:
        """One message. Never raises: it runs in a thread that serves all sensors."""
        try:
            said = self.listener.hear(topic, payload)
        except PayloadError as error:
            with self._lock:
                self._fault = str(error)
            _LOG.info("%s", error)
            return
        with self._lock:
            now = self._clock.monotonic()
            if said.online is not None:
                self._online[topic] = said.online
                self.stored = self.stored or said.online
            elif said.readings and retained:
                self.stored = True
            elif said.readings:
                self._take(said.readings, now)
        self._tell()

    def offline(self) -> str:
        """The topic on which it was said to be gone; empty while it was not."""
        with self._lock:
            return next((topic for topic, online in self._online.items() if not online), "")

    def fault(self) -> str:
        """What is wrong with the last message, where it made no sense."""
        with self._lock:
            return self._fault

    def readings(self, oldest: float) -> list[Reading]:
        """The values that were heard since `oldest` (monotonic seconds)."""
        with self._lock:
            self._values = {key: entry for key, entry in self._values.items() if entry[1] >= oldest}
            return named_apart([reading for reading, _ in self._values.values()])

    def _take(self, readings: Sequence[Reading], now: float) -> None:
        for reading in readings:
            key = (reading.metric, reading.instance)
            if key in self._values or len(self._values) < MOST_VALUES:
                self._values[key] = (reading, now)
        self.heard_at, self._fault = now, ""

    def _tell(self) -> None:
        if self.loop is not None and self.on_news is not None and not self.loop.is_closed():
            with suppress(RuntimeError):  # the loop ended in this moment
                self.loop.call_soon_threadsafe(self.on_news.set)


class MqttCollector:
    """Says what was heard; the first poll waits a little for something to hear."""

    has_vital = False

    def __init__(self, device: MqttDevice, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._ear = Ear(device.topic, clock)
        self._link: BrokerLink | None = None
        self._since = 0.0  # when we began to listen
        configured = _INTERVALS * device.interval if device.interval is not None else _SILENT_AFTER
        self._silent_after = device.silent_after or configured

    async def poll(self) -> PollResult:
        try:
            if self._link is None:
                await self._begin()
            return self._result()
        except Exception as error:  # noqa: BLE001 - a collector never raises out; the log has the trace
            _LOG.exception("%s: a defect of ours", self._device.id)
            return unreachable(ReasonCode.AGENT_FAULT, type(error).__name__)

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.stop_listening(self._ear.hear)
            await asyncio.to_thread(give_back, link)

    async def _begin(self) -> None:
        device, ear = self._device, self._ear
        password = device.password.get_secret_value() if device.password else ""
        ear.loop, ear.on_news = asyncio.get_running_loop(), asyncio.Event()
        self._link = link_to(device.host, device.port, device.username or "", password)
        self._since = self._clock.monotonic()
        self._link.listen(ear.listener.topics, ear.hear)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.8 * device.timeout):
                while ear.heard_at is None and not ear.offline() and not self._link.refused:
                    ear.on_news.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(ear.on_news.wait(), 0.2)
        ear.on_news = None

    def _result(self) -> PollResult:
        link, ear = self._link, self._ear
        assert link is not None
        if link.refused:
            return unreachable(ReasonCode.WRONG_CREDENTIALS, f"the broker says: {link.refused}")
        if not link.connected:
            return unreachable(ReasonCode.BROKER_SILENT, f"no connection to {self._device.address()}")
        if gone := ear.offline():
            return unreachable(ReasonCode.SENSOR_OFFLINE, f"{gone} says that it is offline")
        now = self._clock.monotonic()
        if ear.heard_at is None:
            return self._not_heard(now)
        age = now - ear.heard_at
        if age > self._silent_after:
            return unreachable(ReasonCode.SENSOR_SILENT, f"nothing for {age:.0f} s on {self._device.topic}")
        fault = ear.fault()
        reason = Reason(ReasonCode.GARBLED_ANSWER, fault) if fault else None
        return PollResult(True, ear.readings(now - self._silent_after), reason=reason)

    def _not_heard(self, now: float) -> PollResult:
        """Nothing fresh yet. It is not overdue until it had its time to speak; before that it is not said to be dead,
        for each start of the agent would raise an alarm over every sensor that speaks every five minutes."""
        waited = now - self._since
        fault = self._ear.fault()
        if fault:
            return PollResult(True, reason=Reason(ReasonCode.GARBLED_ANSWER, fault))
        if waited > self._silent_after:
            detail = f"nothing for {waited:.0f} s on {', '.join(self._ear.listener.topics)}"
            return unreachable(ReasonCode.SENSOR_SILENT, detail)
        known = "only a stored message" if self._ear.stored else "nothing"
        return PollResult(True, reason=Reason(ReasonCode.NOT_HEARD_YET, f"{known} on {self._device.topic} yet"))
