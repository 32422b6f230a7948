"""What the models of a configuration are made of."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from telemetry.kinds import ID_PATTERN

Id = Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN.pattern}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Section(BaseModel):
    """A table of the file: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refusal(wrong: StrEnum, allowed: Sequence[str] = (), given: str | None = None) -> PydanticCustomError:
    """What a model's own validator raises, for TableReader to word as the problem `wrong`. `given`: the part of the
    value that is wrong, where it is not the whole."""
    return PydanticCustomError("refusal", "{wrong}", {"wrong": wrong, "allowed": tuple(allowed), "given": given})
