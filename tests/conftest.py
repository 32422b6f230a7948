"""Fixtures that every room's tests may use: shared test data, real peers, seeds."""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from simulator.net import ports

# A busy machine is slow now and then; how long an example may take is no property of the code.
settings.register_profile("wardwatch", deadline=None)
settings.load_profile("wardwatch")

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"


def missing(what: str) -> None:
    """A peer or its data is not here: a failure in CI, else a skip that says so."""
    if IN_CI:
        pytest.fail(f"{what} is required where CI=true", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and other data that is not ours to carry (WARDWATCH_SHARED)."""
    folder = Path(os.environ.get("WARDWATCH_SHARED", ROOT.parent / "shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"the shared test data is not here ({folder.name}); set WARDWATCH_SHARED")
    return folder


@pytest.fixture(scope="session")
def peer() -> Callable[[str], str]:
    """peer("snmpd") is the path of a real program, or a skip (a failure in CI) that names it."""

    def find(program: str) -> str:
        path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")
        if path is None:
            missing(f"the peer {program} is not installed; `make test` as root installs it")
            raise AssertionError("unreachable")
        return path

    return find


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A random seed, printed with a failing test; set WARDWATCH_SEED to run it again."""
    number = int(os.environ.get("WARDWATCH_SEED", random.SystemRandom().randrange(2**32)))
    print(f"WARDWATCH_SEED={number}")  # noqa: T201 - pytest shows it with the failure
    return number


@pytest.fixture
def free_port() -> Callable[[int], int]:
    """free_port(socket.SOCK_DGRAM) or (socket.SOCK_STREAM): a port of 127.0.0.1 that nothing uses now."""

    def find(kind: int = socket.SOCK_STREAM) -> int:
        return ports.free_port(kind)

    return find
