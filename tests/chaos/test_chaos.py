"""`make chaos`, short, on both stores at once: every kind of fault, and nothing is lost, doubled or broken."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos import plan
from chaos.__main__ import lacking, main
from chaos.district import EMBEDDED, STORES, VICTORIA
from chaos.faults.registry import FAULTS
from edge_agent.watch import LOOK_SECONDS
from tests.conftest import ROOT, missing

MINUTES = 0.4
WARDS = 2
STARTS_IN_SECONDS = 4.0  # an agent, until it looks at its clock


def planned(seed: int, store: str) -> list[plan.Fault]:
    """The faults that come in a run of this seed."""
    names = [f"ward-{number}" for number in range(1, WARDS + 1)]
    kinds = [kind.planned(names) for kind in FAULTS.values() if store == VICTORIA or not kind.needs_victoria]
    return plan.make(kinds, MINUTES * 60, random.Random(seed))


def kinds(faults: list[plan.Fault]) -> set[str]:
    return {fault.name for fault in faults}


def steps_an_agent_sees(faults: list[plan.Fault]) -> int:
    """How many of the steps of a clock find a running agent and last for two of its looks; it looks once a second."""
    return sum(
        step.seconds > 2 * LOOK_SECONDS
        and not any(
            fault.target == step.target
            and "agent" in fault.parts
            and fault.at < step.end
            and fault.end + STARTS_IN_SECONDS > step.at
            for fault in faults
        )
        for step in faults
        if step.name == "clock_step"
    )


def is_worth_a_run(seed: int) -> bool:
    """With every kind of fault, and on both stores a step of a clock that must be noticed."""
    return kinds(planned(seed, VICTORIA)) == set(FAULTS) and all(
        steps_an_agent_sees(planned(seed, store)) for store in STORES
    )


def start(store: str, seed: int, report: Path) -> subprocess.Popen[str]:
    options = ["--wards", str(WARDS), "--minutes", str(MINUTES), "--store", store]
    command = [sys.executable, "-m", "chaos", *options, "--seed", str(seed), "--report", str(report)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.slow
@pytest.mark.timeout(400)  # a minute; a machine that is busy with other things takes longer
def test_nothing_is_lost_whatever_breaks(peer: Callable[[str], str], tmp_path: Path, seed: int) -> None:
    for store in STORES:
        if reasons := lacking(store):
            missing("; ".join(reasons))
    seed = next(each for each in itertools.count(seed) if is_worth_a_run(each))
    running = {store: start(store, seed, tmp_path / store) for store in STORES}
    try:
        said = {store: run.communicate(timeout=300)[0] for store, run in running.items()}
    finally:
        for run in running.values():
            run.terminate()
            run.wait(30)
    happened: set[str] = set()
    for store, run in running.items():
        assert run.returncode == 0, said[store]
        report = json.loads((tmp_path / store).read_text(encoding="utf-8"))
        check(report, seed, said[store])
        happened |= {fault["name"] for fault in report["faults"]}
        assert {fault["name"] for fault in report["faults"]} == kinds(planned(seed, store))
    assert happened == set(FAULTS)


def check(report: dict[str, Any], seed: int, said: str) -> None:
    assert report["seed"] == seed
    assert len(report["faults"]) >= 8
    assert all({"at", "name", "target"} <= fault.keys() for fault in report["faults"])
    wrong = (
        "lost",
        "duplicated",
        "strange",
        "checkpoint_breaks",
        "served_missed",
        "journaled_invented",
        "unsound",
        "false_alarms",
    )
    assert {name: report[name] for name in wrong} == dict.fromkeys(wrong, 0), said
    assert report["entries_journaled"] == report["entries_committed"] > 50
    assert report["unwitnessed"] == report["named_losses"] == 0
    assert report["checkpoints_verified"] >= 4 and report["served_journaled"] > 100
    # What the faults did to the agents, as their own journals tell.
    assert report["lifecycle"]["STARTED"] > WARDS and report["lifecycle"]["STOPPED"] == WARDS
    # A clock that is set forth steps; of one that is set back the agent holds on to what it knew.
    noticed = sum(report["lifecycle"].get(event, 0) for event in ("CLOCK_STEPPED", "CLOCK_HELD"))
    assert noticed >= steps_an_agent_sees(planned(seed, report["store"]))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--wards", "0"), "--wards must be between"),
        (("--minutes", "0"), "--minutes must be between"),
        (("--store", "paper"), "invalid choice: 'paper'"),
        (("--report", "/no/such/folder/report.json"), "there is no folder"),
        (("--small-journals", "9"), "--small-journals must be between"),
        (("--minutes", "1", "--small-journals", "1"), "they overflow only in runs of 3 minutes"),
        (("--faster",), "unrecognized arguments: --faster"),
    ],
)
def test_a_wrong_option_is_told_and_nothing_is_broken(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.__main__.shutil.which", lambda name, path: None if "victoria" in name else name)
    monkeypatch.setattr("chaos.__main__.os.geteuid", lambda: 1000)
    assert "victoria-metrics is not installed" in lacking(VICTORIA)
    assert lacking(EMBEDDED)[0] == "it needs root on Linux"


def test_a_run_that_is_ended_by_hand_leaves_nothing_behind(peer: Callable[[str], str], tmp_path: Path) -> None:
    if reasons := lacking(EMBEDDED):
        missing("; ".join(reasons))
    command = [sys.executable, "-m", "chaos", "--wards", "1", "--minutes", "1", "--seed", "1"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert run.stderr is not None
        assert any("faults from now on" in line for line in iter(run.stderr.readline, ""))
    finally:
        run.send_signal(signal.SIGINT)
        rest = run.communicate(timeout=150)[1]  # it judges what there is
    assert run.returncode == 1
    assert "ended by hand (seed 1)" in rest
    assert list(tmp_path.iterdir()) == []
    assert not list(Path("/run/netns").glob(f"wwchaos{run.pid}-*"))
    left = [
        each.pid for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(each.info["cmdline"] or ())
    ]
    assert left == []
