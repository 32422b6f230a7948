"""The event service by pull points: what state the disks and the picture are in (ONVIF Core, 9; events.wsdl)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.onvif.box import Box
from simulator.onvif.soap import Answered, Asked, BadArgumentError, Service, SoapFault, seconds_of
from simulator.onvif.xml import Xml, date_time, tag

MOST_SUBSCRIPTIONS = 16
_TERM_SECONDS = 60.0
_LONGEST_WAIT_SECONDS = 60.0
_LOOK_SECONDS = 0.25
_STORAGE = "tns1:Device/HardwareFailure/StorageFailure"
_SIGNAL = "tns1:VideoSource/SignalLoss"
_SCENE, _DARK, _BLURRED = (
    f"tns1:VideoSource/{name}/ImagingService" for name in ("GlobalSceneChange", "ImageTooDark", "ImageTooBlurry")
)
_ACTION = "http://www.onvif.org/ver10/events/wsdl"
_OASIS = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
_CONCRETE_SET = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"


@dataclass(frozen=True, slots=True)
class _Property:
    """One thing that has a state: `item` names `token`, `flag` is what is so or not."""

    topic: str
    item: str
    token: str
    flag: str


@dataclass(slots=True)
class _Subscription:
    told: dict[_Property, bool] = field(default_factory=dict)
    until: float = 0.0


class Events:
    """The subscriptions of one device."""

    def __init__(self, box: Box, monotonic: Callable[[], float]) -> None:
        self._box, self._monotonic = box, monotonic
        self._subscriptions: dict[str, _Subscription] = {}
        self._numbers = itertools.count(1)

    def service(self) -> Service:
        return Service(
            "tev",
            "/onvif/event_service",
            (2, 60),
            {
                "GetServiceCapabilities": lambda _: tag("tev:GetServiceCapabilitiesResponse", capabilities()),
                "GetEventProperties": lambda _: _properties(looks=any(one.lens for one in self._box.channels)),
                "CreatePullPointSubscription": self._create,
                "PullMessages": self._pull,
                "SetSynchronizationPoint": self._synchronise,
                "wsnt:Renew": self._renew,
                "wsnt:Unsubscribe": self._unsubscribe,
            },
            capabilities,
            frozenset({"GetServiceCapabilities"}),
        )

    def _create(self, asked: Asked) -> Answered:
        self._forget_old()
        if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            raise SoapFault("too many subscriptions", "ter:Action", "ter:ResourceProblem", code="Receiver")
        path = f"/onvif/subscription/{next(self._numbers)}"
        self._subscriptions[path] = subscription = _Subscription()
        term = self._extend(subscription, asked.text("tev:InitialTerminationTime"))
        reference = tag("tev:SubscriptionReference", tag("wsa:Address", self._box.base + path))
        body = tag("tev:CreatePullPointSubscriptionResponse", reference, *self._times(term))
        return Answered(body, f"{_ACTION}/EventPortType/CreatePullPointSubscriptionResponse")

    async def _pull(self, asked: Asked) -> Answered:
        subscription = self._subscription(asked)
        most = asked.number("tev:MessageLimit", 1)
        waiting = min(seconds_of(asked.text("tev:Timeout")), _LONGEST_WAIT_SECONDS)
        messages = self._changes(subscription, most)
        deadline = asyncio.get_running_loop().time() + waiting
        while not messages and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
            messages = self._changes(subscription, most)
        now = self._box.wall_us()
        left = round(max(0.0, subscription.until - self._monotonic()) * 1e6)
        times = (tag("tev:CurrentTime", date_time(now)), tag("tev:TerminationTime", date_time(now + left)))
        body = tag("tev:PullMessagesResponse", *times, *messages)
        return Answered(body, f"{_ACTION}/PullPointSubscription/PullMessagesResponse")

    def _synchronise(self, asked: Asked) -> Answered:
        self._subscription(asked).told.clear()
        action = f"{_ACTION}/PullPointSubscription/SetSynchronizationPointResponse"
        return Answered(tag("tev:SetSynchronizationPointResponse"), action)

    def _renew(self, asked: Asked) -> Answered:
        term = self._extend(self._subscription(asked), asked.text("wsnt:TerminationTime"))
        current, end = self._times(term)
        return Answered(tag("wsnt:RenewResponse", end, current), f"{_OASIS}/RenewResponse")

    def _unsubscribe(self, asked: Asked) -> Answered:
        self._subscription(asked)
        self._subscriptions.pop(asked.path)
        return Answered(tag("wsnt:UnsubscribeResponse"), f"{_OASIS}/UnsubscribeResponse")

    def _subscription(self, asked: Asked) -> _Subscription:
        self._forget_old()
        found = self._subscriptions.get(asked.path)
        if found is None:
            raise BadArgumentError("there is no such subscription (any more)")
        return found

    def _extend(self, subscription: _Subscription, term: str) -> float:
        """Seconds from now on; an absolute time is taken for the usual term."""
        seconds = min(3600.0, seconds_of(term)) if term.startswith("P") else _TERM_SECONDS
        subscription.until = self._monotonic() + seconds
        return seconds

    def _times(self, seconds: float) -> tuple[Xml, Xml]:
        now = self._box.wall_us()
        end = now + round(seconds * 1e6)
        return tag("wsnt:CurrentTime", date_time(now)), tag("wsnt:TerminationTime", date_time(end))

    def _forget_old(self) -> None:
        now = self._monotonic()
        self._subscriptions = {path: one for path, one in self._subscriptions.items() if one.until > now}

    def _changes(self, subscription: _Subscription, most: int) -> list[Xml]:
        found: list[Xml] = []
        for state, value in self._states().items():
            before = subscription.told.get(state)
            if before is not value and len(found) < most:
                subscription.told[state] = value
                found.append(self._message(state, value, "Initialized" if before is None else "Changed"))
        return found

    def _states(self) -> dict[_Property, bool]:
        book = self._box.book
        disks = book.disks() if book is not None else []
        found: dict[_Property, bool] = {
            _Property(_STORAGE, "Token", f"disk-{disk.number}", "Failed"): disk.failed for disk in disks
        }
        for channel in self._box.channels:
            source = f"source-{channel.number}"
            found[_Property(_SIGNAL, "Source", source, "State")] = not channel.reachable()
            if channel.lens is not None:
                lens = channel.lens()
                told = ((_SCENE, lens.moved or lens.covered), (_DARK, lens.dark), (_BLURRED, lens.blurred))
                found |= {_Property(topic, "Source", source, "State"): holds for topic, holds in told}
        return found

    def _message(self, state: _Property, value: bool, operation: str) -> Xml:
        source = tag("tt:Source", tag("tt:SimpleItem", Name=state.item, Value=state.token))
        data = tag("tt:Data", tag("tt:SimpleItem", Name=state.flag, Value=str(value).lower()))
        time = date_time(self._box.wall_us())
        message = tag("wsnt:Message", tag("tt:Message", source, data, UtcTime=time, PropertyOperation=operation))
        return tag("wsnt:NotificationMessage", tag("wsnt:Topic", state.topic, Dialect=_CONCRETE_SET), message)


def capabilities() -> Xml:
    flags = {"WSSubscriptionPolicySupport": "false", "WSPullPointSupport": "true"}
    flags |= {"WSPausableSubscriptionManagerInterfaceSupport": "false", "PersistentNotificationStorage": "false"}
    return tag("tev:Capabilities", **flags, MaxNotificationProducers=1, MaxPullPoints=MOST_SUBSCRIPTIONS)


def _properties(*, looks: bool) -> Xml:
    """Which topics there are and what their messages hold. `looks`: it looks itself for what befell a picture."""
    filters = "http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete"
    content = "http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter"
    storage = tag("tns1:Device", tag("HardwareFailure", _topic("StorageFailure", "Token", "Failed")))
    tampering = [
        tag(topic.split("/")[1], _topic("ImagingService", "Source", "State"))
        for topic in ((_SCENE, _DARK, _BLURRED) if looks else ())
    ]
    signal = tag("tns1:VideoSource", _topic("SignalLoss", "Source", "State"), *tampering)
    return tag(
        "tev:GetEventPropertiesResponse",
        tag("tev:TopicNamespaceLocation", "http://www.onvif.org/onvif/ver10/topics/topicns.xml"),
        tag("wsnt:FixedTopicSet", True),
        tag("wstop:TopicSet", storage, signal),
        *(tag("wsnt:TopicExpressionDialect", dialect) for dialect in (_CONCRETE_SET, filters)),
        tag("tev:MessageContentFilterDialect", content),
        tag("tev:MessageContentSchemaLocation", "http://www.onvif.org/onvif/ver10/schema/onvif.xsd"),
    )


def _topic(name: str, item: str, flag: str) -> Xml:
    source = tag("tt:Source", tag("tt:SimpleItemDescription", Name=item, Type="tt:ReferenceToken"))
    data = tag("tt:Data", tag("tt:SimpleItemDescription", Name=flag, Type="xs:boolean"))
    return tag(name, tag("tt:MessageDescription", source, data, IsProperty="true"), **{"wstop:topic": "true"})
