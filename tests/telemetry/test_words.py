"""Commands speak to people in their language, by their room's catalogue and the shared one beneath it."""

from __future__ import annotations

import pytest

from telemetry.configuration.words import Words, language_of


@pytest.mark.parametrize(
    ("asked", "environment", "language"),
    [
        (None, {}, "vi"),
        (None, {"LANG": "C.UTF-8"}, "vi"),
        (None, {"LANG": "en_GB.UTF-8"}, "en"),
        (None, {"LANG": "en_GB.UTF-8", "LC_ALL": "vi_VN.UTF-8"}, "vi"),
        ("en", {"LANG": "vi_VN.UTF-8"}, "en"),
    ],
)
def test_people_are_spoken_to_in_their_language(asked: str | None, environment: dict[str, str], language: str) -> None:
    assert language_of(asked, environment) == language


def test_a_room_s_own_text_comes_first_and_the_shared_one_where_it_has_none() -> None:
    agent = Words("en", "edge_agent")
    assert agent.say("check.summary", good=1, total=2) == "1 of 2 devices answer."
    assert agent.say("configuration.bad", count=3) == Words("en").say("configuration.bad", count=3)


def test_a_text_that_nobody_has_is_a_defect_and_a_name_that_nobody_knows_is_said_as_it_is() -> None:
    words = Words("vi")
    assert words.name("kind.printer") == "Máy in"
    assert words.name("kind.teleporter") == "teleporter"
    for key in ("kind.teleporter", "kind", "kind.printer.more"):
        with pytest.raises(KeyError):
            words.say(key)
