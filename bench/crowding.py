"""How long processes waited for a processor, by the kernel's own account: what a busy machine adds to their delays.

Of /proc/<pid>/task/<tid>/schedstat (proc(5), Documentation/scheduler/sched-stats.rst) the second number: nanoseconds
that the thread was ready to run and did not. A thread that holds itself up (by sleeping, by a lock, by the disk, by
working for long) does not wait in this sense, so none of that is excused. Where the kernel tells nothing, nothing is.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from pathlib import Path

_EVERY_SECONDS = 0.05
_PROC = Path("/proc")


class Crowding:
    """Looks again and again from `start` on. `threads` tells the folders of the threads to look at."""

    def __init__(self, threads: Callable[[], Iterable[Path]]) -> None:
        self._threads = threads
        self._waited_ns: dict[Path, int] = {}
        self._at_ms: list[float] = []  # of each look, by the wall clock, as the delays are
        self._added_ms: list[float] = []  # since the look before
        self._ending = threading.Event()
        self._looking = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Crowding:
        self.look(time.time() * 1000)
        self._looking.start()
        return self

    def stop(self) -> None:
        self._ending.set()
        self._looking.join()
        self.look(time.time() * 1000)

    def waited_ms(self, from_ms: float, to_ms: float) -> float:
        """How long in that time, all threads together, to the nearest looks around it."""
        first = bisect_right(self._at_ms, from_ms)
        last = bisect_left(self._at_ms, to_ms)
        return sum(self._added_ms[first : last + 1])

    def look(self, at_ms: float) -> None:
        added_ns = 0
        for thread in self._threads():
            try:
                waited_ns = int((thread / "schedstat").read_text(encoding="ascii").split()[1])
            except (OSError, ValueError, IndexError):  # it has ended, or the kernel keeps no such account
                continue
            added_ns += waited_ns - self._waited_ns.get(thread, waited_ns)
            self._waited_ns[thread] = waited_ns
        self._at_ms.append(at_ms)
        self._added_ms.append(added_ns / 1e6)

    def _run(self) -> None:
        while not self._ending.wait(_EVERY_SECONDS):
            self.look(time.time() * 1000)


def threads_of(*processes: int) -> list[Path]:
    """Of processes that run now."""
    return [thread for pid in processes for thread in sorted(_PROC.glob(f"{pid}/task/*"))]


def own_thread(number: int) -> Path:
    """One of this process, by its native id."""
    return _PROC / "self" / "task" / str(number)
