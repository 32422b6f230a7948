"""Serve the console with the example district: python -m dashboards.console.example [--port N] [--password X]."""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from pathlib import Path

from sqlalchemy import create_engine

from dashboards.console.accounts import Accounts, Role
from dashboards.console.app import create_app
from dashboards.console.example import ExampleSite
from dashboards.console.serve import server
from dashboards.console.settings import STATIC, ConsoleSettings
from dashboards.console.tables import Base
from telemetry.clock import SystemClock


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards.console.example", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--password", help="of the users demo, ward and auditor; a new one if not given")
    parser.add_argument("--static", type=Path, default=STATIC, help="the folder of built pages")
    options = parser.parse_args()
    clock = SystemClock()
    site = ExampleSite(clock)
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/console.db")
        Base.metadata.create_all(engine)
        accounts = Accounts(engine, clock)
        password = accounts.add_user("demo", Role.DISTRICT, password=options.password, display_name="Nguyễn Thị Lan")
        accounts.add_user("ward", Role.WARD, ["thach-thang"], password, display_name="Trần Văn Minh")
        accounts.add_user("auditor", Role.AUDITOR, password=password, display_name="Lê Thu Hà")
        app = create_app(site, accounts, ConsoleSettings(static=options.static))
        stop = threading.Event()
        threading.Thread(target=_live, args=(site, stop), daemon=True).start()
        sys.stdout.write(f"http://{options.host}:{options.port}/  users demo, ward, auditor  password {password}\n")
        sys.stdout.flush()
        server(app, options.host, options.port).run()
        stop.set()
        engine.dispose()
    return 0


def _live(site: ExampleSite, stop: threading.Event) -> None:
    while not stop.wait(0.5):
        site.tick()


if __name__ == "__main__":
    raise SystemExit(main())
