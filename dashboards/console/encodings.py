"""Which content encoding a browser takes (RFC 9110 §12.5.3)."""

from __future__ import annotations

from collections.abc import Sequence


def accepted(accept_encoding: str, ours: Sequence[str]) -> str | None:
    """The first of `ours`, best first, that the header allows; None for none of them."""
    weights: dict[str, float] = {}
    for part in accept_encoding.split(",")[:20]:
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        weights[name] = _weight(parameters)
    return next((each for each in ours if weights.get(each, weights.get("*", 0.0)) > 0), None)


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
