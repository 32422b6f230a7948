from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ClockState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLOCK_UNKNOWN: _ClassVar[ClockState]
    CLOCK_SYNCHRONISED: _ClassVar[ClockState]
    CLOCK_FREE_RUNNING: _ClassVar[ClockState]
CLOCK_UNKNOWN: ClockState
CLOCK_SYNCHRONISED: ClockState
CLOCK_FREE_RUNNING: ClockState

class Entry(_message.Message):
    __slots__ = ("version", "incarnation", "position", "wall_time_us", "boot_id", "monotonic_us", "clock_state", "kind", "device", "readings", "facts", "condition", "lifecycle", "checkpoint", "tombstone", "inventory", "evidence", "viewing")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_US_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    MONOTONIC_US_FIELD_NUMBER: _ClassVar[int]
    CLOCK_STATE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    READINGS_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    LIFECYCLE_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    TOMBSTONE_FIELD_NUMBER: _ClassVar[int]
    INVENTORY_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    VIEWING_FIELD_NUMBER: _ClassVar[int]
    version: int
    incarnation: bytes
    position: int
    wall_time_us: int
    boot_id: bytes
    monotonic_us: int
    clock_state: ClockState
    kind: str
    device: str
    readings: Readings
    facts: Facts
    condition: Condition
    lifecycle: Lifecycle
    checkpoint: Checkpoint
    tombstone: Tombstone
    inventory: Inventory
    evidence: Evidence
    viewing: Viewing
    def __init__(self, version: _Optional[int] = ..., incarnation: _Optional[bytes] = ..., position: _Optional[int] = ..., wall_time_us: _Optional[int] = ..., boot_id: _Optional[bytes] = ..., monotonic_us: _Optional[int] = ..., clock_state: _Optional[_Union[ClockState, str]] = ..., kind: _Optional[str] = ..., device: _Optional[str] = ..., readings: _Optional[_Union[Readings, _Mapping]] = ..., facts: _Optional[_Union[Facts, _Mapping]] = ..., condition: _Optional[_Union[Condition, _Mapping]] = ..., lifecycle: _Optional[_Union[Lifecycle, _Mapping]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ..., tombstone: _Optional[_Union[Tombstone, _Mapping]] = ..., inventory: _Optional[_Union[Inventory, _Mapping]] = ..., evidence: _Optional[_Union[Evidence, _Mapping]] = ..., viewing: _Optional[_Union[Viewing, _Mapping]] = ...) -> None: ...

class Reading(_message.Message):
    __slots__ = ("metric", "instance", "value")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    metric: str
    instance: str
    value: float
    def __init__(self, metric: _Optional[str] = ..., instance: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("code", "detail")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    code: str
    detail: str
    def __init__(self, code: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class Readings(_message.Message):
    __slots__ = ("readings", "reason")
    READINGS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    readings: _containers.RepeatedCompositeFieldContainer[Reading]
    reason: Reason
    def __init__(self, readings: _Optional[_Iterable[_Union[Reading, _Mapping]]] = ..., reason: _Optional[_Union[Reason, _Mapping]] = ...) -> None: ...

class Fact(_message.Message):
    __slots__ = ("name", "text")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    text: str
    def __init__(self, name: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class Facts(_message.Message):
    __slots__ = ("facts",)
    FACTS_FIELD_NUMBER: _ClassVar[int]
    facts: _containers.RepeatedCompositeFieldContainer[Fact]
    def __init__(self, facts: _Optional[_Iterable[_Union[Fact, _Mapping]]] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("rule", "instance", "state", "severity", "since_us", "value", "has_value", "threshold", "reason")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNKNOWN: _ClassVar[Condition.State]
        RAISED: _ClassVar[Condition.State]
        CHANGED: _ClassVar[Condition.State]
        CLEARED: _ClassVar[Condition.State]
    STATE_UNKNOWN: Condition.State
    RAISED: Condition.State
    CHANGED: Condition.State
    CLEARED: Condition.State
    class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SEVERITY_UNKNOWN: _ClassVar[Condition.Severity]
        INFO: _ClassVar[Condition.Severity]
        ATTENTION: _ClassVar[Condition.Severity]
        FAILURE: _ClassVar[Condition.Severity]
    SEVERITY_UNKNOWN: Condition.Severity
    INFO: Condition.Severity
    ATTENTION: Condition.Severity
    FAILURE: Condition.Severity
    RULE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    HAS_VALUE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    rule: str
    instance: str
    state: Condition.State
    severity: Condition.Severity
    since_us: int
    value: float
    has_value: bool
    threshold: float
    reason: Reason
    def __init__(self, rule: _Optional[str] = ..., instance: _Optional[str] = ..., state: _Optional[_Union[Condition.State, str]] = ..., severity: _Optional[_Union[Condition.Severity, str]] = ..., since_us: _Optional[int] = ..., value: _Optional[float] = ..., has_value: _Optional[bool] = ..., threshold: _Optional[float] = ..., reason: _Optional[_Union[Reason, _Mapping]] = ...) -> None: ...

class Lifecycle(_message.Message):
    __slots__ = ("event", "agent_version", "previous_incarnation", "previous_position", "previous_hash", "detail", "step_us")
    class Event(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        EVENT_UNKNOWN: _ClassVar[Lifecycle.Event]
        STARTED: _ClassVar[Lifecycle.Event]
        STOPPED: _ClassVar[Lifecycle.Event]
        CLOCK_STEPPED: _ClassVar[Lifecycle.Event]
        JOURNAL_FULL: _ClassVar[Lifecycle.Event]
        JOURNAL_RECOVERED: _ClassVar[Lifecycle.Event]
        CLOCK_HELD: _ClassVar[Lifecycle.Event]
    EVENT_UNKNOWN: Lifecycle.Event
    STARTED: Lifecycle.Event
    STOPPED: Lifecycle.Event
    CLOCK_STEPPED: Lifecycle.Event
    JOURNAL_FULL: Lifecycle.Event
    JOURNAL_RECOVERED: Lifecycle.Event
    CLOCK_HELD: Lifecycle.Event
    EVENT_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_INCARNATION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_POSITION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    STEP_US_FIELD_NUMBER: _ClassVar[int]
    event: Lifecycle.Event
    agent_version: str
    previous_incarnation: bytes
    previous_position: int
    previous_hash: bytes
    detail: str
    step_us: int
    def __init__(self, event: _Optional[_Union[Lifecycle.Event, str]] = ..., agent_version: _Optional[str] = ..., previous_incarnation: _Optional[bytes] = ..., previous_position: _Optional[int] = ..., previous_hash: _Optional[bytes] = ..., detail: _Optional[str] = ..., step_us: _Optional[int] = ...) -> None: ...

class Checkpoint(_message.Message):
    __slots__ = ("first_position", "last_position", "root", "previous")
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    LAST_POSITION_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    first_position: int
    last_position: int
    root: bytes
    previous: bytes
    def __init__(self, first_position: _Optional[int] = ..., last_position: _Optional[int] = ..., root: _Optional[bytes] = ..., previous: _Optional[bytes] = ...) -> None: ...

class Tombstone(_message.Message):
    __slots__ = ("incarnation", "ranges", "why")
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    incarnation: bytes
    ranges: _containers.RepeatedCompositeFieldContainer[Range]
    why: str
    def __init__(self, incarnation: _Optional[bytes] = ..., ranges: _Optional[_Iterable[_Union[Range, _Mapping]]] = ..., why: _Optional[str] = ...) -> None: ...

class Inventory(_message.Message):
    __slots__ = ("ward_name", "devices")
    WARD_NAME_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    ward_name: str
    devices: _containers.RepeatedCompositeFieldContainer[Device]
    def __init__(self, ward_name: _Optional[str] = ..., devices: _Optional[_Iterable[_Union[Device, _Mapping]]] = ...) -> None: ...

class Device(_message.Message):
    __slots__ = ("id", "kind", "name", "location", "parent", "protocol", "address", "interval_seconds", "port")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: str
    name: str
    location: str
    parent: str
    protocol: str
    address: str
    interval_seconds: float
    port: str
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[str] = ..., name: _Optional[str] = ..., location: _Optional[str] = ..., parent: _Optional[str] = ..., protocol: _Optional[str] = ..., address: _Optional[str] = ..., interval_seconds: _Optional[float] = ..., port: _Optional[str] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("kind", "body", "blobs")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    BLOBS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    body: bytes
    blobs: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, kind: _Optional[str] = ..., body: _Optional[bytes] = ..., blobs: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Viewing(_message.Message):
    __slots__ = ("viewer", "stream", "from_us", "to_us")
    VIEWER_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    FROM_US_FIELD_NUMBER: _ClassVar[int]
    TO_US_FIELD_NUMBER: _ClassVar[int]
    viewer: str
    stream: str
    from_us: int
    to_us: int
    def __init__(self, viewer: _Optional[str] = ..., stream: _Optional[str] = ..., from_us: _Optional[int] = ..., to_us: _Optional[int] = ...) -> None: ...

class Range(_message.Message):
    __slots__ = ("first", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: int
    last: int
    def __init__(self, first: _Optional[int] = ..., last: _Optional[int] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("incarnation", "first_position", "entries", "request_id", "deflated", "inflated_bytes", "inflated_crc32", "dictionary_distance", "dictionary_entries")
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DEFLATED_FIELD_NUMBER: _ClassVar[int]
    INFLATED_BYTES_FIELD_NUMBER: _ClassVar[int]
    INFLATED_CRC32_FIELD_NUMBER: _ClassVar[int]
    DICTIONARY_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    DICTIONARY_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    incarnation: bytes
    first_position: int
    entries: _containers.RepeatedScalarFieldContainer[bytes]
    request_id: str
    deflated: bytes
    inflated_bytes: int
    inflated_crc32: int
    dictionary_distance: int
    dictionary_entries: int
    def __init__(self, incarnation: _Optional[bytes] = ..., first_position: _Optional[int] = ..., entries: _Optional[_Iterable[bytes]] = ..., request_id: _Optional[str] = ..., deflated: _Optional[bytes] = ..., inflated_bytes: _Optional[int] = ..., inflated_crc32: _Optional[int] = ..., dictionary_distance: _Optional[int] = ..., dictionary_entries: _Optional[int] = ...) -> None: ...

class Status(_message.Message):
    __slots__ = ("online", "incarnation", "first_position", "head_position", "agent_version", "wall_time_us", "held", "trouble", "machine", "committed", "clock_state", "held_in_part")
    ONLINE_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    HEAD_POSITION_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_US_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    CLOCK_STATE_FIELD_NUMBER: _ClassVar[int]
    HELD_IN_PART_FIELD_NUMBER: _ClassVar[int]
    online: bool
    incarnation: bytes
    first_position: int
    head_position: int
    agent_version: str
    wall_time_us: int
    held: _containers.RepeatedCompositeFieldContainer[Held]
    trouble: str
    machine: str
    committed: _containers.RepeatedCompositeFieldContainer[Committed]
    clock_state: ClockState
    held_in_part: bool
    def __init__(self, online: _Optional[bool] = ..., incarnation: _Optional[bytes] = ..., first_position: _Optional[int] = ..., head_position: _Optional[int] = ..., agent_version: _Optional[str] = ..., wall_time_us: _Optional[int] = ..., held: _Optional[_Iterable[_Union[Held, _Mapping]]] = ..., trouble: _Optional[str] = ..., machine: _Optional[str] = ..., committed: _Optional[_Iterable[_Union[Committed, _Mapping]]] = ..., clock_state: _Optional[_Union[ClockState, str]] = ..., held_in_part: _Optional[bool] = ...) -> None: ...

class Held(_message.Message):
    __slots__ = ("incarnation", "first_position", "last_position")
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    LAST_POSITION_FIELD_NUMBER: _ClassVar[int]
    incarnation: bytes
    first_position: int
    last_position: int
    def __init__(self, incarnation: _Optional[bytes] = ..., first_position: _Optional[int] = ..., last_position: _Optional[int] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("id", "replay", "committed", "poll", "start_stream", "stop_stream", "send_picture", "tell_committed", "take_back", "to")
    ID_FIELD_NUMBER: _ClassVar[int]
    REPLAY_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    POLL_FIELD_NUMBER: _ClassVar[int]
    START_STREAM_FIELD_NUMBER: _ClassVar[int]
    STOP_STREAM_FIELD_NUMBER: _ClassVar[int]
    SEND_PICTURE_FIELD_NUMBER: _ClassVar[int]
    TELL_COMMITTED_FIELD_NUMBER: _ClassVar[int]
    TAKE_BACK_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    id: str
    replay: ReplayRange
    committed: Committed
    poll: PollNow
    start_stream: StartStream
    stop_stream: StopStream
    send_picture: SendPicture
    tell_committed: TellCommitted
    take_back: TakeBack
    to: bytes
    def __init__(self, id: _Optional[str] = ..., replay: _Optional[_Union[ReplayRange, _Mapping]] = ..., committed: _Optional[_Union[Committed, _Mapping]] = ..., poll: _Optional[_Union[PollNow, _Mapping]] = ..., start_stream: _Optional[_Union[StartStream, _Mapping]] = ..., stop_stream: _Optional[_Union[StopStream, _Mapping]] = ..., send_picture: _Optional[_Union[SendPicture, _Mapping]] = ..., tell_committed: _Optional[_Union[TellCommitted, _Mapping]] = ..., take_back: _Optional[_Union[TakeBack, _Mapping]] = ..., to: _Optional[bytes] = ...) -> None: ...

class ReplayRange(_message.Message):
    __slots__ = ("incarnation", "first", "last", "deflated")
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    DEFLATED_FIELD_NUMBER: _ClassVar[int]
    incarnation: bytes
    first: int
    last: int
    deflated: bool
    def __init__(self, incarnation: _Optional[bytes] = ..., first: _Optional[int] = ..., last: _Optional[int] = ..., deflated: _Optional[bool] = ...) -> None: ...

class Committed(_message.Message):
    __slots__ = ("incarnation", "ranges", "remembered")
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    REMEMBERED_FIELD_NUMBER: _ClassVar[int]
    incarnation: bytes
    ranges: _containers.RepeatedCompositeFieldContainer[Range]
    remembered: Range
    def __init__(self, incarnation: _Optional[bytes] = ..., ranges: _Optional[_Iterable[_Union[Range, _Mapping]]] = ..., remembered: _Optional[_Union[Range, _Mapping]] = ...) -> None: ...

class TellCommitted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TakeBack(_message.Message):
    __slots__ = ("incarnation", "ranges")
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    incarnation: bytes
    ranges: _containers.RepeatedCompositeFieldContainer[Range]
    def __init__(self, incarnation: _Optional[bytes] = ..., ranges: _Optional[_Iterable[_Union[Range, _Mapping]]] = ...) -> None: ...

class PollNow(_message.Message):
    __slots__ = ("device",)
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    device: str
    def __init__(self, device: _Optional[str] = ...) -> None: ...

class StartStream(_message.Message):
    __slots__ = ("device", "stream", "ticket", "url")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    device: str
    stream: str
    ticket: str
    url: str
    def __init__(self, device: _Optional[str] = ..., stream: _Optional[str] = ..., ticket: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class StopStream(_message.Message):
    __slots__ = ("device", "stream")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    device: str
    stream: str
    def __init__(self, device: _Optional[str] = ..., stream: _Optional[str] = ...) -> None: ...

class SendPicture(_message.Message):
    __slots__ = ("sha256", "device", "ticket")
    SHA256_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    sha256: bytes
    device: str
    ticket: str
    def __init__(self, sha256: _Optional[bytes] = ..., device: _Optional[str] = ..., ticket: _Optional[str] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("request_id", "ok", "reason", "unavailable")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OK_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    ok: bool
    reason: Reason
    unavailable: _containers.RepeatedCompositeFieldContainer[Range]
    def __init__(self, request_id: _Optional[str] = ..., ok: _Optional[bool] = ..., reason: _Optional[_Union[Reason, _Mapping]] = ..., unavailable: _Optional[_Iterable[_Union[Range, _Mapping]]] = ...) -> None: ...
