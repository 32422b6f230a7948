"""What the virtual cameras show: a clock that can be read, scenery that the clock's slice leaves alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.scene import font
from simulator.scene.canvas import BLACK, Box, Canvas, Colour
from simulator.scene.clock_code import BLOCKS, DAY_MS, clock_bits, read_clock
from simulator.scene.office import LOOP, VIEWS, Picture, View
from simulator.scene.sprite import Sprites
from simulator.scene.strip import GROUND, HEIGHT, Strip
from simulator.video.film import GROUPS, MAIN, SUB, ClockStrip, Film, Quality
from simulator.video.splice import annexb, moved_to, nal_units
from simulator.video.x264 import GROUP

NOON_US = 1_790_000_000_000_000
PICTURE_US = 40_000


def view(scene: str = "counter") -> View:
    return VIEWS[scene]("Camera quầy 1", "Quầy 1", random.Random("view"))


def rows_of(frame: av.VideoFrame) -> list[bytes]:
    """Luma, row by row."""
    plane = frame.planes[0]
    data, step = bytes(plane), plane.line_size
    return [data[line * step : line * step + frame.width] for line in range(frame.height)]


def decoded(stream: bytes) -> Iterator[av.VideoFrame]:
    codec = av.CodecContext.create("h264", "r")
    for packet in [*codec.parse(stream), *codec.parse(b"")]:
        yield from codec.decode(packet)
    yield from codec.decode(None)


def played(film: Film, groups: int = 1, begin_us: int = NOON_US) -> bytes:
    """The stream as a camera sends it, clock and all."""
    strip, sent = ClockStrip(film.view.name, film.quality), b""
    for number in range(groups * GROUP):
        scenery = film.group(number // GROUP)[number % GROUP]
        first = number % GROUP == 0
        slices = [scenery, strip.slice(begin_us + number * PICTURE_US, keyframe=first)]
        sent += annexb([*(film.parameter_sets() if first else ()), *slices])
    return sent


@given(st.integers(min_value=0, max_value=DAY_MS - 1), st.sampled_from([1, 2, 4]))
def test_the_machines_clock_is_read_back_to_the_millisecond(milliseconds: int, scale: int) -> None:
    strip = Strip("Camera", scale)
    strip.show(milliseconds * 1000)
    above = [bytes(1280 // scale)] * ((720 - HEIGHT) // scale)
    assert read_clock(above + strip.canvas.rows()) == milliseconds


@given(st.integers(min_value=0, max_value=DAY_MS - 1), st.integers(min_value=0, max_value=BLOCKS - 1))
def test_one_wrong_block_is_noticed(milliseconds: int, block: int) -> None:
    bits = clock_bits(milliseconds)
    bits[block] = not bits[block]
    row = b"".join(bytes([235 if bit else 16]) * 16 for bit in bits) + bytes(1280 - BLOCKS * 16)
    assert read_clock([bytes(1280)] * 704 + [row] * 16) is None


@pytest.mark.parametrize("rows", [[], [b""], [bytes(64)] * 36, [bytes(1280)] * 720, [b"\xeb" * 1280] * 720])
def test_a_picture_without_a_clock_has_no_time(rows: list[bytes]) -> None:
    assert read_clock(rows) is None


def test_the_written_clock_is_the_wards_own_time() -> None:
    strip, other = Strip("Camera", 1), Strip("Camera", 1)
    strip.show(NOON_US)
    there = datetime.fromtimestamp(NOON_US / 1e6, UTC) + timedelta(hours=7)
    other.show(0)
    width = font.text_width("00:00:00 00/00") * 2
    expected = Canvas(1280, HEIGHT, 1, GROUND)
    expected.text(1280 - 16 - width, 4, f"{there:%H:%M:%S %d/%m}", Colour(224), 2)
    written, wanted = strip.canvas.rows(), expected.rows()
    for row in range(4, 30):
        assert [pixel > 100 for pixel in written[row][640:]] == [pixel > 100 for pixel in wanted[row][640:]]
    assert strip.canvas.rows() != other.canvas.rows()


def test_vietnamese_letters_have_their_marks() -> None:
    letters = [tuple(font.glyph(letter)) for letter in "AÀÁẢÃẠÂẦĂẮOÔƠỜUƯDĐEÊỆ"]
    assert len(set(letters)) == len(letters)
    assert font.glyph("ầ") == font.glyph("Ầ")
    assert font.glyph("☃") == font.glyph("?")


@pytest.mark.parametrize("quality", [MAIN, SUB])
def test_the_clock_advances_through_the_encoder_and_back(quality: Quality) -> None:
    frames = list(decoded(played(Film(view(), quality), groups=2)))
    assert {(frame.width, frame.height) for frame in frames} == {(quality.width, quality.height)}
    read = [read_clock(rows_of(frame)) for frame in frames]
    begins = NOON_US // 1000 % DAY_MS
    assert read == [begins + number * 40 for number in range(2 * GROUP)]


@pytest.mark.parametrize("scene", sorted(VIEWS))
@pytest.mark.parametrize("quality", [MAIN, SUB])
def test_scenery_and_clock_leave_each_other_alone(scene: str, quality: Quality) -> None:
    film = Film(view(scene), quality)
    # Two clocks as different as can be: where the scenery looked at the strip, the pictures would differ.
    one, other = (played(film, 2, begin_us) for begin_us in (NOON_US, NOON_US + 43_211_999_000))
    line = (720 - HEIGHT) // quality.scale
    strip = Strip(film.view.name, quality.scale)
    worst = 0
    for number, (first, second) in enumerate(zip(decoded(one), decoded(other), strict=True)):
        assert rows_of(first)[:line] == rows_of(second)[:line]
        drawn = strip.show(NOON_US + number * PICTURE_US).rows()
        for got, wanted in zip(rows_of(first)[line:], drawn, strict=True):
            worst = max(worst, *(abs(a - b) for a, b in zip(got, wanted, strict=True)))
    assert number == 2 * GROUP - 1
    assert worst < 60


@pytest.mark.parametrize("scene", sorted(VIEWS))
def test_something_moves_in_every_second_of_every_view(scene: str) -> None:
    picture = Picture(shown := view(scene), view(scene).background(2))
    seconds = [bytes(picture.show(number).planes[0]) for number in range(0, LOOP, GROUP)]
    assert len(set(seconds)) == GROUPS
    assert bytes(picture.show(LOOP).planes[0]) == seconds[0]  # no seam
    assert shown.name == "Camera quầy 1"


def test_a_still_second_shows_one_picture() -> None:
    film = Film(view(), SUB)
    strip = ClockStrip("Camera", SUB)
    slices = [[scenery, strip.slice(NOON_US, number == 0)] for number, scenery in enumerate(film.still(3))]
    stream = annexb(film.parameter_sets()) + b"".join(annexb(pair) for pair in slices)
    frames = [rows_of(frame) for frame in decoded(stream)]
    assert len(frames) == GROUP
    pairs = zip(b"".join(frames[0]), b"".join(frames[-1]), strict=True)
    changed = sum(abs(one - other) for one, other in pairs) / (SUB.width * SUB.height)
    print(f"mean change of a still picture: {changed:.2f} of 255")  # noqa: T201
    assert changed < 0.8


@pytest.mark.parametrize(("quality", "least", "most"), [(MAIN, 1.6e6, 2.3e6), (SUB, 320e3, 480e3)])
def test_the_rate_is_that_of_a_real_camera(quality: Quality, least: float, most: float) -> None:
    bits = len(played(Film(view("entrance"), quality), groups=3)) * 8 / 3
    assert least < bits < most


@given(st.binary(min_size=1, max_size=60), st.integers(min_value=0, max_value=8159))
def test_a_moved_slice_holds_the_same_bits(payload: bytes, macroblock: int) -> None:
    raw = bytes([0x80 | payload[0]]) + payload[1:] + b"\x80"
    guarded = _guarded(raw)
    moved = moved_to(b"\x41" + guarded, macroblock)
    bits = "".join(f"{byte:08b}" for byte in _unguarded(moved[1:]))
    zeros = len(bits) - len(bits.lstrip("0"))
    assert int(bits[zeros : 2 * zeros + 1], 2) - 1 == macroblock
    wanted = "".join(f"{byte:08b}" for byte in raw)[1:]
    assert bits[2 * zeros + 1 :].rstrip("0") == wanted.rstrip("0")
    assert not any(moved[at : at + 2] == b"\0\0" and moved[at + 2] < 3 for at in range(len(moved) - 2))


def test_a_slice_from_the_middle_of_a_picture_is_not_moved() -> None:
    with pytest.raises(ValueError, match="first macroblock"):
        moved_to(b"\x41\x40\x80", 5)


def test_nal_units_are_found_behind_both_start_codes() -> None:
    assert nal_units(b"\0\0\0\1\x67a\0\0\1\x68b\0\0\0\1\x65c\0") == [b"\x67a", b"\x68b", b"\x65c\0"]


def test_a_sprite_is_cut_off_at_the_edges_and_stays_in_its_rows() -> None:
    def draw(canvas: Canvas, _: int) -> Box:
        canvas.box(600, 100, 80, 40, Colour(200, 90, 160))
        return Box(600, 100, 80, 40)

    for shift in (-640, -580, 0, 580, 640, 5000):
        drawn, put = Canvas(1280, 720, 1, BLACK), Canvas(1280, 720, 1, BLACK)
        drawn.box(600 + shift, 100, 80, 40, Colour(200, 90, 160))
        Sprites(draw).put(put, 0, shift)
        assert put.planes == drawn.planes


def _guarded(raw: bytes) -> bytes:
    """Emulation prevention, byte by byte (7.4.1.1)."""
    out, zeros = bytearray(), 0
    for byte in raw:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def _unguarded(data: bytes) -> bytes:
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)
