"""Fragmented MP4 as a real player reads it: ffprobe and ffmpeg count and decode every frame."""

from __future__ import annotations

import itertools
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.live import fmp4
from dashboards.console.live.h264 import BitstreamError, ParameterSets, chroma_and_depth, nal_spans, parameter_sets
from telemetry.live import Frame, LiveNoteType, decode_note, encode_ack, encode_frame
from tests.dashboards.live.camera import GOP, STEP_US, Film, film
from tests.dashboards.live.conftest import Stage, Watcher

Start = Callable[..., Stage]


def messages(watcher: Watcher, until: int) -> Iterator[tuple[int, int, bytes]]:
    """Sequence, flags and bytes of an MSE viewer's messages up to a sequence; notes go to the watcher."""
    sequence = -1
    while sequence < until:
        message = watcher.receive()
        if isinstance(message, str):
            watcher.notes.append(decode_note(message))
            continue
        sequence, flags = struct.unpack_from(">II", message)
        if not flags & 1:
            watcher.send(encode_ack(sequence))
        yield sequence, flags, message[8:]


def boxes(data: bytes) -> list[str]:
    """The top level of an MP4."""
    found = []
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append(kind.decode())
        at += size
    assert at == len(data)
    return found


def probe(ffprobe: str, file: Path) -> list[str]:
    command = [ffprobe, "-v", "error", "-count_frames", "-select_streams", "v:0"]
    command += ["-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.strip().split(",")


def decode(ffmpeg: str, file: Path) -> None:
    command = [ffmpeg, "-v", "error", "-xerror", "-err_detect", "explode", "-i", str(file), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_viewer_by_mse_gets_an_init_segment_and_a_fragment_for_each_frame_that_decode(
    stage: Start, peer: Callable[[str], str], tmp_path: Path
) -> None:
    live = stage()
    watcher = live.watch("?mode=mse")
    live.published().play(live.film, 0, 40)
    got = list(messages(watcher, 39))
    assert [flags for _, flags, _ in got[:3]] == [1, 2, 0]
    assert boxes(got[0][2]) == ["ftyp", "moov"]
    assert all(boxes(each) == ["moof", "mdat"] for _, _, each in got[1:])
    assert [sequence for sequence, _, _ in got[1:]] == list(range(40))
    assert [sequence for sequence, flags, _ in got[1:] if flags & 2] == list(range(0, 40, GOP))
    assert [(each.type, each.codec, each.width) for each in watcher.notes] == [
        (LiveNoteType.STREAM, live.film.codec, live.film.width)
    ]
    file = tmp_path / "seen.mp4"
    file.write_bytes(b"".join(each for _, _, each in got))
    assert probe(peer("ffprobe"), file) == ["h264", "160", "96", "40"]
    decode(peer("ffmpeg"), file)


def test_a_tile_by_mse_and_one_who_comes_late_decode_too(
    stage: Start, peer: Callable[[str], str], tmp_path: Path
) -> None:
    live = stage()
    live.watch(stream="sub")
    publisher = live.published()
    publisher.play(live.film, 0, GOP + 6)
    late = live.watch("?mode=mse", stream="sub")
    first = late.receive()
    assert isinstance(first, str)
    publisher.play(live.film, GOP + 6, 40)
    got = list(messages(late, 39))
    assert got[0][1] == 1
    assert (got[1][0], got[1][1]) == (GOP + 5, 2)  # the kept keyframe group in one message
    assert boxes(got[1][2]) == ["moof", "mdat"] * 6
    file = tmp_path / "seen.mp4"
    file.write_bytes(b"".join(each for _, _, each in got))
    assert probe(peer("ffprobe"), file) == ["h264", "160", "96", str(40 - GOP)]
    decode(peer("ffmpeg"), file)


def test_a_change_of_size_and_a_new_publisher_bring_a_new_init_segment_on_a_timeline_that_goes_on(
    stage: Start,
) -> None:
    live = stage(ask_seconds=0.1)
    watcher = live.watch("?mode=mse")
    publisher = live.published()
    publisher.play(live.film, 0, GOP)
    larger = film(320, 192)
    publisher.send(larger.note)
    publisher.play(larger, GOP, 2 * GOP)
    got = list(messages(watcher, 2 * GOP - 1))
    asked = len(live.ward.asked)
    publisher.close()
    again = live.publish(live.ward.question(asked))
    again.send(larger.note)
    again.play(larger, 0, GOP)
    got += messages(watcher, GOP - 1)
    inits = [at for at, (_, flags, _) in enumerate(got) if flags & 1]
    assert inits == [0, GOP + 1]  # the third stream is the second's again
    assert [(each.width, each.height) for each in watcher.notes] == [(160, 96), (320, 192)]
    times = [decode_time(each) for _, flags, each in got if not flags & 1]
    steps = [after - before for before, after in itertools.pairwise(times)]
    assert set(steps) == {STEP_US * 9 // 100}


def decode_time(segment: bytes) -> int:
    """Of its first fragment: tfdt, version 1."""
    at = segment.index(b"tfdt")
    return int(struct.unpack_from(">Q", segment, at + 8)[0])


def test_nothing_is_muxed_while_nobody_watches_by_mse(stage: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    muxed = []
    real = fmp4.sample_of
    monkeypatch.setattr(fmp4, "sample_of", lambda data, at=0: muxed.append(1) or real(data, at))
    live = stage()
    watchers = [live.watch() for _ in range(2)]
    publisher = live.published()
    publisher.play(live.film, 0, 5)
    assert not muxed
    by_mse = [live.watch("?mode=mse") for _ in range(3)]
    for each in by_mse:
        list(messages(each, 4))
    publisher.play(live.film, 5, 8)
    for each in by_mse:
        list(messages(each, 7))
    assert len(muxed) == 8  # once for each frame, however many watch
    assert len(watchers[0].frames(8)) == 8


def mixed_keyframe(shown: Film) -> Frame:
    """A keyframe with an AUD before and an SEI behind it, start codes of three and four bytes, a zero at its end."""
    unit = shown.units[0][0]
    return Frame(0, 0, True, False, b"\0\0\0\1\x09\x10" + unit + b"\0\0\1\x06\x05\x01\x00\x80\0")


def test_samples_hold_lengths_for_start_codes_and_no_parameter_sets() -> None:
    frame = mixed_keyframe(film())
    sample = fmp4.sample_of(encode_frame(frame), 20)
    kinds = []
    at = 0
    while at < len(sample):
        (size,) = struct.unpack_from(">I", sample, at)
        kinds.append(sample[at + 4] & 0x1F)
        at += 4 + size
    assert at == len(sample)
    assert kinds[-1] == 6
    assert 5 in kinds
    assert not {7, 8, 9} & set(kinds)


@given(units=st.lists(st.binary(min_size=1, max_size=30), max_size=6), long=st.booleans())
def test_nal_units_are_found_wherever_they_lie(units: list[bytes], long: bool) -> None:
    # A NAL unit never ends in zero nor holds a start code (7.4.1): that is what emulation prevention is for.
    units = [unit.replace(b"\0\0", b"\0\3").rstrip(b"\0") or b"\x41" for unit in units]
    code = b"\0\0\0\1" if long else b"\0\0\1"
    data = b"head" + b"".join(code + unit for unit in units)
    assert [data[begin:end] for _, begin, end in nal_spans(data, 4)] == units


@given(st.binary(max_size=200))
def test_garbage_has_no_parameter_sets_or_ones_that_are_checked(data: bytes) -> None:
    try:
        sets = parameter_sets(data)
        fmp4.init_segment(sets, 640, 360)
    except BitstreamError:
        return
    assert sets.codec.startswith("avc1.")


def test_colours_are_told_for_the_profiles_that_have_them() -> None:
    sets = parameter_sets(film().units[0][0])
    assert sets.sps[0][1] == 100
    assert chroma_and_depth(sets.sps[0]) == (1, 0, 0)
    baseline = ParameterSets((b"\x67\x42\xc0\x1e\xd9",), (b"\x68\xce",))
    assert chroma_and_depth(baseline.sps[0]) is None
    with pytest.raises(BitstreamError):
        chroma_and_depth(b"\x67\x64\x00\x1f\x00\x00")
