"""The city's line: a cable that several faults pulled out is in again when the last of them is over."""

from __future__ import annotations

import pytest

from chaos import network
from chaos.network import Network


def test_a_cable_that_was_cut_twice_is_whole_when_both_cuts_are_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(network, "run", lambda *words: said.append(" ".join(map(str, words))))
    line = Network()
    line.add("ward-1", "10.77.1.1")
    said.clear()

    def states() -> list[str]:
        return [words.rpartition(" ")[2] for words in said if "to-ward-1" in words]

    line.cut("ward-1")
    line.cut("ward-1")
    line.mend("ward-1")
    assert "up" not in states()
    line.mend("ward-1")
    assert states()[-1] == "up"
