"""The judge on real files, and that it can fail: whatever is taken away, put in twice or spoiled is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.judge import Judgement
from telemetry.entry import decode
from tests.chaos.left import District


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> District:
    district = District(tmp_path_factory.mktemp("whole"))
    district.commit(district.entries())
    return district


@pytest.fixture
def copy(whole: District, tmp_path: Path) -> District:
    return whole.copied(tmp_path / "copy")


def figures(found: Judgement) -> tuple[int, int, int, int]:
    compared = found.comparison
    return compared.lost, compared.duplicated, compared.strange, found.proofs.breaks


def test_all_is_well_where_all_is_there(copy: District) -> None:
    found = copy.judged()
    assert figures(found) == (0, 0, 0, 0)
    assert found.comparison.journaled == found.comparison.committed == 2 * 9
    assert found.comparison.samples == 10
    assert found.proofs.verified == 2
    assert (found.served.journaled, found.served.missed, found.served.invented) == (10, 0, 0)
    assert found.told() == []
    assert found.lifecycle == {"STARTED": 2, "STOPPED": 2}


SPOILED: dict[str, tuple[Callable[[District], None], tuple[int, int, int, int]]] = {
    "an entry taken away": (
        lambda it: it.change("DELETE FROM events WHERE payload = 'condition' AND incarnation = 1"),
        (1, 0, 0, 0),
    ),
    "an entry put in twice": (
        lambda it: it.change(
            "INSERT INTO events (ward, incarnation, position, wall_time_us, device, payload, entry) SELECT ward,"
            " incarnation, position, wall_time_us, device, payload, entry FROM events WHERE payload = 'condition'"
            " LIMIT 1"
        ),
        (0, 1, 0, 0),
    ),
    "a number taken in twice": (
        lambda it: it.change("UPDATE wards SET samples_committed = samples_committed + 1"),
        (0, 1, 0, 0),
    ),
    "a position that the store does not hold": (
        lambda it: it.change("UPDATE positions SET last = last - 1 WHERE incarnation = 2"),
        (1, 0, 0, 0),
    ),
    "a position that no journal has": (
        lambda it: it.change("UPDATE positions SET last = last + 1 WHERE incarnation = 2"),
        (0, 0, 1, 0),
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_the_judge_finds(copy: District, what: str) -> None:
    spoil, expected = SPOILED[what]
    spoil(copy)
    found = copy.judged()
    assert figures(found) == expected
    assert found.told()


def test_the_judge_finds_a_number_that_is_missing(tmp_path: Path) -> None:
    district = District(tmp_path)
    district.commit(district.entries(), without=1)
    assert figures(district.judged()) == (1, 0, 0, 0)


def test_the_judge_finds_a_spoiled_checkpoint(copy: District) -> None:
    points = [each for each in copy.entries() if type(each.entry.payload).__name__ == "Checkpoint"]
    root = points[-1].entry.payload.root  # type: ignore[union-attr]
    spoiled = points[-1].data.replace(root, bytes(32))
    assert decode(spoiled).payload.root == bytes(32)  # type: ignore[union-attr]
    copy.change("UPDATE events SET entry = ? WHERE entry = ?", spoiled, points[-1].data)
    assert figures(copy.judged()) == (1, 0, 0, 1)


def test_an_alarm_of_what_cannot_be_is_false(copy: District) -> None:
    with sqlite3.connect(copy.folder / "data" / "hub.db") as connection:
        connection.execute("INSERT INTO hub_conditions VALUES (1, 'w', 'journal_forked', 2, 1, 1, NULL, '')")
    found = copy.judged()
    assert (found.false_alarms, found.told()) == (["false alarm: journal_forked of w"],) * 2


def test_a_loss_that_was_named_is_none_unless_the_ward_still_has_the_entry(copy: District) -> None:
    incarnation = copy.entries()[-1].entry.incarnation
    with sqlite3.connect(copy.folder / "data" / "hub.db") as connection:
        connection.execute("INSERT INTO named_losses VALUES (1, 'w', ?, 9, 9, 'not_held', 0)", (incarnation,))
    copy.change("UPDATE positions SET last = last - 1 WHERE incarnation = 2")
    compared = copy.judged().comparison
    assert (compared.lost, compared.named) == (1, 0)
    assert any("named lost while the ward has it" in words for words in compared.told)
