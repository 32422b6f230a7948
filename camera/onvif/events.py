"""What an ONVIF device says of itself by events, read from a pull point (Core Specification, Event Handling: 9.2).

An extra to each poll: whatever goes wrong here is logged once, tried again after ten minutes, and harms nothing else.
A subscription is given back at the end, for devices have few (Core Specification, Unsubscribe): within END_SECONDS, or
not at all, and then it ends by itself within TERM.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from camera.faults import DeviceFault
from camera.onvif import faults
from camera.onvif.library import Service
from camera.onvif.session import OnvifSession
from telemetry.clock import Clock
from telemetry.readings import Reading, ReasonCode

log = logging.getLogger(__name__)

TERM = timedelta(minutes=5)
END_SECONDS = 1.5  # that the end of the agent may wait for a device
WAIT = timedelta(seconds=1)  # for the first message; not every device takes none for an answer
MOST_MESSAGES = 100  # in one answer
MOST_ANSWERS = 3  # in one poll; what is left waits at the device
MOST_STATES = 256
TRY_AGAIN_SECONDS = 600.0
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Topic:
    """A property that the device keeps telling: `name` with what is under it, `flag` the item of its Data that says
    whether it is so."""

    name: str
    flag: str
    metric: str


# Core Specification, "Hardware Failure" of the monitoring events: of a card in a camera, or of a recorder's disk.
STORAGE = Topic("Device/HardwareFailure/StorageFailure", "Failed", "camera_says_storage_failed")
# Imaging Service Specification, "Tampering": which service saw it follows (ImagingService, AnalyticsService …), but of
# SignalLoss, which is for analogue inputs; recorders tell it of their channels too.
TOPICS = (
    Topic("VideoSource/SignalLoss", "State", "camera_says_signal_lost"),
    Topic("VideoSource/GlobalSceneChange", "State", "camera_says_tampered"),
    Topic("VideoSource/ImageTooDark", "State", "camera_says_too_dark"),
    Topic("VideoSource/ImageTooBright", "State", "camera_says_too_bright"),
    Topic("VideoSource/ImageTooBlurry", "State", "camera_says_blurred"),
    STORAGE,
)


@dataclass(frozen=True, slots=True)
class _Item:
    """A SimpleItem of a message; `part` is Source (of what it tells) or Data (what it tells)."""

    part: str
    name: str
    value: str


@dataclass(slots=True)
class _Subscription:
    """`address`: as the device gave it. `until`: monotonic, by which it ends unless it is renewed."""

    address: str
    until: float
    has_answered: bool = False


class DeviceEvents:
    """The subscription at one device, and what holds by its messages so far. Not for several tasks at once."""

    def __init__(self, session: OnvifSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._subscription: _Subscription | None = None
        self._states: dict[tuple[str, str], bool] = {}  # metric, source
        self._not_before = float("-inf")
        self._is_well = True

    async def pull(self) -> None:
        """Ask for what is new. Never raises; the session is open."""
        if not self._session.offers(Service.EVENTS) or self._clock.monotonic() < self._not_before:
            return
        try:
            await self._pull_or_subscribe_anew()
            self._is_well = True
        except DeviceFault as fault:
            if self._is_well:
                log.warning("%s: no events: %s %s", self._session.address.url, *fault.reason)
            self._is_well = False
            self._not_before = self._clock.monotonic() + TRY_AGAIN_SECONDS
            self._subscription = None
            self._states.clear()  # what it said once tells nothing of now

    async def end(self) -> None:
        """Unsubscribe. Never raises, and takes END_SECONDS at most."""
        subscription, self._subscription = self._subscription, None
        if subscription is None or not subscription.has_answered or self._clock.monotonic() >= subscription.until:
            return
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._session.call(Service.SUBSCRIPTION, "Unsubscribe", at=subscription.address)
        except (DeviceFault, TimeoutError) as error:
            log.debug("%s: its subscription is left to end by itself: %r", self._session.address.url, error)

    def readings(self, source: str = "") -> list[Reading]:
        """What the device said and has not taken back; with `source` (a video source's token), of that one only."""
        found: dict[str, bool] = {}
        for (metric, told), value in self._states.items():
            if not source or told in ("", source):
                found[metric] = found.get(metric, False) or value
        return [Reading(metric, float(value)) for metric, value in found.items()]

    def failed_disks(self) -> Mapping[str, bool]:
        """Whether each disk that the device named has failed."""
        return {token: value for (metric, token), value in self._states.items() if metric == STORAGE.metric}

    async def _pull_or_subscribe_anew(self) -> None:
        """A subscription that has worked may be gone: the device was started anew, or forgot it."""
        if self._subscription is not None and self._clock.monotonic() < self._subscription.until:
            worked = self._subscription.has_answered
            try:
                await self._pull(self._subscription)
                return
            except DeviceFault as fault:
                may_be_gone = worked and fault.answered and fault.reason.code is not ReasonCode.NO_PERMISSION
                if not may_be_gone:
                    raise
        self._subscription = await self._subscribe()
        self._states.clear()  # each property is told anew (9.2: PropertyOperation Initialized)
        await self._pull(self._subscription)

    async def _subscribe(self) -> _Subscription:
        told = await self._session.call(
            Service.EVENTS, "CreatePullPointSubscription", {"InitialTerminationTime": _duration(TERM)}
        )
        address = faults.reading(lambda: str(told.SubscriptionReference.Address._value_1))
        faults.reading(lambda: self._session.address.here(address))
        return _Subscription(address, self._clock.monotonic() + _seconds_left(told))

    async def _pull(self, subscription: _Subscription) -> None:
        asked = {"Timeout": WAIT, "MessageLimit": MOST_MESSAGES}
        for _ in range(MOST_ANSWERS):
            told = await self._session.call(Service.PULL_POINT, "PullMessages", asked, at=subscription.address)
            messages = faults.reading(lambda told=told: _messages(told))  # type: ignore[misc]
            for each in messages[:MOST_MESSAGES]:
                self._take(each)
            subscription.has_answered = True
            if len(messages) < MOST_MESSAGES:
                break
        if subscription.until - self._clock.monotonic() < TERM.total_seconds() / 2:
            asked = {"TerminationTime": _duration(TERM)}
            told = await self._session.call(Service.SUBSCRIPTION, "Renew", asked, at=subscription.address)
            subscription.until = self._clock.monotonic() + _seconds_left(told)

    def _take(self, notification: Any) -> None:
        """One message; what is none, or of another topic (motion, lines crossed …), is passed over."""
        topic = _topic_of(notification)
        if topic is None:
            return
        items = list(_items(notification))
        source = next((each.value for each in items if each.part == "Source"), "")
        value = next((_FLAGS.get(each.value.lower()) for each in items if (each.part, each.name) == _flag(topic)), None)
        place = (topic.metric, source[:100])
        if _operation(notification) == "Deleted":
            self._states.pop(place, None)
        elif value is not None and (place in self._states or len(self._states) < MOST_STATES):
            self._states[place] = value


def _messages(told: Any) -> list[Any]:
    """Of a PullMessagesResponse. Raises ValueError for another answer, which zeep reads as one that holds nothing."""
    messages = list(told.NotificationMessage or ())
    if not messages and told.CurrentTime is None:
        raise ValueError("an answer without its time and without messages")
    return messages


def _flag(topic: Topic) -> tuple[str, str]:
    return "Data", topic.flag


def _topic_of(notification: Any) -> Topic | None:
    """Prefixes are left aside: devices declare them as they like, or not at all."""
    told = getattr(getattr(notification, "Topic", None), "_value_1", None)
    text = told if isinstance(told, str) else str(getattr(told, "text", None) or "")
    name = "/".join(part.rpartition(":")[2] for part in text.strip()[:500].split("/"))
    return next((topic for topic in TOPICS if f"{name}/".startswith(f"{topic.name}/")), None)


def _message(notification: Any) -> Any:
    return getattr(getattr(notification, "Message", None), "_value_1", None)


def _operation(notification: Any) -> str:
    message = _message(notification)
    told = message.get("PropertyOperation") if hasattr(message, "iter") else getattr(message, "PropertyOperation", None)
    return str(told or "")


def _items(notification: Any) -> Iterator[_Item]:
    """The SimpleItems of a message, as zeep reads it, or as it leaves it."""
    message = _message(notification)
    for part in ("Source", "Data"):
        if hasattr(message, "iter"):
            for each in message.iterfind(f"{{*}}{part}/{{*}}SimpleItem"):
                yield _Item(part, str(each.get("Name")), str(each.get("Value")))
        else:
            for each in _listed(getattr(getattr(message, part, None), "SimpleItem", None)):
                yield _Item(part, str(getattr(each, "Name", "")), str(getattr(each, "Value", "")))


def _listed(told: Any) -> Sequence[Any]:
    return told if isinstance(told, list) else ()


def _duration(time: timedelta) -> str:
    return f"PT{round(time.total_seconds())}S"


def _seconds_left(told: Any) -> float:
    """By the device's own clock, which need not be right; TERM where it does not say."""
    try:
        left = float((told.TerminationTime - told.CurrentTime).total_seconds())
    except (AttributeError, TypeError, OverflowError):
        left = TERM.total_seconds()
    return min(max(left, 0.0), TERM.total_seconds())
