"""SNMP v1, v2c and v3 to one agent: GET and table walks that survive what real agents do.

Agents answer late, in part, with errors for a whole group because one object is missing, in datagrams that are too
large, or in circles. Each has its remedy here, so that a collector only says which objects it wants.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from gufo.snmp._fast import GetIter

from collectors.config import SnmpDevice
from collectors.protocols.snmp_socket import Row, SnmpFault, SnmpSocket
from collectors.protocols.snmp_values import Value, number
from telemetry.clock import Clock
from telemetry.readings import ReasonCode

SYSTEM = "1.3.6.1.2.1.1"
SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, SYS_NAME, SYS_LOCATION = (f"{SYSTEM}.{leaf}.0" for leaf in (1, 2, 3, 5, 6))
_SYSTEM_GROUP = (SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, SYS_NAME, SYS_LOCATION)

MAX_ROWS = 5000  # of one walk; a 500-port switch has 500 in a column
GROUP = 24  # objects in one GET: about 1 kB of answer
REPETITIONS = 40  # rows in one GETBULK: about 1.2 kB of answer, one Ethernet frame
_POLLS_AT_ONCE = 2  # of one address: small agents serve one request at a time
_SILENT_FOR = 0.2  # seconds without a first answer until a poll lends its place
_TRIES = (0.35, 0.55)  # shares of the time-out; together less than what the scheduler allows a vital poll
_ABSENT_FOR = 900.0  # seconds until a missing object is asked for again
_YOUNG, _YOUNG_ABSENT_FOR = 300.0, 60.0  # seconds; an agent that just started may not have all of its tables yet
_POLL_TIMEOUTS = 2.5  # a whole poll may take so many time-outs: what came by then counts, the rest is "partly"
_LOST_LIMIT = 2  # unanswered requests in one poll before it ends

T = TypeVar("T")

_places: weakref.WeakValueDictionary[tuple[int, str, int], asyncio.Semaphore] = weakref.WeakValueDictionary()


class SnmpClient:
    """Holds the session with one agent between polls. Every method raises SnmpFault and nothing else.

    Requests are made inside `async with client.turn():`, which waits for the address to be free, opens the session
    where there is none, and bounds the time of all requests of the poll together.
    """

    def __init__(self, device: SnmpDevice, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._port = device.port or 161
        self._socket: SnmpSocket | None = None
        self._anchor: str | None = None  # an object that this agent surely has
        self._absent: dict[str, float] = {}  # OID → until when it is taken for missing
        self._uptime = 0.0  # sysUpTime, 1/100 s
        self._repetitions = REPETITIONS
        self._bulk_answers: bool | None = False if device.version == "1" else None  # None: not known yet
        self._group = GROUP
        self._deadline = 0.0
        self._lost = 0
        self._place: _Place | None = None
        self.answered = False  # in this poll

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait until few enough polls of this address run, and hold the place."""
        self._place = place = _Place(_places_of(self._device.host, self._port))
        await place.take()
        try:
            yield
        finally:
            self._place = None
            place.lend()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One poll's time with the agent; takes a place where the caller holds none."""
        async with contextlib.AsyncExitStack() as stack:
            if self._place is None:
                await stack.enter_async_context(self.place())
            self.answered, self._lost = False, 0
            self._deadline = self._clock.monotonic() + self._device.timeout * _POLL_TIMEOUTS
            if self._socket is None:
                self._socket = await self._open()
            try:
                yield
            finally:
                if self._socket is not None:
                    self._socket.rest()

    async def system(self) -> dict[str, Value]:
        """The system group (RFC 3418), as far as the agent has it: {} where it answers but has none of it.

        The first request of a poll; raises SnmpFault when nothing answers.
        """
        found = await self.get(_SYSTEM_GROUP)
        uptime = number(found.get(SYS_UP_TIME)) or 0.0
        if uptime < self._uptime:
            self._absent.clear()  # it started anew, perhaps with other firmware
        self._uptime = uptime
        if found:
            self._anchor = next(iter(found))
            return found
        for root in ("1.3.6.1.2.1", "1.3.6.1.4.1"):
            row = await self._next(GetIter(root))
            if row is not None:
                self._anchor = row[0]
                break
        return {}

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        """The values of those objects that the agent has. What it lacks is not asked for again for 15 minutes."""
        now = self._clock.monotonic()
        wanted = [oid for oid in oids if self._absent.get(oid, now) <= now]
        found: dict[str, Value] = {}
        for start in range(0, len(wanted), self._group):
            found.update(await self._get_group(wanted[start : start + self._group]))
        for oid in wanted:
            if oid not in found:
                self._is_absent(oid, now)
        return found

    async def walk(self, root: str, max_rows: int = MAX_ROWS, may_fill: bool = False) -> dict[str, Value]:
        """A column or subtree: the OID below `root` → value, in the agent's order.

        One that is empty is not asked for again for 15 minutes, unless it is a table that comes and goes (`may_fill`).

        Ends at the subtree's end, after `max_rows`, or where OIDs stop increasing (RFC 3416 4.2.3 leaves that loop
        to us). Rows without a value are left out.
        """
        now = self._clock.monotonic()
        if self._absent.get(root, now) > now:
            return {}
        rows = await self._walk(root, max_rows)
        if not rows and not may_fill:
            self._is_absent(root, now)
        return rows

    async def _walk(self, root: str, max_rows: int) -> dict[str, Value]:
        while self._bulk_answers is not False and self._repetitions > 1:
            try:
                rows = await self._walk_bulk(root, max_rows)
            except SnmpFault as fault:
                if fault.code is not ReasonCode.GARBLED_ANSWER:
                    raise
                self._repetitions //= 4  # a datagram larger than the codec's 4 kB: ask for less
                continue
            if rows or self._bulk_answers:
                self._bulk_answers = True
                return rows
            break
        rows = await self._walk_next(root, max_rows)
        if rows and self._bulk_answers is None:
            self._bulk_answers = False  # GETBULK was met with an error status, which looks like the end of a walk
        return rows

    async def table(self, entry: str, leaves: Sequence[int], max_rows: int = MAX_ROWS) -> list[dict[str, Value]]:
        """Columns of a small table, read with one walk of its entry: for each leaf the index → value.

        Cheaper than a walk for each column as long as the table has few columns that are not wanted.
        """
        columns: dict[str, dict[str, Value]] = {str(leaf): {} for leaf in leaves}
        for below, value in (await self.walk(entry, max_rows)).items():
            leaf, _, index = below.partition(".")
            column = columns.get(leaf)
            if column is not None:
                column[index] = value
        return [columns[str(leaf)] for leaf in leaves]

    async def close(self) -> None:
        """Forget the session; the next poll opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _is_absent(self, oid: str, now: float) -> None:
        self._absent[oid] = now + (_YOUNG_ABSENT_FOR if self._uptime < _YOUNG * 100 else _ABSENT_FOR)

    # ---- walks -------------------------------------------------------------------------------------------------

    async def _walk_bulk(self, root: str, max_rows: int) -> dict[str, Value]:
        rows: dict[str, Value] = {}
        cursor = GetIter(root, self._repetitions)
        skip, last = len(root) + 1, ""
        while len(rows) < max_rows:
            batch = await self._bulk(cursor)
            ended = not batch or batch[-1] is None
            if not batch:
                break
            if batch[-1] is None:
                batch.pop()
            known = len(rows)
            rows.update([(row[0][skip:], row[1]) for row in batch if row is not None])
            if ended:
                break
            newest = batch[-1][0] if batch[-1] is not None else ""
            if len(rows) < known + len(batch) or not _increases(last, newest):
                break
            last = newest
        return rows

    async def _walk_next(self, root: str, max_rows: int) -> dict[str, Value]:
        rows: dict[str, Value] = {}
        cursor = GetIter(root)
        last = ""
        while len(rows) < max_rows:
            try:
                row = await self._next(cursor)
            except SnmpFault as fault:
                if fault.code is not ReasonCode.GARBLED_ANSWER:
                    raise
                return await self._other_client_walk(root, max_rows)
            if row is None or not _increases(last, row[0]):
                break
            last = row[0]
            if row[1] is not None:
                rows[last[len(root) + 1 :]] = row[1]
        return rows

    async def _other_client_walk(self, root: str, max_rows: int) -> dict[str, Value]:
        from collectors.protocols.snmp_fallback import walk  # 40 MB: loaded only for agents that need it

        return await walk(self._device, await self._address(), root, min(max_rows, 500), self._time_left())

    # ---- groups ------------------------------------------------------------------------------------------------

    async def _get_group(self, oids: list[str]) -> dict[str, Value]:
        """One GET, and smaller ones where an error status or an oversized answer spoils the whole.

        The anchor rides along: an answer with it and without the rest says that the rest does not exist, an answer
        without it (v1's noSuchName, tooBig, genErr) says nothing about any single one.
        """
        if not oids:
            return {}
        anchored = oids if self._anchor is None or self._anchor in oids else [*oids, self._anchor]
        try:
            found = await self._ask(anchored)
        except SnmpFault as fault:
            if fault.code is not ReasonCode.GARBLED_ANSWER:
                raise
            if len(oids) == 1:
                return await self._other_client_get(oids)
            found = {}
        if found:
            wanted = set(oids)
            return {oid: value for oid, value in found.items() if oid in wanted and value is not None}
        if len(oids) == 1:
            return await self._ask(oids) if len(anchored) > 1 else {}
        half = len(oids) // 2
        return {**await self._get_group(oids[:half]), **await self._get_group(oids[half:])}

    async def _other_client_get(self, oids: list[str]) -> dict[str, Value]:
        if not self.answered:
            raise SnmpFault(ReasonCode.GARBLED_ANSWER, "no answer so far was SNMP")
        from collectors.protocols.snmp_fallback import get

        return await get(self._device, await self._address(), oids, self._time_left())

    # ---- requests ----------------------------------------------------------------------------------------------

    async def _ask(self, oids: list[str]) -> dict[str, Value]:
        return await self._tried(lambda link, timeout: link.get(oids, timeout))

    async def _bulk(self, cursor: GetIter) -> list[Row | None]:
        return await self._tried(lambda link, timeout: link.get_bulk(cursor, timeout))

    async def _next(self, cursor: GetIter) -> Row | None:
        return await self._tried(lambda link, timeout: link.get_next(cursor, timeout))

    async def _tried(self, request: Callable[[SnmpSocket, float], Awaitable[T]]) -> T:
        """A request with its retry. UDP loses datagrams, and gufo does not ask twice."""
        fault = SnmpFault(ReasonCode.PARTIAL_ANSWER, "the poll's time is used up")
        if self._lost >= _LOST_LIMIT:
            raise SnmpFault(ReasonCode.PARTIAL_ANSWER, "the device fell silent during the poll")
        for share in _TRIES:
            timeout = min(self._device.timeout * share, self._time_left())
            if timeout <= 0:
                break
            if self._socket is None:
                raise SnmpFault(ReasonCode.AGENT_FAULT, "a request outside of turn()")
            try:
                answer = await self._answer(request(self._socket, timeout))
            except SnmpFault as caught:
                fault = caught
                if fault.code in (ReasonCode.GARBLED_ANSWER, ReasonCode.HOST_UNREACHABLE):
                    raise
                continue
            self.answered = True
            return answer
        self._lost += 1
        raise self._worded(fault)

    async def _answer(self, request: Awaitable[T]) -> T:
        """One answer. A device that says nothing does not work: after a moment its place is lent to another poll of
        the address, else ten silent devices behind one proxy would hold up the rest for a minute."""
        place = self._place
        if self.answered or place is None:
            return await request
        timer = asyncio.get_running_loop().call_later(_SILENT_FOR, place.lend)
        try:
            answer = await request
        finally:
            timer.cancel()
        await place.take()
        return answer

    def _worded(self, fault: SnmpFault) -> SnmpFault:
        if fault.code is not ReasonCode.NO_ANSWER:
            return fault
        if self.answered:
            return SnmpFault(ReasonCode.PARTIAL_ANSWER, fault.detail)
        if self._socket is not None and self._socket.only_discovered:
            return SnmpFault(ReasonCode.WRONG_CREDENTIALS, "the engine answers, but not to our keys")
        if self._device.user is None:
            return SnmpFault(ReasonCode.NO_ANSWER_SNMP, fault.detail)
        return fault

    def _time_left(self) -> float:
        return self._deadline - self._clock.monotonic()

    # ---- addresses ---------------------------------------------------------------------------------------------

    async def _open(self) -> SnmpSocket:
        address = await self._address()
        try:
            return SnmpSocket(self._device, address, self._port)
        except (OSError, ValueError) as error:
            raise SnmpFault(ReasonCode.HOST_UNREACHABLE, f"{address}: {error}") from error

    async def _address(self) -> str:
        host = self._device.host
        try:
            infos = await asyncio.get_running_loop().getaddrinfo(host, self._port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise SnmpFault(ReasonCode.NAME_UNKNOWN, f"{host}: {error}") from error
        return str(infos[0][4][0])


class _Place:
    """One of an address's places, held or lent."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._held = False

    async def take(self) -> None:
        """Hold it (again)."""
        if not self._held:
            await self._places.acquire()
            self._held = True

    def lend(self) -> None:
        """Let another have it."""
        if self._held:
            self._held = False
            self._places.release()


def _places_of(host: str, port: int) -> asyncio.Semaphore:
    """The semaphore of one address; it lives as long as somebody uses it, within its own event loop."""
    key = (id(asyncio.get_running_loop()), host, port)
    semaphore = _places.get(key)
    if semaphore is None:
        semaphore = _places[key] = asyncio.Semaphore(_POLLS_AT_ONCE)
    return semaphore


def _increases(before: str, now: str) -> bool:
    """Whether OID `now` comes after OID `before` in the order of RFC 3416 section 4.2.2."""
    return [int(part) for part in now.split(".")] > [int(part) for part in before.split(".") if part]
