"""What the judges say of drawn scenes: each condition for itself, and nothing of a scene that is well."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera.picture.conditions import RAISED, PictureCondition
from camera.picture.judge import judge, judge_one
from camera.picture.movement import Alignment, movement
from camera.picture.picture import Area, Picture, Plane
from camera.picture.stillness import longest_still_seconds, steps
from tests.camera.picture.scenes import HEIGHT, WIDTH, film, picture, scene

SCENE = scene()


def raised(pictures: list[Picture], reference: Picture | None = None) -> set[str]:
    return {str(condition) for condition, score in judge(pictures, reference).items() if score >= RAISED}


def covered_by(image: Plane, share: float, colour: tuple[int, int, int]) -> Plane:
    hidden = image.copy()
    hidden[:, : int(share * WIDTH)] = colour
    return hidden


def test_a_scene_that_is_well_raises_nothing() -> None:
    assert raised(film(SCENE), picture(SCENE)) == set()


def test_a_dim_and_colourless_night_raises_nothing() -> None:
    night = (cv2.cvtColor(SCENE, cv2.COLOR_BGR2GRAY).astype(np.float32) * 0.35 + 8).astype(np.uint8)
    assert raised(film(cv2.cvtColor(night, cv2.COLOR_GRAY2BGR), noise=5.0)) == set()


BAD: dict[str, Plane] = {
    "black": (SCENE // 80),
    "overexposed": np.clip(SCENE.astype(np.int32) * 4, 0, 255).astype(np.uint8),
    "blurred": cv2.GaussianBlur(SCENE, (0, 0), 0.015 * WIDTH),
    "covered": covered_by(SCENE, 0.87, (40, 44, 50)),
    "discoloured": SCENE * np.array([1, 1, 0], dtype=np.uint8),
    "signal_lost": np.full_like(SCENE, (160, 40, 10)),
}


@pytest.mark.parametrize("condition", BAD)
def test_each_condition_is_raised_alone(condition: str) -> None:
    assert raised(film(BAD[condition])) == {condition}


def test_noise_that_hides_faces_is_noisy_and_a_cameras_usual_noise_is_not() -> None:
    assert raised(film(SCENE, noise=30.0)) == {"noisy"}
    assert raised(film(SCENE, noise=6.0)) == set()


def test_bars_are_a_lost_signal_and_so_is_a_card_with_words() -> None:
    bars = np.zeros_like(SCENE)
    colours = [
        (235, 235, 235),
        (16, 235, 235),
        (235, 235, 16),
        (16, 235, 16),
        (235, 16, 235),
        (16, 16, 235),
        (235, 16, 16),
    ]
    for number, colour in enumerate(colours):
        bars[:, number * WIDTH // 7 :] = colour
    words = np.full_like(SCENE, (120, 20, 20))
    cv2.putText(words, "NO SIGNAL", (WIDTH // 3, HEIGHT // 2), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 2)
    assert raised(film(bars, noise=0.5)) >= {"signal_lost"}
    assert raised(film(words, noise=0.5)) >= {"signal_lost"}


def test_a_clock_that_stays_sharp_does_not_hide_a_lens_out_of_focus() -> None:
    soft = cv2.GaussianBlur(SCENE, (0, 0), 0.016 * WIDTH)
    cv2.putText(soft, "25-11-2026 09:14:07", (10, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
    assert raised(film(soft)) == {"blurred"}


# ---- frozen ---------------------------------------------------------------------------------------------------


def still(seconds: float, clock: bool) -> list[Picture]:
    made = []
    for number in range(int(seconds / 0.5) + 1):
        image = SCENE.copy()
        if clock:
            cv2.rectangle(image, (8, 8), (170, 32), (0, 0, 0), -1)
            text = f"09:14:{number / 2:04.1f}"
            cv2.putText(image, text, (10, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
        made.append(picture(image, number * 0.5, noise=0.0))
    return made


@pytest.mark.parametrize("clock", [False, True], ids=["alone", "behind a clock that runs"])
def test_a_picture_that_stands_is_frozen(clock: bool) -> None:
    assert raised(still(6.0, clock)) == {"frozen"}
    assert "frozen" not in raised(still(2.0, clock))


def test_a_clock_that_stands_over_a_picture_that_runs_is_not_a_frozen_picture() -> None:
    made = []
    for number in range(13):
        image = np.roll(SCENE, number * 6, axis=1)
        cv2.rectangle(image, (8, 8), (170, 32), (0, 0, 0), -1)
        cv2.putText(image, "09:14:07", (10, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
        made.append(picture(image, number * 0.5, noise=1.0))
    assert "frozen" not in raised(made)


def test_what_hides_the_scene_is_told_and_not_that_it_stands_still() -> None:
    hidden = covered_by(SCENE, 0.87, (40, 44, 50))
    assert raised([picture(hidden, number * 0.5, noise=0.0) for number in range(13)], picture(SCENE)) == {"covered"}


def test_an_empty_room_at_night_is_not_frozen_while_its_sensor_lives() -> None:
    assert longest_still_seconds(steps(film(SCENE, 10.0, noise=1.5))) == 0.0


# ---- moved ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "is_moved"), [(0.0, False), (0.03, False), (0.22, True), (-0.3, True)])
def test_a_view_that_shifted_by_a_fifth_is_moved_and_one_that_trembled_is_not(share: float, is_moved: bool) -> None:
    image = np.roll(SCENE, int(share * WIDTH), axis=1)
    assert ("moved" in raised(film(image), picture(SCENE))) is is_moved


def test_a_turned_camera_is_moved_and_its_shift_is_told() -> None:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 25, 1.0)
    found = movement(picture(SCENE), picture(cv2.warpAffine(SCENE, turn, (WIDTH, HEIGHT)), 1.0))
    assert found.alignment is Alignment.SHIFTED
    assert 0.15 < found.shift < 0.35


def test_another_place_that_stands_still_is_moved() -> None:
    assert "moved" in raised(film(scene(99)), picture(SCENE))


def test_people_in_front_of_the_scene_do_not_move_the_camera() -> None:
    image = SCENE.copy()
    image[60:, 200:420] = scene(5)[60:, 200:420]
    assert "moved" not in raised(film(image), picture(SCENE))


# ---- masks and bad input --------------------------------------------------------------------------------------


def test_what_is_masked_is_not_judged() -> None:
    """A tree in the wind over a picture that stands: frozen only where the tree is masked."""
    made = []
    for number in range(13):
        image = SCENE.copy()
        image[:, WIDTH // 2 :] = np.roll(scene(3), number * 11, axis=0)[:, WIDTH // 2 :]
        made.append(image)
    tree = (Area(0.5, 0.0, 0.5, 1.0),)
    seen = [picture(image, number * 0.5, 0.0) for number, image in enumerate(made)]
    masked = [picture(image, number * 0.5, 0.0, tree) for number, image in enumerate(made)]
    assert "frozen" not in raised(seen)
    assert "frozen" in raised(masked)


def beside(left: Plane, right: Plane, share: float) -> Plane:
    """`left` over that share of the width, `right` over the rest."""
    made = right.copy()
    made[:, : int(share * WIDTH)] = left[:, : int(share * WIDTH)]
    return made


def with_strip(image: Plane, strip: Plane) -> Plane:
    """As a camera or recorder writes its clock over the top of it."""
    made = image.copy()
    made[: HEIGHT // 9] = strip[: HEIGHT // 9]
    return made


STRIP = np.full_like(SCENE, (200, 200, 200))
cv2.putText(STRIP, "25-11-2026 09:14:07 Sanh cho 01", (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2)
AT_TOP, AT_LEFT, AT_RIGHT = Area(0.0, 0.0, 1.0, 0.12), Area(0.0, 0.0, 0.56, 1.0), Area(0.6, 0.0, 0.4, 1.0)
WHITE, CLOTH = np.full_like(SCENE, 255), np.full_like(SCENE, (40, 44, 50))
GREY = cv2.cvtColor(cv2.cvtColor(SCENE, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
NOISE = np.clip(SCENE + np.random.default_rng(4).normal(0, 30, SCENE.shape), 0, 255).astype(np.uint8)
BAR_COLOURS = [(235, 235, 235), (16, 235, 235), (235, 16, 16), (16, 16, 235), (235, 90, 50), (16, 200, 120)]
BARS = np.repeat(np.array(BAR_COLOURS, dtype=np.uint8)[np.newaxis, np.arange(WIDTH) * 12 // WIDTH % 6], HEIGHT, axis=0)
# What is seen, what is masked of it, and whether the condition holds of what is left: of the whole it is the other way.
MASKED: dict[str, tuple[list[Plane], Area, bool]] = {
    "black": ([with_strip(SCENE // 80, STRIP)], AT_TOP, True),
    "overexposed": ([beside(WHITE, SCENE, 0.55)], AT_LEFT, False),
    "blurred": ([beside(SCENE, cv2.GaussianBlur(SCENE, (0, 0), 0.016 * WIDTH), 0.5)], AT_LEFT, True),
    "covered": ([beside(CLOTH, SCENE, 0.52)], AT_RIGHT, True),
    "frozen": ([beside(np.roll(scene(3), number * 11, axis=0), SCENE, 0.5) for number in range(13)], AT_LEFT, True),
    "moved": ([beside(np.roll(SCENE, int(0.22 * WIDTH), axis=1), SCENE, 0.8)], Area(0.0, 0.0, 0.82, 1.0), False),
    "noisy": ([beside(SCENE, NOISE, 0.45)], AT_LEFT, True),
    "discoloured": ([beside(GREY, np.clip(GREY * [0.45, 0.8, 1.0], 0, 255).astype(np.uint8), 0.4)], AT_LEFT, True),
    "signal_lost": ([with_strip(np.full_like(SCENE, (160, 40, 10)), STRIP)], AT_TOP, True),
    "signal_lost by bars": ([beside(SCENE, BARS, 0.5)], AT_LEFT, True),
}  # fmt: skip


@pytest.mark.parametrize("case", MASKED)
def test_no_judge_looks_at_what_is_masked(case: str) -> None:
    images, mask, holds = MASKED[case]
    noise, condition = (0.0 if case == "frozen" else 1.0), case.partition(" ")[0]

    def seen(masked: tuple[Area, ...]) -> bool:
        shown = [picture(image, number * 0.5, noise, masked) for number, image in enumerate(images)]
        return condition in raised(shown, picture(SCENE) if case == "moved" else None)

    assert (seen((mask,)), seen(())) == (holds, not holds)


@pytest.mark.parametrize("image", [SCENE, *BAD.values(), BARS, NOISE], ids=["well", *BAD, "bars", "noisy"])
def test_a_mask_over_nothing_changes_no_score(image: Plane) -> None:
    plain, masked = (judge_one(picture(image, masked=area)) for area in ((), (Area(0.0, 0.0, 0.0, 0.0),)))
    assert masked == pytest.approx(plain, abs=0.001)


def test_of_a_wide_picture_whose_middle_is_masked_the_noise_is_that_of_its_sides() -> None:
    wide = np.hstack([NOISE, SCENE, SCENE, NOISE])
    middle = (Area(0.24, 0.0, 0.52, 1.0),)
    assert "noisy" in raised([picture(wide, masked=middle)])
    assert "noisy" not in raised([picture(wide)])


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(8, 200).map(lambda half: 2 * half),
    height=st.integers(8, 150).map(lambda half: 2 * half),
    fill=st.sampled_from(["zeros", "full", "random", "grey"]),
    seed=st.integers(0, 2**32 - 1),
    masked=st.sampled_from([(), (Area(0.1, 0.2, 0.5, 0.7),), (Area(0.0, 0.0, 1.0, 1.0),)]),
)
def test_no_picture_of_any_size_makes_a_judge_fail_or_leave_its_scale(
    width: int, height: int, fill: str, seed: int, masked: tuple[Area, ...]
) -> None:
    chance = np.random.default_rng(seed)
    planes = []
    for rows, columns in ((height, width), (height // 2, width // 2), (height // 2, width // 2)):
        made = {"zeros": 0, "full": 255, "grey": 128}.get(fill)
        shape = (rows, columns)
        planes.append(
            chance.integers(0, 256, shape, dtype=np.uint8) if made is None else np.full(shape, made, dtype=np.uint8)
        )
    one = Picture(*planes, 0.0, masked)
    scores = {**judge_one(one), **judge([one, one, one], one)}
    assert set(scores) == set(PictureCondition)
    assert all(0.0 <= score <= 1.0 for score in scores.values())


def test_no_picture_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="no picture"):
        judge([])


def test_a_stream_that_changes_its_size_is_neither_frozen_nor_a_failure() -> None:
    small = picture(cv2.resize(SCENE, (320, 240)), 0.5)
    assert "frozen" not in raised([picture(SCENE), small, picture(SCENE, 1.0)])
