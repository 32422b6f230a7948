"""What the demo says, Vietnamese first."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=2)
def _catalogue(language: str) -> dict[str, str]:
    text = resources.files("demo").joinpath(f"texts/{language}.json").read_text(encoding="utf-8")
    loaded: dict[str, str] = json.loads(text)
    return loaded


def both(key: str, **values: object) -> str:
    """The text in Vietnamese, then in English."""
    return f"{_catalogue('vi')[key].format(**values)}\n  {_catalogue('en')[key].format(**values)}"
