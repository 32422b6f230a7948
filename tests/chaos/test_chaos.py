"""`make chaos`, short, on both stores at once: every kind of fault, and nothing is lost, doubled or broken."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos import plan
from chaos.__main__ import lacking
from chaos.district import EMBEDDED, STORES, VICTORIA
from chaos.faults.registry import FAULTS
from tests.conftest import ROOT, missing

MINUTES = 0.4
WARDS = 2


def planned(seed: int, store: str) -> set[str]:
    """The kinds of fault that come in a run of this seed."""
    names = [f"ward-{number}" for number in range(1, WARDS + 1)]
    kinds = [kind.planned(names) for kind in FAULTS.values() if store == VICTORIA or not kind.needs_victoria]
    return {fault.name for fault in plan.make(kinds, MINUTES * 60, random.Random(seed))}


def start(store: str, seed: int, report: Path) -> subprocess.Popen[str]:
    options = ["--wards", str(WARDS), "--minutes", str(MINUTES), "--store", store]
    command = [sys.executable, "-m", "chaos", *options, "--seed", str(seed), "--report", str(report)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.slow
def test_nothing_is_lost_whatever_breaks(peer: Callable[[str], str], tmp_path: Path, seed: int) -> None:
    for store in STORES:
        if reasons := lacking(store):
            missing("; ".join(reasons))
    seed = next(each for each in itertools.count(seed) if planned(each, VICTORIA) == set(FAULTS))
    running = {store: start(store, seed, tmp_path / store) for store in STORES}
    try:
        said = {store: run.communicate(timeout=170)[0] for store, run in running.items()}
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
        assert {fault["name"] for fault in report["faults"]} == planned(seed, store)
    assert happened == set(FAULTS)


def check(report: dict[str, Any], seed: int, said: str) -> None:
    assert report["seed"] == seed
    assert len(report["faults"]) >= 8
    assert all({"at", "name", "target"} <= fault.keys() for fault in report["faults"])
    wrong = ("lost", "duplicated", "strange", "checkpoint_breaks", "served_missed", "journaled_invented", "unsound")
    assert {name: report[name] for name in wrong} == dict.fromkeys(wrong, 0), said
    assert report["entries_journaled"] == report["entries_committed"] > 50
    assert report["checkpoints_verified"] >= 4 and report["served_journaled"] > 100
    # What the faults did to the agents, as their own journals tell.
    assert report["lifecycle"]["STARTED"] > WARDS and report["lifecycle"]["STOPPED"] == WARDS
    assert report["lifecycle"]["CLOCK_STEPPED"] >= 1


def run_here(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chaos", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--wards", "0"), "--wards must be between"),
        (("--minutes", "0"), "--minutes must be between"),
        (("--store", "paper"), "invalid choice: 'paper'"),
        (("--report", "/no/such/folder/report.json"), "there is no folder"),
        (("--faster",), "unrecognized arguments: --faster"),
    ],
)
def test_a_wrong_option_is_told_and_nothing_is_broken(arguments: tuple[str, ...], words: str) -> None:
    done = run_here(*arguments)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.__main__.shutil.which", lambda name, path: None if "victoria" in name else name)
    monkeypatch.setattr("chaos.__main__.os.geteuid", lambda: 1000)
    assert "victoria-metrics is not installed" in lacking(VICTORIA)
    assert lacking(EMBEDDED)[0] == "it needs root on Linux"
