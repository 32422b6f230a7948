"""The metric catalogue and the text catalogues are whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources

import pytest

from telemetry.catalogue import Metric, metrics
from telemetry.conditions import Severity
from telemetry.kinds import Kind
from telemetry.readings import ReasonCode


def catalogue(language: str) -> dict[str, object]:
    text = resources.files("telemetry").joinpath(f"texts/{language}.json").read_text(encoding="utf-8")
    loaded: dict[str, object] = json.loads(text)
    return loaded


def leaves(tree: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(tree, dict):
        for name, below in tree.items():
            yield from leaves(below, f"{path}.{name}" if path else name)
    else:
        yield path, tree


@pytest.mark.parametrize("metric", metrics().values(), ids=lambda metric: metric.name)
def test_a_metric_has_words_in_both_languages_and_a_dead_band_that_can_be(metric: Metric) -> None:
    assert metric.vi.strip()
    assert metric.en.strip()
    assert metric.dead_band >= 0
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)


def test_a_change_within_the_dead_band_is_no_news_and_beyond_it_is() -> None:
    absolute = Metric("t", "°C", 0.5, False, 1, "t", "t")
    assert not absolute.is_news(20.0, 20.5)
    assert absolute.is_news(20.0, 20.6)
    assert absolute.is_news(20.0, 19.4)
    relative = Metric("r", "s", 0.05, True, 0, "r", "r")
    assert not relative.is_news(100.0, 105.0)
    assert relative.is_news(100.0, 106.0)
    assert relative.is_news(0.0, 0.001)


def test_every_text_is_there_in_both_languages_and_none_is_empty() -> None:
    vi, en = dict(leaves(catalogue("vi"))), dict(leaves(catalogue("en")))
    assert vi.keys() == en.keys()
    assert [
        key for texts in (vi, en) for key, text in texts.items() if not isinstance(text, str) or not text.strip()
    ] == []


def test_what_code_names_has_its_words() -> None:
    texts = dict(leaves(catalogue("vi")))
    assert {f"kind.{kind}" for kind in Kind} <= texts.keys()
    assert {f"reason.{code}" for code in ReasonCode} <= texts.keys()
    assert {f"severity.{severity.name.lower()}" for severity in Severity} <= texts.keys()
