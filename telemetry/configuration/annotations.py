"""What a model's field takes, as far as the file writes it otherwise than the model has it."""

from __future__ import annotations

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo


def takes(info: FieldInfo, wanted: type) -> bool:
    """Whether a value of exactly this type may stand in the field, perhaps among others."""
    return _mentions(info.annotation, wanted)


def is_duration(info: FieldInfo) -> bool:
    """Numbers with limits are durations here; a plain float is a plain number."""
    if info.annotation is float:
        return bool(info.metadata)
    return any(
        hasattr(part, "__metadata__") and _mentions(part, float) and bool(part.__metadata__)
        for part in get_args(info.annotation)
    )


def _mentions(annotation: Any, wanted: type) -> bool:
    if annotation is wanted:
        return True
    if get_origin(annotation) is Literal:
        return False
    if get_origin(annotation) in (Union, UnionType) or hasattr(annotation, "__metadata__"):
        return any(_mentions(part, wanted) for part in get_args(annotation))
    return False
