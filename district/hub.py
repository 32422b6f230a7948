"""The hub: broker → ingest → store → console, put together and kept running until a signal ends it."""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from district import rebuild
from district.commit_pace import CommitPace
from district.config import Configuration
from district.database import open_database
from district.errors import DistrictError
from district.evidence import EvidenceBook
from district.holdings import Holdings
from district.inbox import Inbox
from district.ingest import Ingest
from district.link import Link
from district.live import MqttStreamRequests
from district.message import Message
from district.pictures.desk import PictureDesk
from district.pictures.shelf import PictureShelf
from district.pictures.worker import PictureWorker
from district.records import Records
from district.replication import Replication, Send
from district.site import DistrictSite, Proven, note
from district.situation import Situation
from district.stores import open_store
from district.upkeep import Upkeep
from district.worker import Worker
from store.base import Store
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock, SystemClock

if TYPE_CHECKING:
    import uvicorn

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hub:
    """A running hub without its console."""

    clock: Clock
    situation: Situation
    site: DistrictSite
    streams: MqttStreamRequests
    pictures: PictureDesk
    engine: Engine
    store: Store
    lost: threading.Event  # set when the store takes nothing more, and the process should end


class HubLostError(DistrictError):
    """The hub ended because it could not go on; the log says why."""


@contextlib.contextmanager
def running(configuration: Configuration, clock: Clock) -> Iterator[Hub]:
    """Everything but the web. Raises StoreError, HubDatabaseError, LinkError where a part does not start."""
    district = configuration.district
    with contextlib.ExitStack() as ending:
        engine = open_database(configuration.hub_path)
        ending.callback(engine.dispose)
        store = open_store(configuration, clock)
        ending.callback(store.close)
        records = Records(engine)
        situation = rebuild.situation(clock, configuration.names, store, records)
        holdings = Holdings(store, rebuild.losses(store, records), rebuild.losses(store, records, final=True))
        pace = CommitPace()
        inbox = Inbox(clock, configuration.names, pace)
        link = Link(
            configuration.broker,
            district.id,
            configuration.names,
            clock,
            lambda topic, payload, retained: inbox.put(Message(topic, payload, retained)),
        )
        replication = Replication(clock, holdings, link.send, configuration.names, pace, situation.speakers.to)
        send = functools.partial(_send, link, situation)
        streams = MqttStreamRequests(clock, send, situation.presence.presence)
        proven = _proven(configuration, clock, situation, store, send)

        def answered(ward: str, reply: wire.Reply) -> None:
            streams.reply(ward, reply)
            proven.desk.reply(ward, reply)

        noted = functools.partial(note, proven)
        ingest = Ingest(clock, district.id, situation, store, records, holdings, replication, answered, noted)
        lost = threading.Event()
        worker = Worker(clock, ingest, inbox, link, pace, lost.set)
        worker.start()
        ending.callback(worker.stop)
        upkeep = Upkeep(store, ingest.may_prune)
        upkeep.start()
        ending.callback(upkeep.stop)
        link.start()
        ending.callback(link.stop)
        pictures = PictureWorker(proven.desk, proven.shelf, ingest.may_prune)
        pictures.start()
        ending.callback(pictures.stop)
        site = DistrictSite(clock, district.title, situation, store, records, send, proven)
        yield Hub(clock, situation, site, streams, proven.desk, engine, store, lost)


def _send(link: Link, situation: Situation, ward: str, request: wire.Request) -> bool:
    """To the agent that the ward is taken to be, where two speak as it."""
    request.to = situation.speakers.to(ward)
    return link.send(ward, request)


def _proven(configuration: Configuration, clock: Clock, situation: Situation, store: Store, send: Send) -> Proven:
    shelf = PictureShelf(configuration.pictures_path, configuration.names, clock)
    desk = PictureDesk(
        clock,
        shelf,
        store,
        configuration.names,
        send,
        situation.presence.presence,
        situation.cameras,
        lambda change: situation.tell([change]),
    )
    return Proven(EvidenceBook(store, clock), shelf, desk)


def run(configuration: Configuration) -> None:
    """Run until SIGTERM or SIGINT. Raises what `running` raises."""
    # Late: a command that only reads files needs no web server.
    from dashboards.console.accounts import Accounts
    from dashboards.console.app import create_app
    from dashboards.console.serve import server
    from dashboards.console.settings import ConsoleSettings
    from district import statistics

    console = configuration.console
    with running(configuration, SystemClock()) as hub:
        settings = ConsoleSettings(own_origins=frozenset(console.origins))
        app = create_app(hub.site, Accounts(hub.engine, hub.clock), settings, hub.streams)
        statistics.install(app, hub.situation, hub.pictures)
        tls = {"certificate": str(console.tls_cert), "key": str(console.tls_key)} if console.tls_cert else {}
        web = server(app, console.listen.host, console.listen.port, **tls)

        def end(_signal: int, _frame: object) -> None:
            web.should_exit = True

        # uvicorn hands a signal on when it has ended; ours then finds nothing left to do, and everything closes.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        threading.Thread(target=_end_when, args=(hub.lost, web), name="watch", daemon=True).start()
        logger.info("console at %s://%s", "https" if console.tls_cert else "http", console.listen)
        # What was made so far stays: collecting it again and again would cost as much as taking in the readings.
        gc.collect()
        gc.freeze()
        try:
            web.run()
        except SystemExit as error:  # how uvicorn says that it cannot begin; its log says why
            message = f"the console cannot listen on {console.listen}"
            raise HubLostError(message, "console_cannot_listen", listen=console.listen) from error
        logger.info("stopping")
        if hub.lost.is_set():
            raise HubLostError("the store failed; see the log", "store_failed")


def _end_when(lost: threading.Event, web: uvicorn.Server) -> None:
    lost.wait()
    web.should_exit = True
