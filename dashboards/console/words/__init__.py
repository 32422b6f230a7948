"""The back end's few texts for people, by the language that a reader's browser asks for."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Literal

Language = Literal["vi", "en"]


@lru_cache(maxsize=2)
def _catalogue(language: Language) -> dict[str, dict[str, str]]:
    text = resources.files(__name__).joinpath(f"{language}.json").read_text(encoding="utf-8")
    catalogue: dict[str, dict[str, str]] = json.loads(text)
    return catalogue


def word(section: str, key: str, language: Language) -> str:
    """One text. A key that is in no catalogue is a KeyError: a test asks for every one."""
    return _catalogue(language)[section][key]


def language_of(accept_language: str) -> Language:
    """The language that an Accept-Language header (RFC 9110 §12.5.4) likes best of ours; Vietnamese by default."""
    best: Language = "vi"
    best_weight = 0.0
    for part in accept_language.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        primary = tag.strip().lower().partition("-")[0]
        if primary in ("vi", "en") and weight > best_weight:
            best, best_weight = ("vi" if primary == "vi" else "en"), weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
