"""What the district's commands say to people."""

from __future__ import annotations

from functools import partial

from telemetry.configuration.words import words_of

words = partial(words_of, "district")
