"""What the district's commands say to people."""

from __future__ import annotations

import os
from collections.abc import Mapping

from telemetry.configuration.words import Words, language_of


def words(asked: str | None = None, environment: Mapping[str, str] = os.environ) -> Words:
    """The district's texts in the language that was asked for, else in the environment's."""
    return Words(language_of(asked, environment), "district")
