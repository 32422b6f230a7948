"""Which pictures the district lacks of one ward, and when it asks for each: a few at a time, less and less often
where nothing comes, at once when the ward is back."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

MOST_WANTED = 5000  # more are found again by the next search
MOST_UNDER_WAY = 4
ANSWER_SECONDS = 15.0  # a question that brought nothing by then is asked again
LONGEST_SECONDS = 600.0
MOST_TRIES = 200  # a day and more of a ward that says yes and sends nothing
MOST_GIVEN_UP = 20_000


@dataclass(slots=True)
class _Want:
    sha256: bytes
    device: str
    turn: int  # which entry of the heap is its own
    tries: int = 0


class Wanted:
    """Of one ward. Not safe for threads. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.overflowed = False  # some were not remembered
        self._wants: dict[bytes, _Want] = {}
        self._heap: list[tuple[float, int, bytes]] = []
        self._turns = itertools.count()
        self._given_up: dict[bytes, None] = {}
        self._under_way: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._wants)

    def __contains__(self, sha256: bytes) -> bool:
        return sha256 in self._wants

    @property
    def given_up(self) -> int:
        """How many will not come: the ward does not have them any more."""
        return len(self._given_up)

    def add(self, sha256: bytes, device: str, now: float) -> None:
        """It is lacking. One that the ward said it has not is not asked for again, until the next start."""
        if sha256 in self._wants or sha256 in self._given_up:
            return
        if len(self._wants) >= MOST_WANTED:
            self.overflowed = True
            return
        want = self._wants[sha256] = _Want(sha256, device, 0)
        self._put(want, now)

    def next(self, now: float) -> tuple[bytes, str] | None:
        """Hash and device of the one to ask for now; it counts as asked. None: nothing is due, or enough is under
        way."""
        self._under_way = {sha256: until for sha256, until in self._under_way.items() if until > now}
        if len(self._under_way) >= MOST_UNDER_WAY:
            return None
        while self._heap and self._heap[0][0] <= now:
            _, turn, sha256 = heapq.heappop(self._heap)
            want = self._wants.get(sha256)
            if want is None or want.turn != turn:
                continue
            want.tries += 1
            if want.tries > MOST_TRIES:
                self._give_up(sha256)
                continue
            pause = min(ANSWER_SECONDS * 2 ** min(want.tries - 1, 10), LONGEST_SECONDS)
            self._under_way[sha256] = now + ANSWER_SECONDS
            self._put(want, now + pause)
            return sha256, want.device
        return None

    def arrived(self, sha256: bytes) -> None:
        """It is here."""
        self._wants.pop(sha256, None)
        self._under_way.pop(sha256, None)

    def refused(self, sha256: bytes, *, gone: bool) -> None:
        """The ward cannot send it; `gone`: and never will."""
        self._under_way.pop(sha256, None)
        if gone:
            self._give_up(sha256)

    def resume(self, now: float) -> None:
        """The ward is back: what did not come while it was away is asked for from the begin."""
        self._under_way.clear()
        self._heap.clear()
        for want in self._wants.values():
            want.tries = 0
            self._put(want, now)

    def _put(self, want: _Want, at: float) -> None:
        want.turn = next(self._turns)
        heapq.heappush(self._heap, (at, want.turn, want.sha256))

    def _give_up(self, sha256: bytes) -> None:
        if self._wants.pop(sha256, None) is not None:
            self._given_up[sha256] = None
            while len(self._given_up) > MOST_GIVEN_UP:
                del self._given_up[next(iter(self._given_up))]
