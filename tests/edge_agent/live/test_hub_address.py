"""A stream goes to the ward's own hub and nowhere else."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from edge_agent.live.hub_address import Hub, HubAddressError

HUB = Hub("https://hub.example")
CLAIM = {"ticket": "a+b/c=&d", "ward": "w-1", "device": "cam-1", "stream": "main"}


@pytest.mark.parametrize(
    ("hub", "asked", "expected"),
    [
        ("https://hub.example", "/live/publish", "wss://hub.example/live/publish"),
        ("https://hub.example:8443/", "/live/publish", "wss://hub.example:8443/live/publish"),
        ("http://127.0.0.1:8000", "/live/publish", "ws://127.0.0.1:8000/live/publish"),
        ("https://hub.example", "wss://hub.example/other", "wss://hub.example/other"),
        ("https://hub.example", "wss://hub.example:443/other", "wss://hub.example:443/other"),
    ],
)
def test_the_address_is_made_of_the_hub_s_and_what_was_asked(hub: str, asked: str, expected: str) -> None:
    url, _, query = Hub(hub).stream_url(asked, **CLAIM).partition("?")
    assert url == expected
    assert {name: values[0] for name, values in parse_qs(query).items()} == CLAIM


@pytest.mark.parametrize(
    "asked",
    [
        "wss://elsewhere.example/live/publish",
        "//elsewhere.example/live",
        "ws://hub.example/live/publish",
        "wss://hub.example:444/live",
        "wss://user:pass@hub.example/live",
        "file:///etc/passwd",
        "/live/publish?ticket=other",
        "/live#x",
        "https://hub.example@elsewhere.example/",
    ],
)
def test_another_place_is_refused(asked: str) -> None:
    with pytest.raises(HubAddressError):
        HUB.stream_url(asked, **CLAIM)


def test_an_address_that_is_none_is_refused() -> None:
    for asked in ("wss://hub.example:x/", "wss://[::1/"):
        with pytest.raises(ValueError, match=r".+"):
            HUB.stream_url(asked, **CLAIM)
    assert urlsplit(HUB.stream_url("", **CLAIM)).path == "/"
