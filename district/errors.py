"""Errors that end a command: plain English for the log, and words for the person who gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.configuration.words import Words


class DistrictError(Exception):
    """`key` names its words under "error" in texts/*.json, which are filled with `values`."""

    def __init__(self, message: str, key: str, **values: object) -> None:
        super().__init__(message)
        self.key = key
        self.values = values

    def text(self, words: Words) -> str:
        return words.say(f"error.{self.key}", **self.values)
