"""What a ward may bring to a running hub, and what it is refused in words."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from telemetry import wire_pb2 as wire
from telemetry.evidence import ReplayProof, pack
from telemetry.readings import DeviceInfo, Inventory
from tests.district.fakes import ScriptedWard
from tests.district.processes import HubProcess, WardOnTheLine, hub_and_broker, wait_until
from tests.telemetry.test_jpeg import made

CAMERA = "cam-1"
PICTURES = [made(640, 360, b"proof %d" % number) for number in range(3)]
NAMES = [hashlib.sha256(jpeg).digest() for jpeg in PICTURES]


@pytest.fixture
def hub(peer: Callable[[str], str], free_port: Callable[[], int], tmp_path: Path) -> Iterator[tuple[HubProcess, int]]:
    with hub_and_broker(peer("mosquitto"), tmp_path, free_port) as (hub, port):
        hub.start()
        yield hub, port


class PictureWard(WardOnTheLine):
    """Hears what it is asked for."""

    def __init__(self, ward: ScriptedWard, port: int) -> None:
        self.asked: list[wire.SendPicture] = []
        super().__init__(ward, port, random.Random(1), bad_line=False)

    def hear(self, request: wire.Request) -> None:
        if request.WhichOneof("what") == "send_picture":
            self.asked.append(request.send_picture)


def test_only_the_picture_that_was_asked_for_is_taken_once(hub: tuple[HubProcess, int]) -> None:
    running, port = hub
    ward = ScriptedWard(wall_us=time.time_ns() // 1000 - 60_000_000).started()
    ward.write(Inventory("Phường", (DeviceInfo(CAMERA, "camera"),)))
    for number, name in enumerate(NAMES):
        proof = ReplayProof(recorder="nvr-1", camera=CAMERA, asked_us=number, decoded=True, proves=True)
        ward.write(pack(proof, (name,)), CAMERA, "camera")
    line = PictureWard(ward, port)
    client = httpx.Client(base_url=f"http://127.0.0.1:{running.console_port}", timeout=10)

    def ticket_of(name: bytes) -> str:
        wait_until(lambda: any(each.sha256 == name for each in line.asked), 30, "the picture is asked for")
        return next(each.ticket for each in line.asked if each.sha256 == name)

    def put(ticket: str, name: bytes, data: bytes, ward: str = "hai-chau-1") -> tuple[int, str]:
        headers = {"Authorization": f"Ticket {ticket}", "Accept-Language": "en"}
        query = {"ward": ward, "device": CAMERA}
        answer = client.put(f"/api/blobs/{name.hex()}", content=data, params=query, headers=headers)
        return answer.status_code, answer.json()["code"] if answer.content else ""

    try:
        line.tell_status()
        line.tell(1)
        first, second, third = NAMES
        assert put("A" * 43, first, PICTURES[0]) == (403, "ticket_refused")
        assert put(ticket_of(first), first, made(640, 360, b"another")) == (422, "picture_not_the_one")
        assert put(ticket_of(second), second, PICTURES[1], ward="thach-thang") == (403, "ticket_refused")
        assert put(ticket_of(third), third, PICTURES[2]) == (201, "")
        assert put(ticket_of(third), third, PICTURES[2]) == (403, "ticket_refused")
        assert put("A" * 43, third, bytes(1_000_001)) == (413, "too_large")
        (counts,) = running.get("/api/statistics")["wards"]
        assert (counts["pictures_taken"], counts["pictures_lacking"]) == (1, 2)
        assert counts["pictures_refused"] == {"ticket_unknown": 2, "picture_not_the_one": 1}
        proofs = running.get(f"/api/wards/hai-chau-1/devices/{CAMERA}/evidence")["proofs"]
        assert {each["picture"]["sha256"]: each["picture"]["held"] for each in proofs} == {
            first.hex(): False,
            second.hex(): False,
            third.hex(): True,
        }
        paths = running.get("/api/openapi.json")["paths"]
        assert set(paths["/api/blobs/{sha256}"]) == {"get", "put"}
    finally:
        client.close()
        line.close()
