"""What befalls a camera's view is what the ward's judges of pictures see in it, after the encoder, and nothing else."""

from __future__ import annotations

import random

import av
import pytest

from camera.picture.judge import judge
from camera.picture.picture import Area, Picture
from simulator import faults
from simulator.scene.lens import CLEAR, Lens
from simulator.scene.office import VIEWS
from simulator.services.rtsp import RtspService
from simulator.video.film import MAIN, SUB, ClockStrip, Film, Quality
from simulator.video.splice import annexb
from tests.simulator.conftest import Lived

STRIP = Area(0.0, 656 / 720, 1.0, 64 / 720)  # what the camera writes into its picture is masked, as in a real ward


def pictures(scene: str, lens: Lens, quality: Quality) -> list[Picture]:
    """Four pictures of one second, decoded."""
    view = VIEWS[scene]("Camera quầy 1", "Quầy 1", random.Random("view"))
    film, strip = Film(view, quality, lens), ClockStrip(view.name, quality)
    codec = av.CodecContext.create("h264", "r")
    found = []
    for index, scenery in enumerate(film.group(0)[:19]):
        shown = strip.slice(index * 40_000, keyframe=index == 0)
        units = [*(film.parameter_sets() if index == 0 else ()), scenery, shown]
        frames = codec.decode(av.Packet(annexb(units)))
        if index % 6 == 0:
            found += [Picture.from_frame(frame, index * 0.04, (STRIP,)) for frame in frames]
    return found


@pytest.mark.parametrize("scene", VIEWS)
@pytest.mark.parametrize("quality", [MAIN, SUB], ids=["main", "sub"])
@pytest.mark.parametrize(
    ("lens", "seen"),
    [
        (CLEAR, set()),
        (Lens(covered=True), {"covered"}),
        (Lens(blurred=True), {"blurred"}),
        (Lens(moved=True), {"moved"}),
        (Lens(dark=True), {"black"}),
    ],
    ids=["clear", "covered", "blurred", "moved", "dark"],
)
def test_each_fault_is_seen_as_what_it_is(scene: str, quality: Quality, lens: Lens, seen: set[str]) -> None:
    reference = pictures(scene, CLEAR, quality)[0]
    scores = judge(pictures(scene, lens, quality), reference)
    assert {condition.value for condition, score in scores.items() if score >= 0.5} == seen, scores


async def test_a_fault_of_the_view_changes_both_streams_and_is_mended(lived: Lived) -> None:
    service = lived.simulation.devices["cam-1"].service
    assert isinstance(service, RtspService)
    streams = service.camera.streams.values()
    clear = [stream.film for stream in streams]
    for name in ("camera-cover", "camera-blur", "camera-move", "camera-dark"):
        faults.switch(lived.ward, name, "cam-1", True)
        lived.simulation.show()
        assert all(stream.film is not film for stream, film in zip(streams, clear, strict=True)), name
        kept = [stream.film for stream in streams]
        lived.simulation.show()
        assert [stream.film for stream in streams] == kept, "made once"
        faults.switch(lived.ward, name, "cam-1", False)
        lived.simulation.show()
        assert [stream.film for stream in streams] == clear, name


def test_a_snapshot_is_seen_through_the_same_lens() -> None:
    view = VIEWS["hall"]("Camera", "Sảnh", random.Random("view"))
    dark, clear = (Film(view, SUB, lens).snapshot(0, 0) for lens in (Lens(dark=True), CLEAR))
    assert len(dark) < len(clear) / 2
