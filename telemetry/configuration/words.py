"""What commands say to people: Vietnamese first, English second, from the catalogues.

A room keeps its own in `<room>/texts/{vi,en}.json`; what all rooms speak of is in telemetry's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

LANGUAGES = ("vi", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language: those of `room`, a package of ours, and beneath them telemetry's."""

    language: str
    room: str = "telemetry"

    def say(self, key: str, /, **values: object) -> str:
        """The text `key` ("check.all_good") with its values. Raises KeyError for one that is in no catalogue."""
        for room in (self.room, "telemetry"):
            found = _find(_catalogue(room, self.language), key)
            if found is not None:
                return found.format(**values)
        raise KeyError(key)

    def name(self, key: str) -> str:
        """The text `key`, or its last part where it is in no catalogue: what a later version may have named."""
        try:
            return self.say(key)
        except KeyError:
            return key.rpartition(".")[2]


def language_of(asked: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """The language that was asked for, else that of LC_ALL, LC_MESSAGES or LANG, else Vietnamese."""
    for name in (asked, *(environment.get(key) for key in ("LC_ALL", "LC_MESSAGES", "LANG"))):
        if name and name[:2].lower() in LANGUAGES:
            return name[:2].lower()
    return LANGUAGES[0]


def words_of(room: str, asked: str | None = None, environment: Mapping[str, str] = os.environ) -> Words:
    """A room's texts in that language."""
    return Words(language_of(asked, environment), room)


@lru_cache(maxsize=8)
def _catalogue(room: str, language: str) -> dict[str, Any]:
    text = resources.files(room).joinpath(f"texts/{language}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _find(tree: Any, key: str) -> str | None:
    for part in key.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree if isinstance(tree, str) else None
