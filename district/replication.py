"""Which entries to ask the wards for, when, and what to confirm: the district's half of the log over MQTT.

Live entries come by themselves; a hole is asked for in bounded ranges, few at a time, wards in turns. Nothing here
counts on a request or its answer arriving: what stays missing is asked for again, less and less often.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from district.commit_pace import CommitPace
from district.holdings import Holdings, Incarnation
from district.records import NOT_HELD, LossRecord, OnceMore
from district.remembered import Remembered
from district.replay_request import ReplayRequest, next_hole
from district.speakers import WhoseTurn
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock

MOST_POSITIONS = 20_000  # of one request
OUTSTANDING_PER_WARD = 2  # while one is on its way, the next is being read
ENTRY_BYTES = 300.0  # until the ward's own are known
GRACE_SECONDS = 0.5  # a hole may be a message that is on its way
ANSWER_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0
FIRST_CONFIRM_SECONDS = 5.0  # after a ward came back; doubled with each, since the first tell what may be deflated with
CAUGHT_UP_SECONDS = 1.0
CONFIRM_SECONDS = 60.0  # at most: what is confirmed a little later is only kept a little longer in the ward
MOST_RANGES = 2_000  # of one confirmation
MOST_REFUSALS = 10_000  # remembered of one ward
REFUSALS = 3  # an entry that was of no use so often will never be

Send = Callable[[str, wire.Request], bool]  # to a ward; False when the broker is not there

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Ward:
    """What replication knows of one ward. Times are monotonic seconds."""

    id: str
    current: bytes = b""
    listening: bool = False  # its agent is there to answer
    dirty: bool = False  # there may be holes
    ask_at: float = 0.0
    pause_seconds: float = ANSWER_SECONDS
    requests: dict[str, ReplayRequest] = field(default_factory=dict)
    unconfirmed: dict[bytes, Incarnation] = field(default_factory=dict)
    confirm_at: float = 0.0
    confirm_pause: float = FIRST_CONFIRM_SECONDS
    refusals: dict[tuple[bytes, int], int] = field(default_factory=dict)
    entry_bytes: float = ENTRY_BYTES  # what one takes on the wire when it is replayed


class Replication:
    """Used by the ingest's thread only."""

    def __init__(
        self,
        clock: Clock,
        holdings: Holdings,
        send: Send,
        wards: Iterable[str],
        pace: CommitPace,
        to: WhoseTurn = lambda *_: b"",
    ) -> None:
        """`to`: which agent to ask, while two speak as one ward."""
        self._clock, self._holdings, self._send, self._pace, self._to = clock, holdings, send, pace, to
        self._wards = {ward: _Ward(ward) for ward in wards}
        self.remembered = Remembered(self._wards)
        self._numbers = itertools.count(clock.wall_us())  # ids that no earlier hub used

    # ---- what the wards say -------------------------------------------------------------------------------------

    def status(
        self, ward: str, status: wire.Status, *, live: bool, shown: bytes = b"", alone: bool = True
    ) -> list[LossRecord | OnceMore]:
        """What the ward holds. The result is what is thereby known to be lost (nothing, while another agent that
        speaks as this ward, so not `alone`, may hold it), or not to be lost after all. `shown`: the incarnation that
        the ward is taken to be."""
        state = self._wards[ward]
        losses: list[LossRecord | OnceMore] = []
        told = {held.incarnation: (held.first_position, held.last_position) for held in status.held}
        told[status.incarnation] = (status.first_position, status.head_position)
        if not status.online:
            # A will was written when the agent connected: its positions are old, but they were true.
            state.listening = False
            self.seen(ward, status.incarnation, status.head_position)
            return losses
        back = not state.listening or state.current != status.incarnation
        state.current, state.listening = shown or status.incarnation, True
        if back:
            state.confirm_pause = FIRST_CONFIRM_SECONDS
        if live:
            state.pause_seconds = ANSWER_SECONDS
        silent_of = [] if status.held_in_part or not alone else [each.id for each in self._holdings.open(ward)]
        for incarnation in dict.fromkeys([*silent_of, *told]):
            if self._holdings.is_too_many(ward, incarnation):
                continue
            known = self._holdings.of(ward, incarnation)
            first, head = told.get(incarnation, (known.head + 1, 0))
            if not alone:
                known.first, known.head = min(known.first, max(first, 1)), max(known.head, head)
            else:
                for hole in known.given_up(max(first, 1), head):
                    losses.append(LossRecord(ward, incarnation, *hole, why=NOT_HELD))
            news = known.tells(*((max(first, 1), head) if head else (1, 0)), alone=alone)
            losses += [OnceMore(ward, incarnation, *each) for each in self._holdings.found(ward, incarnation, news)]
            if incarnation not in told:
                self._holdings.close(ward, incarnation)
        for incarnation in told if back else (status.incarnation,):
            if self._holdings.is_too_many(ward, incarnation):
                continue
            state.unconfirmed[incarnation] = self._holdings.of(ward, incarnation)  # it may have missed what was said
        self.suspect(ward)
        return losses

    def listening(self, ward: str, listening: bool) -> None:
        """Whether the ward's agent is there to answer, as its presence tells."""
        self._wards[ward].listening = listening

    def seen(self, ward: str, incarnation: bytes, last: int) -> None:
        """A batch came that ends at position `last`, whatever became of it."""
        known = self._holdings.of(ward, incarnation)
        if last > known.head:
            known.head = last

    def came(self, ward: str, entries: int, size: int) -> None:
        """So many entries took so many bytes when they were replayed."""
        state = self._wards[ward]
        state.entry_bytes += 0.25 * (size / max(entries, 1) - state.entry_bytes)

    def unreadable(self, ward: str, beginning: bytes, position: int) -> None:
        """A batch came from that position of the incarnation that begins so, deflated with what this hub never saw or
        has forgotten: ask for it, and tell the ward at once what is remembered."""
        state = self._wards[ward]
        for incarnation in self._holdings.ward(ward):
            if incarnation.id.startswith(beginning):
                self.seen(ward, incarnation.id, position)
                state.unconfirmed[incarnation.id] = incarnation
        self.suspect(ward)
        state.confirm_at, state.confirm_pause = 0.0, FIRST_CONFIRM_SECONDS

    def suspect(self, ward: str) -> None:
        """There may be holes that nothing else will show."""
        state = self._wards[ward]
        if not state.dirty:
            state.dirty = True
            state.ask_at = max(state.ask_at, self._clock.monotonic() + GRACE_SECONDS)

    def refused(self, ward: str, incarnation: bytes, position: int) -> LossRecord | None:
        """An entry was of no use. When it was so too often, it is a loss."""
        state = self._wards[ward]
        key = (incarnation, position)
        if len(state.refusals) >= MOST_REFUSALS:
            state.refusals.clear()  # a ward that sends nothing but garbage is asked a little longer
        state.refusals[key] = state.refusals.get(key, 0) + 1
        self.suspect(ward)
        if state.refusals[key] < REFUSALS:
            return None
        del state.refusals[key]
        return LossRecord(ward, incarnation, position, position, why="refused")

    def reply(self, ward: str, reply: wire.Reply) -> list[LossRecord]:
        """What came of a request. The result is what the ward says that it no longer holds."""
        state = self._wards[ward]
        request = state.requests.get(reply.request_id)
        if request is None:
            return []
        losses = [
            LossRecord(
                ward, request.incarnation.id, max(each.first, request.first), min(each.last, request.last), NOT_HELD
            )
            for each in reply.unavailable
            if each.first <= request.last and each.last >= request.first
        ]
        if not reply.ok:
            logger.warning("ward %s cannot replay: %s %s", ward, reply.reason.code, reply.reason.detail)
        # Nothing more will come of it. If not all of it is held by the next tick, it is asked for again, later.
        request.deadline = self._clock.monotonic()
        return losses

    def lost(self, loss: LossRecord) -> bool:
        """This will never come. Whether that is news."""
        return self._holdings.lose(loss.ward, loss.incarnation, loss.first, loss.last, loss.why)

    def stored(self, ward: str, incarnation: Incarnation, *, progress: bool, last_word: bool = False) -> None:
        """Something of it is held now, or came again: tell the ward; at once where it waits for that to end."""
        state = self._wards[ward]
        state.unconfirmed[incarnation.id] = incarnation
        if last_word:
            state.confirm_at = 0.0
        if not progress:
            return
        if next(incarnation.missing(), None) is not None:
            self.suspect(ward)
        elif state.dirty:  # it caught up, and may wait for just that before it ends
            state.confirm_at = min(state.confirm_at, self._clock.monotonic() + CAUGHT_UP_SECONDS)
        state.pause_seconds = ANSWER_SECONDS
        deadline = self._clock.monotonic() + ANSWER_SECONDS
        for request in state.requests.values():
            if request.incarnation is incarnation and request.went_on():
                request.deadline = deadline

    # ---- what the hub says --------------------------------------------------------------------------------------

    def tick(self, *, may_ask: bool) -> None:
        """Send what is due. `may_ask` is False while the hub has enough to do, or nowhere to put more."""
        now = self._clock.monotonic()
        for state in self._wards.values():
            self._end_requests(state, now)
            if state.unconfirmed and now >= state.confirm_at:
                self._confirm(state, now)
        if may_ask:
            self._ask(now)

    def next_due_seconds(self) -> float:
        """In how many seconds `tick` has something to do; many when nothing is known to be due."""
        now = self._clock.monotonic()
        due = [state.confirm_at for state in self._wards.values() if state.unconfirmed]
        due += [state.ask_at for state in self._wards.values() if state.dirty and state.listening]
        return max(min(due, default=now + 60.0) - now, 0.0)

    def _pause(self, state: _Ward) -> None:
        state.ask_at = self._clock.monotonic() + state.pause_seconds
        state.pause_seconds = min(state.pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    def _end_requests(self, state: _Ward, now: float) -> None:
        for number, request in list(state.requests.items()):
            if not request.open_ranges():
                del state.requests[number]
            elif now >= request.deadline:
                logger.info("ward %s did not replay all of %d..%d", state.id, request.first, request.last)
                del state.requests[number]
                self._pause(state)

    def _confirm(self, state: _Ward, now: float) -> None:
        for incarnation in list(state.unconfirmed.values()):
            del state.unconfirmed[incarnation.id]
            if not incarnation.held and incarnation.id != state.current:
                continue  # not worth telling
            ranges = list(incarnation.held)[-MOST_RANGES:]
            committed = wire.Committed(
                incarnation=incarnation.id,
                ranges=[wire.Range(first=first, last=last) for first, last in ranges],
                remembered=self.remembered.tell(state.id, incarnation.id),
            )
            if not self._send(state.id, wire.Request(id=self._number(), committed=committed)):
                state.unconfirmed[incarnation.id] = incarnation
                break
        pause = min(state.confirm_pause, CONFIRM_SECONDS)
        state.confirm_at, state.confirm_pause = now + pause, 2 * pause

    def _ask(self, now: float) -> None:
        """Give each ward its turns: all may have the same number of bytes under way, and all together no more than
        can be handled soon, so that a ward on a slow line keeps nobody from theirs."""
        in_need = sum(1 for state in self._wards.values() if state.dirty and state.listening)
        size = self._pace.request_bytes(in_need, OUTSTANDING_PER_WARD)
        for _ in range(OUTSTANDING_PER_WARD):
            for state in self._wards.values():
                self._ask_ward(state, now, size)

    def _ask_ward(self, state: _Ward, now: float, size: int) -> None:
        if not (state.dirty and state.listening) or now < state.ask_at or len(state.requests) >= OUTSTANDING_PER_WARD:
            return
        positions = max(1, min(MOST_POSITIONS, int(size / max(state.entry_bytes, 1.0))))
        hole = next_hole(self._holdings.with_holes(state.id), state.current, state.requests.values(), positions)
        if hole is None:
            state.dirty = bool(state.requests)
            return
        incarnation, first, last = hole
        number = self._number()
        replay = wire.ReplayRange(incarnation=incarnation.id, first=first, last=last, deflated=True)
        request = wire.Request(id=number, replay=replay, to=self._to(state.id, incarnation.id))
        if not self._send(state.id, request):
            self._pause(state)
            return
        state.requests[number] = ReplayRequest(
            state.id, incarnation, first, last, now + ANSWER_SECONDS, last - first + 1
        )

    def say(self, ward: str, request: wire.Request) -> bool:
        """Send what is no question for entries. False when the broker is not there."""
        request.id = self._number()
        return self._send(ward, request)

    def _number(self) -> str:
        return f"{next(self._numbers):x}"
