"""What a machine's other work adds to a delay is told by the kernel's account of each thread, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from bench.crowding import Crowding


def account(thread: Path, waited_ms: float) -> None:
    thread.mkdir(exist_ok=True)
    (thread / "schedstat").write_text(f"123456789 {round(waited_ms * 1e6)} 42\n", encoding="ascii")


def test_only_what_was_waited_within_a_delay_is_taken_off_it(tmp_path: Path) -> None:
    one, other = tmp_path / "1", tmp_path / "2"
    crowding = Crowding(lambda: [one, other])
    for at_ms, waited in (
        (1000, (500, 70)),
        (1050, (500, 70)),
        (1100, (530, 70)),
        (1150, (530, 90)),
        (1200, (530, 90)),
    ):
        account(one, waited[0])
        account(other, waited[1])
        crowding.look(at_ms)
    assert crowding.waited_ms(1000, 1200) == 50  # what was before the first look is nobody's
    assert crowding.waited_ms(1050, 1100) == 30
    assert crowding.waited_ms(1120, 1130) == 20  # the look after it tells of it
    assert crowding.waited_ms(1150, 1200) == crowding.waited_ms(0, 1000) == 0


def test_threads_that_end_or_of_which_the_kernel_tells_nothing_excuse_nothing(tmp_path: Path) -> None:
    thread = tmp_path / "1"
    crowding = Crowding(lambda: [thread, tmp_path / "none"])
    account(thread, 10)
    crowding.look(1000)
    (thread / "schedstat").write_text("", encoding="ascii")
    crowding.look(1100)
    account(thread, 30)  # it is told again
    crowding.look(1200)
    assert (crowding.waited_ms(1000, 1100), crowding.waited_ms(1100, 1200)) == (0, 20)
