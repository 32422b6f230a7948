"""Evidence and its pictures at the hub, in virtual time: asked for, checked, kept, shown; and all of it again."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator

import pytest

from dashboards.console.live.tickets import Refusal, TicketError
from dashboards.console.site import Change, Topic
from district.pictures.desk import TICKET_SECONDS, Brought, PictureRefusedError
from district.pictures.thumbnails import IDLE_SECONDS, LOOK_SECONDS
from district.pictures.wanted import ANSWER_SECONDS, MOST_UNDER_WAY
from telemetry import wire_pb2 as wire
from telemetry.evidence import Coverage, Evidence, PictureSeen, ReplayProof, Verdict, pack
from telemetry.readings import DeviceInfo, Inventory
from tests.district.conftest import Desk
from tests.district.fakes import ScriptedWard
from tests.telemetry.test_jpeg import made

WARD, CAMERA = "hai-chau-1", "cam-1"
DAY_US = 86_400_000_000


def picture(number: int) -> bytes:
    return made(320, 180, b"%d" % number)


def name_of(jpeg: bytes) -> bytes:
    return hashlib.sha256(jpeg).digest()


def proof(asked_us: int, jpeg: bytes | None = None) -> Evidence:
    body = ReplayProof(recorder="nvr-1", camera=CAMERA, asked_us=asked_us, shown_us=asked_us, decoded=True, proves=True)
    return pack(body, () if jpeg is None else (name_of(jpeg),))


def coverage(verdict: Verdict) -> Evidence:
    return pack(Coverage(recorder="nvr-1", camera=CAMERA, verdict=verdict, from_us=0, to_us=1))


@pytest.fixture
def cameras(desk: Desk, ward: ScriptedWard) -> ScriptedWard:
    """The ward with a camera, heard."""
    devices = (DeviceInfo(CAMERA, "camera"), DeviceInfo("nvr-1", "recorder"))
    ward.write(Inventory("Phường Hải Châu 1", devices))
    hear(desk, ward)
    return ward


def hear(desk: Desk, ward: ScriptedWard) -> None:
    """All that it has written, as it would be after a break."""
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))


def asked(desk: Desk, *, thumbnails: bool = False) -> list[tuple[str, wire.Request]]:
    """The pictures that were asked for since the last call: those that evidence names, or the newest ones."""
    found = [
        each
        for each in desk.sent
        if each[1].WhichOneof("what") == "send_picture" and bool(each[1].send_picture.sha256) != thumbnails
    ]
    desk.sent = [each for each in desk.sent if each not in found]
    return found


def turn(desk: Desk, ward: ScriptedWard, seconds: float, step: float = 0.5) -> Iterator[list[tuple[str, wire.Request]]]:
    """Time passes, the ward says that it is there, the desk turns its rounds."""
    while seconds > 0:
        desk.clock.advance(step)
        seconds -= step
        desk.hear((ward.topic("status"), ward.status()))
        desk.pictures.tick()
        yield asked(desk)


def bring(desk: Desk, request: wire.Request, jpeg: bytes, ward: str = WARD, taken_us: int | None = None) -> None:
    """As district.pictures.web does. Raises TicketError, PictureRefusedError."""
    question = request.send_picture
    errand = desk.pictures.admit(question.ticket, Brought(ward, question.device, name_of(jpeg)))
    desk.pictures.take(errand, name_of(jpeg), jpeg, taken_us)


def test_evidence_is_shown_and_its_picture_asked_for_and_shown(desk: Desk, cameras: ScriptedWard) -> None:
    cameras.write(coverage(Verdict.NOT_MET), CAMERA, "camera")
    cameras.write(coverage(Verdict.MET), CAMERA, "camera")
    cameras.write(proof(123, picture(1)), CAMERA, "camera")
    hear(desk, cameras)
    found = desk.site.evidence(WARD, CAMERA)
    assert found.coverage is not None and found.coverage.body.verdict is Verdict.MET
    assert [(each.body.asked_us, each.picture, each.held) for each in found.proofs] == [
        (123, name_of(picture(1)), False)
    ]
    assert Change(Topic.EVIDENCE, WARD, CAMERA) in desk.changes
    ((to, request),) = next(turn(desk, cameras, 0.5))
    desk.changes.clear()
    assert (to, request.send_picture.device, request.send_picture.sha256) == (WARD, CAMERA, name_of(picture(1)))
    bring(desk, request, picture(1))
    assert desk.changes == [Change(Topic.EVIDENCE, WARD, CAMERA)]
    assert desk.site.evidence(WARD, CAMERA).proofs[0].held
    assert desk.site.picture(WARD, name_of(picture(1))) == picture(1)
    assert desk.site.picture("thach-thang", name_of(picture(1))) is None
    assert not any(turn(desk, cameras, 120))  # it is here, so it is not asked for again


def test_a_hub_that_starts_anew_has_the_evidence_and_asks_for_what_it_lacks(desk: Desk, cameras: ScriptedWard) -> None:
    for number in range(3):
        cameras.write(proof(number, picture(number)), CAMERA, "camera")
    hear(desk, cameras)
    ((_, first),) = next(turn(desk, cameras, 0.5))
    brought = first.send_picture.sha256
    bring(desk, first, next(picture(each) for each in range(3) if name_of(picture(each)) == brought))
    desk.start()
    assert len(desk.site.evidence(WARD, CAMERA).proofs) == 3
    names = {request.send_picture.sha256 for each in turn(desk, cameras, 5) for _, request in each}
    assert names == {name_of(picture(number)) for number in range(3)} - {brought}


def test_a_ward_that_is_away_is_not_asked_and_is_asked_at_once_when_it_is_back(
    desk: Desk, cameras: ScriptedWard
) -> None:
    cameras.write(proof(1, picture(1)), CAMERA, "camera")
    hear(desk, cameras)
    desk.hear((cameras.topic("status"), cameras.status(online=False)))
    for _ in range(100):
        desk.clock.advance(1)
        desk.hear()
        desk.pictures.tick()
    assert asked(desk) == []
    ((_, request),) = next(turn(desk, cameras, 0.5))
    bring(desk, request, picture(1))


def test_what_does_not_come_is_asked_again_less_and_less_often(desk: Desk, cameras: ScriptedWard) -> None:
    cameras.write(proof(1, picture(1)), CAMERA, "camera")
    hear(desk, cameras)
    times = [number / 2 for number, each in enumerate(turn(desk, cameras, 400)) if each]
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert pauses == [ANSWER_SECONDS, 2 * ANSWER_SECONDS, 4 * ANSWER_SECONDS, 8 * ANSWER_SECONDS]


def test_many_pictures_are_asked_for_a_few_at_a_time(desk: Desk, cameras: ScriptedWard) -> None:
    many = 60
    for number in range(many):
        cameras.write(proof(number, picture(number)), CAMERA, "camera")
    hear(desk, cameras)
    first = [request for each in turn(desk, cameras, 10) for _, request in each]
    assert len(first) == MOST_UNDER_WAY  # none came, so no more are asked for
    by_name = {name_of(picture(number)): picture(number) for number in range(many)}
    got = set()
    for each in turn(desk, cameras, 90):
        assert len(each) <= 1
        for _, request in each:
            bring(desk, request, by_name[request.send_picture.sha256])
            got.add(request.send_picture.sha256)
    assert len(got) == many


def test_what_the_ward_has_no_more_is_given_up(desk: Desk, cameras: ScriptedWard) -> None:
    cameras.write(proof(1, picture(1)), CAMERA, "camera")
    hear(desk, cameras)
    ((_, request),) = next(turn(desk, cameras, 0.5))
    none = wire.Reply(request_id=request.id, ok=False, reason=wire.Reason(code="no_picture"))
    desk.hear(("wardwatch/1/hai-chau/thach-thang/replies", none.SerializeToString()))  # not that ward's to say
    assert desk.pictures.lacking(WARD) == (1, 0)
    desk.hear((cameras.topic("replies"), none.SerializeToString()))
    assert desk.pictures.lacking(WARD) == (0, 1)
    assert not any(turn(desk, cameras, 1000, step=5))


def test_a_ticket_is_good_once_soon_and_for_its_own_picture(desk: Desk, cameras: ScriptedWard) -> None:
    cameras.write(proof(1, picture(1)), CAMERA, "camera")
    hear(desk, cameras)
    requests = (each[0][1] for each in turn(desk, cameras, 2000) if each)
    with pytest.raises(TicketError) as refused:
        bring(desk, next(requests), picture(1), ward="thach-thang")
    assert refused.value.refusal is Refusal.FOREIGN
    with pytest.raises(TicketError) as refused:
        bring(desk, next(requests), picture(2))
    assert refused.value.refusal is Refusal.FOREIGN
    late = next(requests)
    desk.clock.advance(TICKET_SECONDS)
    with pytest.raises(TicketError) as refused:
        bring(desk, late, picture(1))
    assert refused.value.refusal is Refusal.EXPIRED
    good = next(requests)
    bring(desk, good, picture(1))
    with pytest.raises(TicketError) as refused:
        bring(desk, good, picture(1))
    assert refused.value.refusal is Refusal.UNKNOWN
    counts = desk.pictures.counts
    assert counts[WARD].refused == {"ticket_foreign": 1, "ticket_expired": 1, "ticket_unknown": 1}
    assert counts["thach-thang"].refused == {"ticket_foreign": 1}
    assert list((desk.folder / "pictures").rglob("*.jpg")) == [
        desk.folder / "pictures" / WARD / name_of(picture(1)).hex()[:2] / f"{name_of(picture(1)).hex()}.jpg"
    ]


@pytest.mark.parametrize(
    ("data", "named", "code"),
    [
        (picture(2), name_of(picture(1)), "picture_not_the_one"),
        (b"<html>", name_of(b"<html>"), "no_picture"),
        (made(60_000, 60_000), name_of(made(60_000, 60_000)), "no_picture"),
    ],
)
def test_a_wrong_hash_and_a_bomb_are_refused_and_counted(
    desk: Desk, cameras: ScriptedWard, data: bytes, named: bytes, code: str
) -> None:
    body = ReplayProof(recorder="nvr-1", camera=CAMERA, asked_us=1, shown_us=1, decoded=True, proves=True)
    cameras.write(pack(body, (named,)), CAMERA, "camera")
    hear(desk, cameras)
    ((_, request),) = next(turn(desk, cameras, 0.5))
    errand = desk.pictures.admit(request.send_picture.ticket, Brought(WARD, CAMERA, named))
    with pytest.raises(PictureRefusedError) as refused:
        desk.pictures.take(errand, named, data, None)
    assert refused.value.code == code
    assert desk.pictures.counts[WARD].refused == {code: 1}
    assert desk.site.picture(WARD, named) is None
    assert desk.pictures.lacking(WARD) == (1, 0)  # and it is asked for again


def test_a_picture_that_the_disk_lost_is_asked_for_after_the_next_start(desk: Desk, cameras: ScriptedWard) -> None:
    cameras.write(proof(1, picture(1)), CAMERA, "camera")
    hear(desk, cameras)
    ((_, request),) = next(turn(desk, cameras, 0.5))
    bring(desk, request, picture(1))
    (file,) = (desk.folder / "pictures").rglob("*.jpg")
    file.write_bytes(b"other")
    assert desk.site.picture(WARD, name_of(picture(1))) is None
    desk.start()
    ((_, again),) = [each for turned in turn(desk, cameras, 2) for each in turned]
    bring(desk, again, picture(1))
    assert desk.site.picture(WARD, name_of(picture(1))) == picture(1)


def test_thumbnails_come_once_a_minute_and_every_few_seconds_while_somebody_looks(
    desk: Desk, cameras: ScriptedWard
) -> None:
    def rounds(seconds: float, look: bool) -> int:
        times = 0
        for number, _ in enumerate(turn(desk, cameras, seconds)):
            if look and number % 10 == 0:
                desk.site.thumbnail(WARD, CAMERA)
            for _, request in asked(desk, thumbnails=True):
                times += 1
                bring(desk, request, picture(times % 7), taken_us=desk.clock.wall_us())
        return times

    assert rounds(10 * IDLE_SECONDS, look=False) == 10
    assert 55 <= rounds(300, look=True) <= 62
    rounds(LOOK_SECONDS, look=False)
    assert rounds(10 * IDLE_SECONDS, look=False) in (10, 11)
    newest = desk.site.thumbnail(WARD, CAMERA)
    shown = desk.site.device(WARD, CAMERA).thumbnail
    assert newest is not None and newest.name == shown
    assert desk.site.device(WARD, "nvr-1").thumbnail is None


def test_a_camera_that_brings_none_is_asked_less_and_less_often(desk: Desk, cameras: ScriptedWard) -> None:
    count = 0
    for _ in turn(desk, cameras, 3600, step=2):
        count += len(asked(desk, thumbnails=True))
    assert 5 <= count <= 12


def test_a_thumbnail_from_tomorrow_is_of_now_and_one_that_is_too_large_is_none(
    desk: Desk, cameras: ScriptedWard
) -> None:
    def next_question() -> wire.Request:
        for _ in turn(desk, cameras, 3 * IDLE_SECONDS):
            for _, request in asked(desk, thumbnails=True):
                return request
        raise AssertionError("no thumbnail was asked for")

    bring(desk, next_question(), picture(1), taken_us=desk.clock.wall_us() + DAY_US)
    shown = desk.site.device(WARD, CAMERA).thumbnail
    assert shown is not None and shown.taken_us == desk.clock.wall_us()
    with pytest.raises(PictureRefusedError, match="bytes"):
        bring(desk, next_question(), made(320, 180, bytes(300_000)))


def test_of_each_condition_the_newest_picture_is_shown(desk: Desk, cameras: ScriptedWard) -> None:
    for number, condition in enumerate(("blurred", "covered", "blurred")):
        body = PictureSeen(camera=CAMERA, condition=condition, score=0.9, seen_us=number)
        cameras.write(pack(body, (name_of(picture(number)),)), CAMERA, "camera")
    hear(desk, cameras)
    shown = {each.body.condition: each.body.seen_us for each in desk.site.evidence(WARD, CAMERA).pictures}
    assert shown == {"blurred": 2, "covered": 1}


def test_what_a_later_version_wrote_or_is_of_another_camera_is_passed_over(desk: Desk, cameras: ScriptedWard) -> None:
    cameras.write(Evidence("of_2030", b'{"kind":"of_2030"}', (name_of(picture(1)),)), CAMERA, "camera")
    cameras.write(coverage(Verdict.MET), "nvr-1", "recorder")
    cameras.write(coverage(Verdict.MET), CAMERA, "camera")
    hear(desk, cameras)
    assert desk.site.evidence(WARD, CAMERA).coverage is not None
    assert desk.site.evidence(WARD, "nvr-1").coverage is None
    assert next(turn(desk, cameras, 0.5))  # its picture is kept all the same


def test_proofs_are_those_of_sixty_days(desk: Desk, cameras: ScriptedWard) -> None:
    cameras.write(proof(1), CAMERA, "camera")
    cameras.write(proof(2), CAMERA, "camera", seconds=30 * 86_400)
    hear(desk, cameras)
    desk.clock.advance(60 * 86_400)
    desk.start()
    assert [each.body.asked_us for each in desk.site.evidence(WARD, CAMERA).proofs] == [2]
