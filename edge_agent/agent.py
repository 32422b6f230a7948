"""The ward's process, put together: configuration → collectors → scheduler → rules → journal → uplink."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from camera.refusals import Refusals
from collectors.neighbours import of_this_machine
from edge_agent import blobs, devices
from edge_agent.blobs import BlobStore
from edge_agent.camera_watch import CameraWatch
from edge_agent.config import Configuration, JournalSection, UplinkSection
from edge_agent.live.hub_address import Hub
from edge_agent.live.streams import Streams
from edge_agent.open_conditions import open_conditions
from edge_agent.picture_album import PictureAlbum
from edge_agent.recorder import Recorder
from edge_agent.retention import memory as retention_memory
from edge_agent.retention import recorders
from edge_agent.retention.memory import RetentionMemory
from edge_agent.rules.memory import SeenGood
from edge_agent.salvaging import Salvaging, WithSalvaged
from edge_agent.schedule import Outcome, Schedule, Scheduler
from edge_agent.steady_clock import steady_clock
from edge_agent.topology_watch import TopologyWatch
from edge_agent.traps import TrapCounts, TrapDoor, counted
from edge_agent.uplink.link import Broker
from edge_agent.uplink.pictures import PictureSender
from edge_agent.uplink.settings import UplinkSettings
from edge_agent.uplink.worker import Uplink
from edge_agent.watch import Watch
from journal.events import events_newest_first
from journal.journal import Journal
from journal.model import JournalError, JournalFault, JournalSettings
from telemetry.clock import Clock
from telemetry.conditions import Condition

log = logging.getLogger(__name__)

JOURNAL_FILE = "journal.db"
CLOSE_SECONDS = 2.0
SEEN_FILE = "seen-good.json"
REFERENCES_FOLDER = "references"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line adds to the configuration. `linger_seconds`: how long a stop may wait for the district
    to confirm the last entries."""

    data_dir: Path | None = None
    broker: str | None = None
    hub: str | None = None
    linger_seconds: float = 0.0


class Agent:
    """One run of the agent."""

    def __init__(self, configuration: Configuration, options: RunOptions, clock: Clock, chance: random.Random) -> None:
        self._configuration = configuration
        self._options = options
        self._folder = options.data_dir or configuration.data_dir
        self._journal_file = self._folder / JOURNAL_FILE
        self._clock = clock = steady_clock(clock, self._journal_file)
        self._chance = chance
        self._version = version("wardwatch")
        self._refusals = Refusals(clock)
        self._hub = self._make_hub()
        self._blobs = BlobStore(self._folder / blobs.FOLDER, clock)
        self._album = PictureAlbum(self._blobs, clock)
        references = self._folder / REFERENCES_FOLDER
        self._cameras = CameraWatch(configuration.devices, references, clock, self._refusals, self._album.thumbnail)
        self._streams = self._make_streams()
        self._pictures = PictureSender(configuration.ward.id, self._blobs, self._hub)
        self._stop = asyncio.Event()
        self._anew = False

    def stop(self) -> None:
        """End the run; to be called in the event loop."""
        self._stop.set()

    async def run(self) -> bool:
        """Until SIGTERM, SIGINT or stop(). True where the journal turned out to be damaged: then another agent is to
        begin anew. Raises JournalError when there is no journal to be had."""
        journal = self._open_journal()
        try:
            await self._run_with(journal)
        except JournalError:
            if not journal.damaged:
                raise
            self._anew = True
        finally:
            journal.close()
        return self._anew

    def _begin_anew(self) -> None:
        self._anew = True
        self.stop()

    def _open_journal(self) -> Journal:
        return Journal.open(
            self._journal_file,
            clock=self._clock,
            agent_version=self._version,
            settings=_journal_settings(self._configuration.journal),
            set_damaged_aside=True,  # a ward that cannot be asked to repair a file must go on watching
        )

    async def _run_with(self, journal: Journal) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        configuration = self._configuration
        counts = TrapCounts()
        retention = RetentionMemory(self._folder / retention_memory.FILE)
        schedules = devices.schedules(configuration, self._clock, self._refusals, retention)
        schedules = self._cameras.watched(schedules)
        if configuration.traps is not None:
            schedules = counted(schedules, configuration.devices, counts)
        engine = devices.engine(configuration)
        kinds = {device.id: device.kind.value for device in configuration.devices}
        recorder = Recorder(journal, engine, kinds, self._clock)
        inventory = devices.inventory(configuration)
        topology = TopologyWatch(inventory, journal, of_this_machine, self._clock)

        def take(outcome: Outcome) -> None:
            raised = recorder.take(outcome)
            topology.take(outcome)
            if raised and outcome.device in self._cameras.posts:
                self._album.keep(raised, self._cameras.posts[outcome.device].judged, journal)

        scheduler = Scheduler(schedules, take, self._chance)
        view = WithSalvaged(journal)
        salvaging = Salvaging(self._journal_file, journal, view, self._clock)
        uplink = self._make_uplink(journal, view, scheduler, loop)
        memory = SeenGood(self._folder / SEEN_FILE)
        journal.append(inventory)
        recorder.put(engine.restore(self._still_open(journal), memory.load()))
        watch = Watch(journal, self._clock, uplink, engine, memory, self._begin_anew)
        watch.look()
        door = self._make_trap_door(scheduler, counts)
        log.info("watching %d devices of %s", len(schedules), configuration.ward.id)
        try:
            keep = blobs.upkeep(self._blobs)
            salvaging.start(uplink.nudge if uplink is not None else None)
            self._cameras.start()
            seeing = self._cameras.run(take, scheduler.poll_now)
            daily = recorders.daily(configuration, self._clock, self._refusals, retention, journal, self._blobs)
            others = [each.run() for each in (door, daily) if each is not None]
            await self._until_stopped(scheduler.run(), watch.run(), keep, seeing, *others)
        finally:
            await _close(schedules)
            memory.save(engine.seen_good())
            await asyncio.to_thread(self._end, journal, uplink, salvaging)

    def _still_open(self, journal: Journal) -> list[Condition]:
        """The conditions that were open at the last stop."""
        try:
            return open_conditions(events_newest_first(self._journal_file))
        except JournalError as error:
            if error.fault != JournalFault.DAMAGED:
                raise
            journal.note_damage()  # the watch begins anew for it, when everything runs
            return []

    async def _until_stopped(self, *runs: Coroutine[Any, Any, None]) -> None:
        work = asyncio.ensure_future(_work(runs))
        stop = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work

    def _end(self, journal: Journal, uplink: Uplink | None, salvaging: Salvaging) -> None:
        self._streams.close()
        self._cameras.close()
        self._album.close()
        self._pictures.close()
        salvaging.stop()
        journal.finish()
        if uplink is not None:
            linger = self._options.linger_seconds
            if linger and not uplink.wait_until_committed(linger):
                log.warning("the district has not confirmed the last entries within %g s", linger)
            uplink.stop()
        log.info("stopped")

    def _make_trap_door(self, scheduler: Scheduler, counts: TrapCounts) -> TrapDoor | None:
        configuration = self._configuration
        if configuration.traps is None:
            return None
        ward, asked = configuration.ward.id, configuration.devices
        return TrapDoor(configuration.traps, ward, asked, scheduler.poll_now, self._clock, counts)

    def _make_streams(self) -> Streams:
        ward, seen = self._configuration.ward.id, self._cameras
        return Streams(ward, seen.addresses, self._hub, seen.open, self._refusals, self._clock, seen.pump)

    def _make_hub(self) -> Hub | None:
        section = self._configuration.uplink
        url = self._options.hub or (section.hub if section else None)
        return None if url is None else Hub(url, section.ca_file if section else None)

    def _make_uplink(
        self, journal: Journal, view: WithSalvaged, scheduler: Scheduler, loop: asyncio.AbstractEventLoop
    ) -> Uplink | None:
        section = self._configuration.uplink
        url = self._options.broker or (section.broker if section else None)
        if url is None:
            log.warning("no [uplink] is configured: this ward stands alone")
            return None
        names = {device.id for device in self._configuration.devices}

        def poll_now(device: str) -> bool:
            if device not in names:
                return False
            loop.call_soon_threadsafe(scheduler.poll_now, device)
            return True

        ward = self._configuration.ward
        settings = UplinkSettings(ward.district, ward.id, _broker(url, section), self._version)
        uplink = Uplink(settings, view, poll_now, self._clock, self._chance, self._streams, self._pictures)
        journal.subscribe(uplink.offer)
        uplink.start()
        return uplink


async def _close(schedules: Sequence[Schedule]) -> None:
    """Let the collectors give back what they hold; one that hangs is left behind."""
    closing = [asyncio.ensure_future(schedule.collector.close()) for schedule in schedules]
    if closing:
        await asyncio.wait(closing, timeout=CLOSE_SECONDS)


async def _work(runs: Sequence[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for run in runs:
            tasks.create_task(run)


def _broker(url: str, section: UplinkSection | None) -> Broker:
    if section is None:
        return Broker.from_url(url)
    password = section.password.get_secret_value() if section.password else None
    return Broker.from_url(url, ca_file=section.ca_file, username=section.username, password=password)


def _journal_settings(section: JournalSection) -> JournalSettings:
    given = {
        "commit_interval_seconds": section.commit_interval,
        "checkpoint_interval_seconds": section.checkpoint_interval,
        "max_bytes": section.max_bytes,
    }
    return JournalSettings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
