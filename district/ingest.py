"""From what the broker delivers to what the store holds: admitted, new, committed in groups, then confirmed and told.

A position is called held only after the store's transaction; only then its ward is told that it is committed, and
those who look are told that something changed. Whatever is lost before that is asked for again.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dashboards.console.site import Change, Presence, Topic
from district import admission
from district.accounts import Accounts
from district.admission import RefusedError, UnreadableError
from district.floods import CALM, Traffic
from district.forks import MOST_COMPARED, Again
from district.holdings import MOST_INCARNATIONS, MOST_INTERVALS, Holdings
from district.identity import Identity
from district.message import Message
from district.reachability import ReachabilityLog, believable_us, recorded
from district.records import LossRecord, OnceMore, Records
from district.replication import Replication
from district.situation import Situation
from district.staging import Staged, Staging
from district.troubles import Troubles
from store.base import Store, StoreError, StoreFault
from telemetry import topics
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.entry import Tombstone
from telemetry.evidence import Evidence
from telemetry.topics import What

LOSSES_TOLD = 20  # ranges, in one group; all are written down
REFUSALS_TOLD = 5  # of one ward in one group; the others are only counted

_BEYOND_HELP = (StoreFault.CLOSED, StoreFault.DAMAGED, StoreFault.NOT_A_STORE)

logger = logging.getLogger(__name__)

Answered = Callable[[str, wire.Reply], None]  # which ward, what
Proven = Callable[[str, str, Evidence], None]  # which ward, which device, what


class StoreLostError(Exception):
    """The store will take nothing more from this process; only a new start can help."""


@dataclass(slots=True)
class _Group:
    """What came of the messages that are handled together."""

    staging: Staging
    changes: list[Change] = field(default_factory=list)
    losses: list[LossRecord | OnceMore] = field(default_factory=list)
    replies: list[tuple[str, wire.Reply]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # wards that said anything
    refusals: dict[str, int] = field(default_factory=dict)  # by ward
    again: dict[tuple[str, bytes], list[Again]] = field(default_factory=dict)  # live, at positions that are held
    live_us: list[tuple[str, int]] = field(default_factory=list)  # wards, wall times of live batches' newest entries


class Ingest:
    """One thread calls `process`, also when nothing came; the situation is what others read."""

    def __init__(
        self,
        clock: Clock,
        district: str,
        situation: Situation,
        store: Store,
        records: Records,
        holdings: Holdings,
        replication: Replication,
        answered: Answered | None = None,
        proven: Proven | None = None,
    ) -> None:
        """`answered` is told of every reply of a ward, too; `proven` of evidence that is in the store now."""
        self._clock, self._district = clock, district
        self._situation, self._store = situation, store
        self._holdings, self._replication = holdings, replication
        self._answered, self._proven = answered, proven
        self._identity = Identity(clock, situation, store, holdings, replication)
        self._log = ReachabilityLog()
        self._deaf: frozenset[str] = frozenset()
        self._accounts = Accounts(clock, situation, records, holdings)
        self._troubles = Troubles(clock, situation)
        self._accounts.number(situation.wards)

    # ---- what the hub calls -------------------------------------------------------------------------------------

    def process(self, messages: Iterable[Message], *, hearing_since: float | None, traffic: Traffic = CALM) -> None:
        """Handle what came since the last call, all in one commit, and do what is due. `hearing_since`: since when
        the broker is there (monotonic seconds; None: it is not)."""
        group = _Group(Staging(self._log))
        for message in messages:
            self._take(message, group)
        if group.staging:
            self._commit(group)
        for (ward, incarnation), again in group.again.items():
            for loss in self._identity.again(ward, incarnation, again):
                self._accounts.lose(loss)
        for ward, reply in group.replies:
            group.losses += self._replication.reply(ward, reply)
            if self._answered is not None:
                self._answered(ward, reply)
        self._lose(group.losses)
        self._watch(group, hearing_since, traffic)
        group.changes += self._identity.tick()
        self._replication.tick(may_ask=self._troubles.may_ask and not traffic.busy and hearing_since is not None)
        group.changes += self._accounts.number(group.touched | {loss.ward for loss in group.losses}, traffic.dropped)
        self._accounts.save()
        self._situation.tell(group.changes)
        for ward, number in group.refusals.items():
            if number > REFUSALS_TOLD:
                logger.warning("refused%s: %d more", f" from ward {ward}" if ward else "", number - REFUSALS_TOLD)

    def reload(self) -> None:
        """After a failure in the middle of things: what is held is what the store says, nothing else."""
        self._holdings.reload()
        self._log.forget()
        self._identity.doubt()

    def may_prune(self) -> bool:
        """Whether the hub's clock may decide what is too old. Any thread."""
        return self._identity.clocks.may_prune()

    def close(self) -> None:
        """Write down what is not yet."""
        self._accounts.close()

    # ---- messages -----------------------------------------------------------------------------------------------

    def _take(self, message: Message, group: _Group) -> None:
        ward = ""
        try:
            topic = admission.topic_of(message.topic, self._district, self._situation.wards)
            ward = topic.ward
            group.touched.add(ward)
            self._hear(topic, message, group)
        except RefusedError as error:
            self._refuse(group, ward, str(error))

    def _hear(self, topic: topics.Topic, message: Message, group: _Group) -> None:
        ward = topic.ward
        if topic.what is What.STATUS:
            self._status(ward, admission.status(message.payload), message.retained, group)
            return
        if topic.what is What.REPLIES:
            group.replies.append((ward, admission.reply(message.payload)))
        else:
            self._entries(topic, message, group)
        if not message.retained and self._situation.presence.word(ward):
            group.changes.append(Change(Topic.WARD, ward))
            self._replication.listening(ward, True)

    def _entries(self, topic: topics.Topic, message: Message, group: _Group) -> None:
        """A batch, live or asked for."""
        ward, remembered = topic.ward, self._replication.remembered
        try:
            batch = admission.batch(message.payload, functools.partial(remembered.dictionary, ward))
        except UnreadableError as error:
            self._replication.unreadable(ward, error.incarnation, error.position)
            return
        self._check_incarnation(ward, batch.incarnation)
        live = topic.what is What.ENTRIES and not message.retained
        if live:
            self._identity.word(ward, batch.incarnation, batch.first_position + len(batch.entries) - 1)
            remembered.add(ward, batch.incarnation, batch.first_position, batch.entries)
        newest_us = self._batch(ward, batch, group, live)
        if topic.what is What.REPLAY:
            self._replication.came(ward, len(batch.entries), sum(map(len, batch.entries)))
        if live and newest_us is not None:
            group.live_us.append((ward, newest_us))
            self._identity.written(ward, batch.incarnation, newest_us)

    def _status(self, ward: str, status: wire.Status, retained: bool, group: _Group) -> None:
        self._check_incarnation(ward, status.incarnation)
        # At once, since the next status of the same group may say that something is not lost after all.
        self._lose(self._identity.status(ward, status, retained=retained))
        # Also where only its last word is new: the console tells of that at its own pace.
        group.changes.append(Change(Topic.WARD, ward))

    def _batch(self, ward: str, batch: wire.Batch, group: _Group, live: bool) -> int | None:
        """Stage what is good and new of it; the wall time of the newest entry of that."""
        incarnation = self._holdings.of(ward, batch.incarnation)
        at = batch.first_position
        if incarnation.held.intervals >= MOST_INTERVALS and at - 1 not in incarnation.held:
            raise RefusedError(f"a batch at {at}, beside {MOST_INTERVALS} holes: they are to be filled first")
        staged = group.staging.of(ward, incarnation)
        admitted = admission.admit(batch, staged.taken)
        group.staging.add(staged, self._situation.views[ward], admitted)
        self._replication.seen(ward, batch.incarnation, admitted.last_position)
        if admitted.again:
            self._accounts.of(ward).dropped_duplicates += len(admitted.again)
            if live:
                again = group.again.setdefault((ward, batch.incarnation), [])
                again += admitted.again[: MOST_COMPARED - len(again)]
            self._replication.stored(ward, incarnation, progress=False)  # it does not know that we have it
        for position, why in admitted.refused:
            self._refuse(group, ward, f"position {position} of {batch.incarnation.hex()}: {why}")
            loss = self._replication.refused(ward, batch.incarnation, position)
            if loss is not None:
                group.losses.append(loss)
        return admitted.entries[-1][0].wall_time_us if admitted.entries else None

    def _check_incarnation(self, ward: str, incarnation: bytes) -> None:
        if self._holdings.is_too_many(ward, incarnation):
            raise RefusedError(f"a word of one more incarnation than the {MOST_INCARNATIONS} that a ward may have")

    def _refuse(self, group: _Group, ward: str, why: str) -> None:
        group.refusals[ward] = number = group.refusals.get(ward, 0) + 1
        if number <= REFUSALS_TOLD:
            logger.warning("refused%s: %s", f" from ward {ward}" if ward else "", why)
        if ward:  # of a ward that is not ours only the log tells: anybody could invent names
            self._accounts.of(ward).refused_entries += 1

    # ---- the store ----------------------------------------------------------------------------------------------

    def _commit(self, group: _Group) -> None:
        try:
            self._put(list(group.staging), group)
        except StoreError as error:
            if error.fault in (StoreFault.REFUSED, StoreFault.HELD):
                self._commit_apart(error, group)
            elif error.fault is StoreFault.TAKEN_BACK:
                self._taken_back(error)
            else:
                self._store_failed(error, group)

    def _put(self, together: list[Staged], group: _Group) -> None:
        self._store.commit([staged.commit() for staged in together])
        for staged in together:
            staged.incarnation.held.update(staged.positions)
        group.changes += self._troubles.store_works()
        now_us = self._clock.wall_us()
        for ward, wall_us in group.live_us:
            self._situation.note_live_age(ward, now_us, wall_us)
        group.live_us.clear()
        for staged in together:
            self._replication.stored(staged.ward, staged.incarnation, progress=True, last_word=staged.stopped)
            found = self._holdings.found(staged.ward, staged.incarnation.id, staged.positions)
            group.losses += [OnceMore(staged.ward, staged.incarnation.id, *each) for each in found]
            self._project(staged, group)

    def _commit_apart(self, why: StoreError, group: _Group) -> None:
        """The store would not take something of this group: no reason that the other wards wait."""
        logger.error("a group is committed ward by ward: %s", why)
        self._log.forget()
        for staged in group.staging:
            try:
                self._put([staged], group)
            except StoreError as error:
                self._refuse(group, staged.ward, f"the store would not take {staged.positions}: {error}")
                staged.incarnation.held = self._store.positions(staged.ward, staged.incarnation.id)
                self._replication.suspect(staged.ward)

    def _project(self, staged: Staged, group: _Group) -> None:
        late = {
            device: recorded(self._store, staged.ward, device, believable_us(self._clock)) for device in staged.late
        }
        shown = self._identity.takes(staged)
        with self._situation.lock:
            view = self._situation.views[staged.ward]
            for entry in staged.entries:
                change = view.apply(entry) if shown else None
                if change is not None:
                    group.changes.append(change)
                if isinstance(entry.payload, Tombstone):
                    self._name(staged.ward, entry.payload, group)
            for device, reachability in late.items():
                if reachability is not None and shown:
                    view.put_reachability(device, reachability)
        for entry in staged.entries:
            if self._proven is not None and isinstance(entry.payload, Evidence):
                self._proven(staged.ward, entry.device, entry.payload)

    def _name(self, ward: str, stone: Tombstone, group: _Group) -> None:
        """What a tombstone names is lost. It is kept itself, also where it names more than can be remembered."""
        room = self._holdings.room(ward, stone.incarnation)
        group.losses += [LossRecord(ward, stone.incarnation, *each, stone.why) for each in stone.ranges[:room]]
        if len(stone.ranges) > room:
            beyond = f"{len(stone.ranges) - room} of the {len(stone.ranges)} stretches that a tombstone names as lost"
            self._refuse(group, ward, f"{beyond}: more than are remembered of a ward")

    def _taken_back(self, error: StoreError) -> None:
        """Less is held than was: what is missing now, and this group, is asked for again."""
        logger.error("the wards are asked again: %s", error)
        self.reload()
        for ward in self._situation.wards:
            self._replication.suspect(ward)

    def _store_failed(self, error: StoreError, group: _Group) -> None:
        """Nothing of the group was taken. It stays missing, and is asked for when the store works again."""
        if error.fault in _BEYOND_HELP:
            raise StoreLostError(str(error)) from error
        self._log.forget()
        for staged in group.staging:
            self._replication.suspect(staged.ward)
        group.changes += self._troubles.store_failed(error)

    # ---- what follows -------------------------------------------------------------------------------------------

    def _watch(self, group: _Group, hearing_since: float | None, traffic: Traffic) -> None:
        """Silent wards, a broker that is gone, wards that flood."""
        presence = self._situation.presence
        for ward in self._situation.wards:
            if ward in traffic.deaf:
                presence.excuse(ward)
                self._replication.listening(ward, False)
            elif ward in self._deaf:
                self._replication.listening(ward, presence.presence(ward) is Presence.ONLINE)
        self._deaf = traffic.deaf
        group.changes += self._troubles.floods(traffic.flooding)
        for ward in self._situation.presence.tick(hearing_since=hearing_since):
            self._replication.listening(ward, False)
            group.changes += [Change(Topic.WARD, ward), Change(Topic.CONDITION, ward)]
        group.changes += self._troubles.broker(hearing_since)

    def _lose(self, losses: Iterable[LossRecord | OnceMore]) -> None:
        for number, loss in enumerate(losses):
            if isinstance(loss, OnceMore):
                self._accounts.lose(loss)
                if number < LOSSES_TOLD:
                    logger.warning(
                        "ward %s has some of %d..%d of %s after all, which were named as lost",
                        *(loss.ward, loss.first, loss.last, loss.incarnation.hex()),
                    )
                continue
            if number < LOSSES_TOLD:
                logger.warning(
                    "ward %s lost positions %d..%d of %s: %s",
                    *(loss.ward, loss.first, loss.last, loss.incarnation.hex(), loss.why),
                )
            if not self._holdings.room(loss.ward, loss.incarnation):
                self._accounts.of(loss.ward).refused_entries += 1
            elif self._replication.lost(loss):
                self._accounts.lose(loss)
