"""Evidence over the API: what is proven, its pictures, the cameras' newest; for those who may see the ward."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from dashboards.console.site import CameraEvidence, Change, Seen, Thumbnail, ThumbnailName, Topic
from telemetry.evidence import Coverage, Day, Gap, PictureSeen, ReplayProof, Verdict
from tests.dashboards.conftest import sign_in
from tests.dashboards.plain_site import PlainSite, device_state
from tests.dashboards.test_live_stream import Listening, Run
from tests.telemetry.test_jpeg import made

JPEG = made(640, 360)
NAME = hashlib.sha256(JPEG).digest()
CAMERA = "/api/wards/hai-chau-1/devices/cam-1"


def proven() -> CameraEvidence:
    coverage = Coverage(
        recorder="nvr-1",
        camera="cam-1",
        verdict=Verdict.NOT_MET,
        from_us=1_000_000,
        to_us=2_000_000,
        days=(Day(date="2026-11-25", open_percent=73.5, whole_percent=99.0),),
        gaps=(Gap(from_us=1_100_000, to_us=1_200_000),),
        kept_days=12.5,
        short_on="2026-12-01",
    )
    proof = ReplayProof(
        recorder="nvr-1", camera="cam-1", asked_us=5_000_000, shown_us=5_300_000, decoded=True, proves=True
    )
    seen = PictureSeen(camera="cam-1", condition="covered", score=0.9, seen_us=7_000_000)
    return CameraEvidence(Seen(coverage, 9_000_000), [Seen(proof, 9_000_000, NAME, True)], [Seen(seen, 7_000_000)])


@pytest.fixture
def cameras(site: PlainSite) -> PlainSite:
    site.add_ward("hai-chau-1", [device_state("cam-1", 1, kind="camera"), device_state("nvr-1", 1, kind="recorder")])
    site.proven["hai-chau-1", "cam-1"] = proven()
    site.pictures["hai-chau-1", NAME] = JPEG
    site.thumbnails["hai-chau-1", "cam-1"] = Thumbnail(ThumbnailName(NAME, 8_000_000), JPEG)
    return site


async def test_what_is_proven_of_a_camera(client: httpx.AsyncClient, cameras: PlainSite) -> None:
    await sign_in(client)
    found = (await client.get(f"{CAMERA}/evidence")).json()
    assert found["coverage"]["verdict"] == "not_met"
    assert found["coverage"]["days"] == [
        {"date": "2026-11-25", "open_percent": 73.5, "whole_percent": 99.0, "motion_only": False}
    ]
    assert found["coverage"]["gaps"] == [{"from_ms": 1100, "to_ms": 1200}]
    assert [(each["asked_ms"], each["shown_ms"], each["proves"]) for each in found["proofs"]] == [(5000, 5300, True)]
    assert found["proofs"][0]["picture"] == {"sha256": NAME.hex(), "held": True}
    assert found["pictures"] == [{"condition": "covered", "score": 0.9, "seen_ms": 7000, "picture": None}]
    recorder = (await client.get("/api/wards/hai-chau-1/devices/nvr-1/coverage")).json()
    assert [each["camera"] for each in recorder["cameras"]] == ["cam-1"]
    assert (await client.get("/api/wards/hai-chau-1/devices/cam-1/coverage")).json()["cameras"] == []
    assert (await client.get("/api/wards/hai-chau-1/devices/cam-9/evidence")).json()["code"] == "unknown_place"


async def test_a_picture_is_kept_by_the_browser_for_ever(client: httpx.AsyncClient, cameras: PlainSite) -> None:
    await sign_in(client)
    for query in ("", "?ward=hai-chau-1"):
        answer = await client.get(f"/api/blobs/{NAME.hex()}{query}")
        assert (answer.content, answer.headers["content-type"]) == (JPEG, "image/jpeg")
        assert "immutable" in answer.headers["cache-control"] and "private" in answer.headers["cache-control"]
    again = await client.get(f"/api/blobs/{NAME.hex()}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get(f"/api/blobs/{bytes(32).hex()}")).status_code == 404
    assert (await client.get("/api/blobs/..%2F..%2Fhub.db")).status_code in (404, 422)


async def test_who_may_not_see_the_ward_sees_none_of_it(client: httpx.AsyncClient, cameras: PlainSite) -> None:
    paths = (
        f"/api/blobs/{NAME.hex()}",
        f"/api/blobs/{NAME.hex()}?ward=hai-chau-1",
        f"{CAMERA}/evidence",
        f"{CAMERA}/thumbnail",
        "/api/wards/hai-chau-1/devices/nvr-1/coverage",
    )
    for path in paths:
        assert (await client.get(path)).status_code == 401
    await sign_in(client, "minh")  # of Thạch Thang
    for path in paths:
        assert (await client.get(path)).status_code == 404, path


async def test_a_cameras_newest_picture_and_when_it_was_taken(client: httpx.AsyncClient, cameras: PlainSite) -> None:
    await sign_in(client)
    answer = await client.get(f"{CAMERA}/thumbnail")
    assert (answer.content, answer.headers["x-taken-ms"]) == (JPEG, "8000")
    again = await client.get(f"{CAMERA}/thumbnail", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert (await client.get("/api/wards/hai-chau-1/devices/nvr-1/thumbnail")).status_code == 404


async def test_a_picture_is_brought_only_where_somebody_asks_for_pictures(client: httpx.AsyncClient) -> None:
    answer = await client.put(f"/api/blobs/{NAME.hex()}", content=JPEG)
    assert answer.status_code == 405  # a console without a district's desk takes none
    large = await client.put(f"/api/blobs/{NAME.hex()}", content=bytes(1_000_001))
    assert (large.status_code, large.json()["code"]) == (413, "too_large")


def test_new_evidence_is_told_to_who_looks_at_the_ward_and_to_nobody_else(run_console: Run) -> None:
    running = run_console(coalesce_seconds=0.05)
    client = running.client()
    here, district = Listening(client, "/api/events?ward=hai-chau-1"), Listening(client, "/api/events")
    for camera in ("cam-1", "cam-2", "cam-1"):
        running.site.tell(Change(Topic.EVIDENCE, "hai-chau-1", camera))
    running.until(lambda: len(here.named("evidence")) >= 2, "no event came")
    assert here.named("evidence")[0].data == {"ward": "hai-chau-1", "device": "cam-1"}
    assert {event.data["device"] for event in here.named("evidence")} == {"cam-1", "cam-2"}
    assert district.named("evidence") == []
