"""All that runs, and may be broken: the city line, the wards and their devices, the district."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from chaos.devices import READY, Settings, WardPlace
from chaos.district import BROKER_PORT, District, NotThereError
from chaos.messages import Meddler
from chaos.network import DISTRICT_ADDRESS, Network
from chaos.plan import DISTRICT
from chaos.ward import Ward, broker_through_proxy
from demo.processes import Program

_ROOT = Path(__file__).resolve().parent.parent
_RESTART_SECONDS = 1.0  # as a service manager does
_READY_SECONDS = 30.0
_END_SECONDS = 10.0

Tell = Callable[[str], None]


class Devices:
    """The process in which all wards' devices are (chaos.devices)."""

    def __init__(self, settings: Settings, log: Path) -> None:
        command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "chaos.devices", settings.as_json()]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
                cwd=_ROOT,
                start_new_session=True,
            )
        said = self._pipe(self._process.stdout).readline()
        if said.strip() != READY:
            self.close()
            raise NotThereError(f"the virtual devices do not start:\n{log.read_text(encoding='utf-8')[-2000:]}")

    def delay(self, ward: str, seconds: float) -> None:
        """All that passes the ward's proxy takes so much longer, each way."""
        pipe = self._pipe(self._process.stdin)
        pipe.write(f"delay {ward} {seconds}\n")
        pipe.flush()

    def disorder(self, hold_seconds: float) -> None:
        """Messages on their way to the hub wait for others to overtake them, up to so long."""
        pipe = self._pipe(self._process.stdin)
        pipe.write(f"disorder {DISTRICT} {hold_seconds}\n")
        pipe.flush()

    def close(self) -> None:
        """It ends in order, so that all of what was served is written."""
        self._pipe(self._process.stdin).close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pipe(self._process.stdout).close()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


@dataclass(slots=True)
class World:
    """What a fault may take hold of. `down`: programs that a fault holds down, by name of program and target."""

    folder: Path
    network: Network
    wards: dict[str, Ward]
    district: District
    devices: Devices
    meddler: Meddler
    tell: Tell
    down: set[tuple[str, str]] = field(default_factory=set)
    restarts: int = 0  # of programs that ended by themselves
    _restart_at: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def build(
        cls, folder: Path, names: list[str], small: Collection[str], store: str, *, broker_remembers: bool, tell: Tell
    ) -> World:
        """Everything but the wards' agents runs. `small`: the wards whose journal is small. Raises CommandError,
        NotThereError, OSError; nothing is left then."""
        network = Network()
        wards: dict[str, Ward] = {}
        district: District | None = None
        try:
            network.add(DISTRICT, DISTRICT_ADDRESS)
            for number, name in enumerate(names, 1):
                network.add(name, f"10.77.1.{number}")
                # Every other ward without a proxy, so that the kernel's own TCP meets the broken line too.
                direct = f"mqtt://{DISTRICT_ADDRESS}:{BROKER_PORT}"
                broker = broker_through_proxy() if is_proxied(number) else direct
                wards[name] = Ward.make(name, folder / name, network.namespace(name), broker, small=name in small)
            district = District.make(
                folder / DISTRICT, network.namespace(DISTRICT), store, names, broker_remembers=broker_remembers
            )
            places = tuple(WardPlace(name, str(network.namespace(name)), name in small) for name in names)
            there = str(network.namespace(DISTRICT))
            settings = Settings(places, there, DISTRICT_ADDRESS, BROKER_PORT, str(folder / "served.jsonl"))
            devices = Devices(settings, folder / "devices.log")
            try:
                district.start()
            except BaseException:
                devices.close()
                raise
        except BaseException:
            _take_down(network, wards, district)
            raise
        return cls(folder, network, wards, district, devices, Meddler(district.namespace), tell)

    @property
    def served(self) -> Path:
        return self.folder / "served.jsonl"

    def hold_down(self, program: str, target: str) -> None:
        """A fault ended it on purpose: nobody starts it before `let_up`."""
        self.down.add((program, target))

    def let_up(self, program: str, target: str) -> None:
        self.down.discard((program, target))

    def supervise(self) -> None:
        """Start again what ended by itself, a moment later."""
        for ward in self.wards.values():
            self._revive(ward.agent, ward.id, ward)
        for program in self.district.programs:
            self._revive(program, DISTRICT, None)

    def _revive(self, program: Program, target: str, ward: Ward | None) -> None:
        key = ("agent" if ward else program.name, target)
        if key in self.down or program.running:
            self._restart_at.pop(key, None)
            return
        now = time.monotonic()
        if key not in self._restart_at:
            self._restart_at[key] = now + _RESTART_SECONDS
            self.tell(f"{program.name} of {target} ended by itself: {program.last_words(1)}")
            if ward is not None:
                ward.kill()
        elif now >= self._restart_at.pop(key):
            self.restarts += 1
            if ward is not None:
                ward.start()
            else:
                program.start()

    def close(self) -> None:
        self.meddler.close()
        self.devices.close()
        _take_down(self.network, self.wards, self.district)


def is_proxied(number: int) -> bool:
    """Whether the ward of this number (from 1) reaches the broker through a proxy."""
    return number % 2 == 1


def _take_down(network: Network, wards: dict[str, Ward], district: District | None) -> None:
    for ward in wards.values():
        ward.agent.kill()
    if district is not None:
        district.close()
        district.disk.close()
    for ward in wards.values():
        ward.disk.close()
    network.close()
