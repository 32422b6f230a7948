"""Topics are taken apart and put together, and only ours are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.kinds import is_id
from telemetry.topics import Topic, What, all_wards, parse

IDS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)


@given(IDS, IDS, st.sampled_from(What))
def test_a_topic_taken_apart_and_put_together_is_the_same(district: str, ward: str, what: What) -> None:
    assert parse(str(Topic(district, ward, what))) == Topic(district, ward, what)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "wardwatch/1/hai-chau/hc1",
        "wardwatch/2/hai-chau/hc1/status",
        "wardwatch/1/hai-chau/hc1/status/more",
        "wardwatch/1/Hai-Chau/hc1/status",
        "wardwatch/1/hai-chau/+/status",
        "wardwatch/1/hai-chau/hc1/else",
        "wardwatch/1/hai-chau//status",
    ],
)
def test_a_topic_that_is_not_ours_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="not"):
        parse(topic)


@given(st.text(max_size=80))
def test_any_text_is_a_topic_or_a_value_error(text: str) -> None:
    try:
        topic = parse(text)
    except ValueError:
        return
    assert str(topic) == text


def test_the_filter_for_all_wards_stands_where_the_ward_does() -> None:
    assert all_wards("hai-chau", What.STATUS) == "wardwatch/1/hai-chau/+/status"


@pytest.mark.parametrize(
    ("text", "ours"),
    [("cam-1", True), ("1", True), ("", False), ("-a", False), ("A", False), ("a" * 64, False), ("a\n", False)],
)
def test_an_id_is_short_plain_and_lower_case(text: str, ours: bool) -> None:
    assert is_id(text) is ours
