"""The demo's files and ports: everything in one folder, everything on the loopback."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from demo.processes import BIN, Program
from simulator.net.ports import free_port

USER = "demo"


@dataclass(frozen=True, slots=True)
class Ward:
    """Who the ward is, as its configuration says."""

    id: str
    name: str
    district: str


VIRTUAL_WARD = Ward("hai-chau-1", "Phường Hải Châu 1", "hai-chau")


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything is."""

    folder: Path
    ward_file: Path
    ward: Ward
    console_port: int
    broker_port: int
    man_port: int
    man_web_port: int
    control_port: int
    virtual: bool

    @property
    def console(self) -> str:
        return f"http://localhost:{self.console_port}"

    @property
    def district_file(self) -> Path:
        return self.folder / "district.toml"

    @property
    def agent_data(self) -> Path:
        return self.folder / "agent"


def make(folder: Path, ward_file: Path | None, console_port: int) -> Plan:
    """Choose ports and write district.toml. Raises OSError or tomllib.TOMLDecodeError for a bad ward file."""
    ward = VIRTUAL_WARD if ward_file is None else _ward_of(ward_file)
    plan = Plan(
        folder=folder,
        ward_file=ward_file or folder / "ward.toml",
        ward=ward,
        console_port=free_port(preferred=console_port),
        broker_port=free_port(),
        man_port=free_port(),
        man_web_port=free_port(),
        control_port=free_port(),
        virtual=ward_file is None,
    )
    plan.district_file.write_text(_district_toml(plan), encoding="utf-8")
    return plan


def _ward_of(path: Path) -> Ward:
    ward = tomllib.loads(path.read_text(encoding="utf-8")).get("ward", {})
    return Ward(str(ward.get("id", "")), str(ward.get("name", "")), str(ward.get("district", "")))


def _district_toml(plan: Plan) -> str:
    quote = json.dumps  # a JSON string is a TOML basic string
    label = "Quận Hải Châu" if plan.virtual else plan.ward.district
    return f"""\
[district]
id = {quote(plan.ward.district)}
name = {quote(label)}
data_dir = {quote(str(plan.folder / "district"))}

[broker]
url = "mqtt://127.0.0.1:{plan.broker_port}"

[console]
listen = "127.0.0.1:{plan.console_port}"

[[ward]]
id = {quote(plan.ward.id)}
name = {quote(plan.ward.name)}
"""


@dataclass(frozen=True, slots=True)
class Programs:
    """The demo's processes. `simulator` is None against real devices."""

    broker: Program
    simulator: Program | None
    hub: Program
    agent: Program

    def all(self) -> list[Program]:
        found = [self.agent, self.hub, self.simulator, self.broker]
        return [program for program in found if program is not None]


def programs(plan: Plan, web_port: int | None = None) -> Programs:
    """`web_port`: where the agent finds the hub's web, if not where the plan says (a benchmark's slow line)."""

    def program(name: str, *command: str | Path) -> Program:
        return Program(name, (BIN / command[0], *command[1:]), plan.folder / f"{name}.log")

    line = plan.man_port if plan.virtual else plan.broker_port
    web = web_port or (plan.man_web_port if plan.virtual else plan.console_port)
    return Programs(
        broker=program("broker", "ward-district", "broker", "--listen", f"127.0.0.1:{plan.broker_port}"),
        simulator=program(
            *("simulator", "ward-sim", "run", "--write-config", plan.ward_file, "--control", str(plan.control_port)),
            *("--broker", f"127.0.0.1:{plan.broker_port}", "--man-port", str(plan.man_port)),
            *("--hub", f"127.0.0.1:{plan.console_port}", "--hub-port", str(plan.man_web_port)),
        )
        if plan.virtual
        else None,
        hub=program("district", "ward-district", "run", "-c", plan.district_file),
        agent=program(
            *("agent", "ward-agent", "run", "-c", plan.ward_file, "--data-dir", plan.agent_data),
            *("--broker", f"mqtt://127.0.0.1:{line}", "--hub", f"http://127.0.0.1:{web}", "--linger", "10s"),
        ),
    )
