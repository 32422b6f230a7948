"""A console with one camera, for the live benchmarks: it prints each ticket that it would send to a ward.

Lines of JSON on standard output: first {"ready": true}, then {"ticket", "url", "stream"} whenever the ward is asked.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace

from sqlalchemy import create_engine

from dashboards.console.accounts import Accounts, Role
from dashboards.console.app import create_app
from dashboards.console.example import ExampleSite
from dashboards.console.live.interest import Refused
from dashboards.console.live.settings import LiveSettings
from dashboards.console.serve import server
from dashboards.console.settings import ConsoleSettings
from dashboards.console.site import DeviceState
from dashboards.console.tables import Base
from telemetry.clock import SystemClock
from telemetry.live import StreamName
from telemetry.readings import DeviceInfo, Reason

WARD, CAMERA = "binh-thuan", "cam-1"
USER, PASSWORD = "demo", "bench-password"


class StageSite(ExampleSite):
    """The example district and one camera more. Nothing ticks: what is measured is the picture alone."""

    def device(self, ward: str, device: str) -> DeviceState:
        if device != CAMERA:
            return super().device(ward, device)
        return replace(next(iter(self.devices(ward))), info=DeviceInfo(CAMERA, "camera"))


class PrintedRequests:
    """A ward that is asked on standard output."""

    def start(self, ward: str, device: str, stream: StreamName, ticket: str, url: str) -> Reason | None:
        print(json.dumps({"ticket": ticket, "url": url, "stream": stream.value}), flush=True)
        return None

    def stop(self, ward: str, device: str, stream: StreamName) -> None:
        pass

    def listen(self, refused: Refused) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/console.db")
        Base.metadata.create_all(engine)
        accounts = Accounts(engine, clock)
        accounts.add_user(USER, Role.DISTRICT, password=PASSWORD)
        # A viewer that stalls is to stay for the whole measurement.
        settings = ConsoleSettings(live=LiveSettings(stall_seconds=600.0))
        app = create_app(StageSite(clock), accounts, settings, PrintedRequests())
        print(json.dumps({"ready": True}), flush=True)
        server(app, "127.0.0.1", options.port).run()
        engine.dispose()


if __name__ == "__main__":
    main()
