"""What the simulator says to people: Vietnamese first, English beneath."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources

LANGUAGES = ("vi", "en")


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> dict[str, dict[str, str | dict[str, str]]]:
    text = resources.files("simulator").joinpath(f"texts/{language}.json").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str | dict[str, str]]] = json.loads(text)
    return loaded


def both(key: str, **values: object) -> str:
    """A line of the "cli" part in Vietnamese, then in English."""
    return "\n  ".join(str(catalogue(language)["cli"][key]).format(**values) for language in LANGUAGES)


def fault_words(name: str, language: str) -> tuple[str, str]:
    """Title of a fault and what it does."""
    words = catalogue(language)["fault"][name]
    assert isinstance(words, dict)
    return words["title"], words["what"]
