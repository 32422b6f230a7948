"""`make demo`: see README. Unattended with --seconds; figures with --report; --kill-hub-at and --kill-agent-at."""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from dashboards.console.models import WardPageOut
from demo import live as lives
from demo import plan as plans
from demo import report as reports
from demo.console import Console, every_device_has_readings
from demo.plan import Plan, Programs
from demo.processes import BIN, Program
from demo.words import both

SIMULATOR_READY_SECONDS = 30.0
LOOK_SECONDS = 12.0  # what looking at a camera takes, at most; no kill is due meanwhile
FIRST_SCREEN_SECONDS = 60.0


class DemoError(Exception):
    """The demo cannot go on; the text says why, for the person who started it."""


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--ward", type=Path, help="watch the real devices of this ward.toml, not a virtual ward")
    parser.add_argument("--seconds", type=float, help="run unattended for so long, then end")
    parser.add_argument("--report", type=Path, help="write the run's figures to this JSON file")
    parser.add_argument("--kill-hub-at", type=float, metavar="SECOND", help="SIGKILL the district and start it again")
    parser.add_argument("--kill-agent-at", type=float, metavar="SECOND", help="SIGKILL the agent and start it again")
    parser.add_argument("--port", type=int, default=8080, help="the console's port if it is free (default 8080)")
    parser.add_argument("--keep", action="store_true", help="leave the demo's folder with its data and logs")
    return parser.parse_args(given)


class Demo:
    """One run, from the first process to the last."""

    def __init__(self, plan: Plan, options: argparse.Namespace, programs: Programs | None = None) -> None:
        self.plan, self.options = plan, options
        self.programs: Programs = programs or plans.programs(plan)
        self.started = time.monotonic()
        self.first_screen: float | None = None
        self.page: WardPageOut | None = None
        self.live: lives.Live | None = None
        self._looking: threading.Thread | None = None
        self._told_slow = False
        self._kills = sorted(
            (at, program)
            for at, program in (
                (options.kill_hub_at, self.programs.hub),
                (options.kill_agent_at, self.programs.agent),
            )
            if at is not None
        )

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def run(self) -> None:
        """Start everything, keep it going, and end it whatever happens."""
        try:
            password = self.start()
            self._greet(password)
            console = Console(self.plan.console, plans.USER, password)
            try:
                self._watch(console)
            finally:
                console.close()
        finally:
            self.stop()

    def start(self) -> str:
        """Start every process; the result is the first user's one-time password."""
        self.started = time.monotonic()
        self.programs.broker.start()
        if self.programs.simulator is not None:
            self.programs.simulator.start()
        password = self._first_user()
        self.programs.hub.start()
        self._wait_for_ward_file()
        self.programs.agent.start()
        return password

    def _first_user(self) -> str:
        """The district's own command makes the user and its one-time password."""
        done = subprocess.run(
            [
                *(str(BIN / "ward-district"), "user", "add", plans.USER, "--role", "district"),
                *("-c", str(self.plan.district_file)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise DemoError(done.stderr)
        return done.stdout.strip().split()[-1]

    def _wait_for_ward_file(self) -> None:
        deadline = time.monotonic() + SIMULATOR_READY_SECONDS
        while not self.plan.ward_file.exists():
            self._all_alive()
            if time.monotonic() > deadline:
                raise DemoError(both("slow", seconds=SIMULATOR_READY_SECONDS, folder=self.plan.folder))
            time.sleep(0.05)

    def _greet(self, password: str) -> None:
        print(both("ready", address=self.plan.console, user=plans.USER, password=password), flush=True)
        if self.plan.virtual:
            command = f".venv/bin/ward-sim fault power-cut ward on --control {self.plan.control_port}"
            print(both("faults", command=command), flush=True)
        if self.options.seconds is None:
            print(both("stop"), flush=True)

    def _watch(self, console: Console) -> None:
        while self.options.seconds is None or self.elapsed() < self.options.seconds:
            self._all_alive()
            self._kill_what_is_due()
            if self.first_screen is None:
                self._look(console)
            elif self.options.seconds is not None and self._looking is None:
                self._look_at_a_camera(console)
            time.sleep(0.1)
        if self._looking is not None:
            self._looking.join(timeout=2 * LOOK_SECONDS)
        self.page = console.ward(self.plan.ward.id) or self.page

    def _look(self, console: Console) -> None:
        page = console.ward(self.plan.ward.id)
        if page is not None and every_device_has_readings(page):
            self.page, self.first_screen = page, self.elapsed()
            print(both("first_screen", count=len(page.devices), seconds=self.first_screen), flush=True)
        elif self.elapsed() > FIRST_SCREEN_SECONDS and not self._told_slow:
            self._told_slow = True
            print(both("slow", seconds=self.elapsed(), folder=self.plan.folder), flush=True)

    def _look_at_a_camera(self, console: Console) -> None:
        """In a thread, so that kills come when they are due; not while one is about to come."""
        cameras = [device.id for device in self.page.devices if device.kind == "camera"] if self.page else []
        if not cameras or (self._kills and self._kills[0][0] - self.elapsed() < LOOK_SECONDS):
            return

        def look() -> None:
            self.live = lives.watch(console, self.plan.ward.id, cameras[0])

        self._looking = threading.Thread(target=look, name="live", daemon=True)
        self._looking.start()

    def _kill_what_is_due(self) -> None:
        while self._kills and self.elapsed() >= self._kills[0][0]:
            _, program = self._kills.pop(0)
            program.kill()
            program.start()
            print(both("killed", name=program.name, seconds=self.elapsed()), flush=True)

    def _all_alive(self) -> None:
        for program in self.programs.all():
            if not program.running and self._was_started(program):
                raise DemoError(f"{both('ended', name=program.name)}\n{program.last_words()}")

    @staticmethod
    def _was_started(program: Program) -> bool:
        return program.log.exists()

    def stop(self) -> None:
        """End every process in order."""
        print(both("stopping"), flush=True)
        # The agent first: it ends when the district has confirmed its last entry. Then what it talked to.
        for program in self.programs.all():
            program.stop(seconds=20)
        print(both("stopped"), flush=True)


def main() -> int:
    options = arguments()
    folder = Path(tempfile.mkdtemp(prefix="wardwatch-demo-"))
    try:
        plan = plans.make(folder, options.ward.resolve() if options.ward else None, options.port)
    except (OSError, tomllib.TOMLDecodeError) as error:
        print(both("bad_ward", file=options.ward, error=error), file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(both("starting") if plan.virtual else both("starting_real", name=plan.ward.name), flush=True)
    demo = Demo(plan, options)
    try:
        demo.run()
    except KeyboardInterrupt:
        return 0
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    else:
        return _report(demo, options.report)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _report(demo: Demo, file: Path | None) -> int:
    figures = reports.make(demo.plan, demo.programs, demo.page, demo.first_screen, demo.live)
    if file is not None:
        figures.write(file)
        print(both("report", file=file), flush=True)
    print(figures, flush=True)
    return 0 if figures.good() else 1
