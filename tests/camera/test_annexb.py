"""What a sequence parameter set says: real ones of x264, and bytes that are none."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera.relay.annexb import SPS, START_CODE, BitstreamError, nal_units, parameter_sets, picture_size
from tests.camera.conftest import Film
from tests.camera.peers import Footage

SIZES = [(128, 96), (176, 144), (130, 98), (640, 360), (704, 576), (1280, 720), (1920, 1080), (2688, 1520)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("profile", ["baseline", "main", "high", "high444"])
def test_the_size_of_what_x264_encodes_is_read_right(film: Film, width: int, height: int, profile: str) -> None:
    footage = Footage(width, height, seconds=0.04, profile=profile, kbps=4000)
    sets = parameter_sets(film(footage).read_bytes())
    assert sets is not None and (sets.width, sets.height) == (width, height)
    assert next(nal_units(sets.annexb))[0] == SPS and sets.annexb.startswith(START_CODE)


@pytest.mark.parametrize(
    ("extra", "profile"),
    [(":interlaced=1", "main"), (":cqm=jvt", "high"), (":bluray-compat=1:level=4.1", "high"), (":poc=0", "main")],
)
def test_other_shapes_of_parameter_sets_are_read_too(film: Film, extra: str, profile: str) -> None:
    preset = Footage(720, 576, seconds=0.08, profile=profile, extra=extra, kbps=2000)
    sets = parameter_sets(film(preset).read_bytes())
    assert sets is not None and (sets.width, sets.height) == (720, 576)


@pytest.mark.parametrize(
    ("sps", "size"),
    [
        # Parameter sets as cameras are known to send them: cropped 1080p, 4CIF, and one with a scaling matrix.
        ("674d0028e900a00b77fe00020003c4800000030080000018478b175", None),
        ("67640029acd940780227e5c044000003000400000300c83c60c658", (1920, 1080)),
    ],
)
def test_known_parameter_sets(sps: str, size: tuple[int, int] | None) -> None:
    data = bytes.fromhex(sps + "0" * (len(sps) % 2))
    if size is None:
        assert all(0 < side <= 16384 for side in picture_size(data))
    else:
        assert picture_size(data) == size


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_but_a_bitstream_error(data: bytes) -> None:
    for sps in (data, b"\x67" + data, b"\x67\x64\x00\x1f" + data):
        try:
            width, height = picture_size(sps)
            assert 0 < width <= 16384 and 0 < height <= 16384
        except BitstreamError as error:
            assert str(error)
    try:
        parameter_sets(START_CODE + b"\x67" + data + START_CODE + b"\x68\xee")
    except BitstreamError as error:
        assert str(error)


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8), st.booleans(), st.integers(0, 2**32))
def test_nal_units_are_found_as_they_were_put(units: list[bytes], short: bool, seed: int) -> None:
    """With emulation prevention, as any encoder has it: no start code within a unit, no zero at its end."""
    chance = random.Random(seed)
    proper = [bytes(byte or 7 for byte in unit) for unit in units]
    codes = [b"\0\0\1" if short and chance.random() < 0.5 else START_CODE for _ in proper]
    data = b"".join(code + unit for code, unit in zip(codes, proper, strict=True))
    assert [unit for _, unit in nal_units(data)] == proper


def test_a_parameter_set_without_its_partner_is_none() -> None:
    assert parameter_sets(b"") is None
    assert parameter_sets(START_CODE + b"\x68\xee\x3c\x80") is None
    assert parameter_sets(START_CODE + bytes.fromhex("67640029acd940780227e5c044000003000400000300c83c60c658")) is None
