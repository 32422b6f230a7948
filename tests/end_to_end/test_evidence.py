"""What a ward proved, at the district with its pictures: whatever was killed or lost in between."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.district.processes import USER, HubProcess, hub_and_broker, wait_until
from tests.end_to_end.proving_ward import CAMERA, SMALL, WARD, picture

SECONDS = 45
DEVICE = f"/api/wards/{WARD}/devices/{CAMERA}"


class ProvingWard:
    """tests.end_to_end.proving_ward as a process."""

    def __init__(self, folder: Path, broker: str, hub: str) -> None:
        self._log = (folder / "ward.log").open("wb")
        command = [sys.executable, "-m", "tests.end_to_end.proving_ward", "--folder", str(folder)]
        self._process = subprocess.Popen(
            [*command, "--broker", broker, "--hub", hub], stdin=subprocess.PIPE, stderr=self._log, stdout=self._log
        )

    def prove(self, *what: str | int) -> None:
        assert self._process.stdin is not None
        for each in what:
            self._process.stdin.write(f"{each}\n".encode())
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)
        self._log.close()


@pytest.fixture
def place(
    peer: Callable[[str], str], free_port: Callable[[], int], tmp_path: Path
) -> Iterator[tuple[HubProcess, Callable[[], ProvingWard]]]:
    """A hub that runs, and how to start the ward on the same files."""
    with hub_and_broker(peer("mosquitto"), tmp_path, free_port) as (hub, port):
        hub.start()
        wards: list[ProvingWard] = []
        (tmp_path / "ward").mkdir()

        def ward() -> ProvingWard:
            address = f"http://127.0.0.1:{hub.console_port}"
            wards.append(ProvingWard(tmp_path / "ward", f"mqtt://127.0.0.1:{port}", address))
            return wards[-1]

        try:
            yield hub, ward
        finally:
            for each in wards:
                each.kill()


def evidence(hub: HubProcess) -> Any:
    """None while the hub does not know the camera."""
    try:
        return hub.get(f"{DEVICE}/evidence")
    except (AssertionError, httpx.HTTPError):
        return None


def shows(hub: HubProcess, *moments_us: int) -> bool:
    """Whether these and no other proofs are there, with their pictures."""
    found = evidence(hub)
    if found is None or found["coverage"] is None:
        return False
    held = {each["asked_ms"] for each in found["proofs"] if each["picture"]["held"]}
    return held == {each // 1000 for each in moments_us} and len(found["proofs"]) == len(moments_us)


def fetched(hub: HubProcess, path: str) -> bytes:
    client = httpx.Client(base_url=f"http://127.0.0.1:{hub.console_port}", timeout=10)
    with client:
        client.post("/api/session", json={"user": USER, "password": hub.password}).raise_for_status()
        answer = client.get(path)
        return answer.content if answer.status_code == 200 else b""


def test_evidence_and_its_pictures_come_through_kills_and_a_lost_district(
    place: tuple[HubProcess, Callable[[], ProvingWard]],
) -> None:
    hub, start_ward = place
    ward = start_ward()
    first, second, third = 1_790_000_000_000_000, 1_790_000_600_000_000, 1_790_001_200_000_000
    ward.prove("coverage", first)
    wait_until(lambda: shows(hub, first), SECONDS, "the first proof with its picture")
    assert evidence(hub)["coverage"]["verdict"] == "met"
    sha256 = hashlib.sha256(picture(first)).hexdigest()
    assert fetched(hub, f"/api/blobs/{sha256}") == picture(first)

    hub.end(signal.SIGKILL)
    ward.prove(second)
    hub.start()
    wait_until(lambda: shows(hub, first, second), SECONDS, "what was proven while the hub was dead")

    ward.prove(third)
    ward.kill()  # perhaps before its picture was sent, or even its entry
    ward = start_ward()
    if not shows(hub, first, second, third):
        wait_until(lambda: len((evidence(hub) or {}).get("proofs", [])) >= 2, SECONDS, "the ward is back")

    hub.end(signal.SIGTERM)
    data = hub.folder / "data"
    proofs = len(list((data / "pictures").rglob("*.jpg")))
    for lost in [*data.glob("store.db*"), *data.rglob("*.jpg")]:
        lost.unlink()
    hub.start()
    wait_until(
        lambda: shows(hub, first, second) or shows(hub, first, second, third),
        SECONDS,
        "a district without a store is made again from the ward's journal, pictures and all",
    )
    assert len(list((data / "pictures").rglob("*.jpg"))) >= proofs
    (counts,) = hub.get("/api/statistics")["wards"]
    assert (counts["pictures_lacking"], counts["pictures_refused"]) == (0, {})

    def newest() -> bool:
        return fetched(hub, f"{DEVICE}/thumbnail") == SMALL

    wait_until(newest, SECONDS, "the camera's newest picture, once somebody looks")
