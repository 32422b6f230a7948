"""What the agent's commands say to people: Vietnamese first, English second, from the catalogues."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from telemetry.readings import Reason

LANGUAGES = ("vi", "en")


@lru_cache(maxsize=8)
def _catalogue(room: str, language: str) -> dict[str, Any]:
    text = resources.files(room).joinpath(f"texts/{language}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language."""

    language: str

    def say(self, key: str, /, **values: object) -> str:
        """The agent's own text `key` ("check.all_good"). Raises KeyError for one that is not in the catalogue."""
        found: Any = _catalogue("edge_agent", self.language)
        for part in key.split("."):
            found = found[part]
        return str(found).format(**values)

    def reason(self, reason: Reason) -> str:
        """Why a device is not (wholly) read, for a ward's staff."""
        texts: Mapping[str, str] = _catalogue("telemetry", self.language)["reason"]
        return texts.get(reason.code, str(reason.code))

    def journal(self, key: str) -> str:
        """What the journal's checker speaks of ("invariant.J1"); the key itself where there are no words for it."""
        found: Any = _catalogue("telemetry", self.language).get("journal", {})
        for part in key.split("."):
            found = found.get(part, part) if isinstance(found, dict) else part
        return str(found)

    def kind(self, kind: str) -> str:
        """What people call a kind of device."""
        texts: Mapping[str, str] = _catalogue("telemetry", self.language)["kind"]
        return texts.get(kind, kind)


def words(asked: str | None = None, environment: Mapping[str, str] = os.environ) -> Words:
    """The language that was asked for, else that of LC_ALL, LC_MESSAGES or LANG, else Vietnamese."""
    for name in (asked, *(environment.get(key) for key in ("LC_ALL", "LC_MESSAGES", "LANG"))):
        if name and name[:2].lower() in LANGUAGES:
            return Words(name[:2].lower())
    return Words("vi")
