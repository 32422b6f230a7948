"""A device over Modbus TCP, by its register map. Works for every kind."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from collectors.config import ModbusDevice
from collectors.protocols.modbus import ModbusFault, ModbusLine, line_to
from collectors.register_map import RegisterMap, Span, plan
from telemetry.clock import Clock
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode

_LOG = logging.getLogger(__name__)
_LOOK_AGAIN = 900.0  # seconds until a register that the device refused is asked for once more
# What may be due to the request's shape, and not to the device: it is asked for each value alone.
_MAY_BE_SHAPE = frozenset({ReasonCode.MAP_UNFIT, ReasonCode.DEVICE_FAILED})


@dataclass(slots=True)
class _Harvest:
    """What one poll brought so far: words by register, and what went wrong."""

    words: dict[int, Sequence[int]] = field(default_factory=dict)
    refusals: list[ModbusFault] = field(default_factory=list)
    fault: ModbusFault | None = None  # ended the poll
    asked: int = 0


class ModbusCollector:
    """Asks for all that the map names, in as few requests as the device bears: it learns which of them it refuses to
    answer in one, and which registers it does not have."""

    has_vital = False

    def __init__(self, device: ModbusDevice, register_map: RegisterMap, clock: Clock) -> None:
        self._device = device
        self._map = register_map
        self._clock = clock
        self._line: ModbusLine | None = None
        self._has_turn = False
        self._alone: set[int] = set()  # registers that are asked for each in a request of its own
        self._refused: dict[int, float] = {}  # registers that it does not have: when to look again

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """collectors.base.TakesTurns: all devices behind one address."""
        async with self._open_line().turn():
            self._has_turn = True
            try:
                yield
            finally:
                self._has_turn = False

    async def poll(self) -> PollResult:
        try:
            if self._has_turn:
                return self._result(await self._harvest(self._open_line()))
            async with self.turn():
                return self._result(await self._harvest(self._open_line()))
        except Exception as error:  # noqa: BLE001 - a collector never raises out; the log has the trace
            _LOG.exception("%s: a defect of ours", self._device.id)
            return PollResult(False, reason=Reason(ReasonCode.AGENT_FAULT, type(error).__name__))

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        if self._line is not None:
            self._line.close()  # another device of this address opens it again
            self._line = None

    def _open_line(self) -> ModbusLine:
        if self._line is None:
            self._line = line_to(self._device.host, self._device.port, self._clock)
        return self._line

    async def _harvest(self, line: ModbusLine) -> _Harvest:
        harvest = _Harvest()
        deadline = self._clock.monotonic() + 2.5 * self._device.timeout
        spans = self._spans()
        while spans and harvest.fault is None:
            if self._clock.monotonic() > deadline:
                harvest.fault = ModbusFault(ReasonCode.PARTIAL_ANSWER, "no time left for all registers")
                break
            span = spans.pop(0)
            spans = await self._ask(line, span, harvest) + spans
        return harvest

    async def _ask(self, line: ModbusLine, span: Span, harvest: _Harvest) -> list[Span]:
        """Ask for one span. Returns what to ask for in its stead."""
        registers = self._map.registers
        harvest.asked += 1
        try:
            words = await line.read(self._device.unit, span, self._device.timeout, self._map.pause)
        except ModbusFault as fault:
            if fault.answered and fault.code in _MAY_BE_SHAPE:
                if len(span.registers) > 1:
                    self._alone.update(span.registers)
                    return plan(registers, span.registers, most=1)
                if fault.code is ReasonCode.MAP_UNFIT:
                    self._refused[span.registers[0]] = self._clock.monotonic() + _LOOK_AGAIN
                harvest.refusals.append(fault)
            else:
                harvest.fault = fault
            return []
        harvest.words.update((number, span.words_of(registers[number], words)) for number in span.registers)
        return []

    def _spans(self) -> list[Span]:
        registers, now = self._map.registers, self._clock.monotonic()
        wanted = [number for number in range(len(registers)) if self._refused.get(number, now) <= now]
        if not wanted:  # it had none of them: ask at least for one, to know that it is there
            wanted = [0]
        together = [number for number in wanted if number not in self._alone]
        alone = [number for number in wanted if number in self._alone]
        return plan(registers, together, self._map.about.most_registers) + plan(registers, alone, most=1)

    def _result(self, harvest: _Harvest) -> PollResult:
        readings = self._readings(harvest)
        reason = self._reason(harvest)
        answered = harvest.fault is None or harvest.fault.answered
        reachable = bool(harvest.words) or (answered and harvest.asked > 0) or bool(harvest.refusals)
        return PollResult(reachable, readings, self._facts(harvest) if reachable else (), reason)

    def _reason(self, harvest: _Harvest) -> Reason | None:
        fault = harvest.fault
        if fault is not None:
            code = ReasonCode.PARTIAL_ANSWER if harvest.words else fault.code
            return Reason(code, fault.detail)
        if harvest.refusals:
            first = harvest.refusals[0]
            return Reason(ReasonCode.PARTIAL_ANSWER if harvest.words else first.code, first.detail)
        if self._refused and harvest.words:
            missing = ", ".join(str(self._map.registers[number].address) for number in sorted(self._refused))
            return Reason(ReasonCode.PARTIAL_ANSWER, f"registers that it does not have: {missing}")
        return None

    def _readings(self, harvest: _Harvest) -> list[Reading]:
        found: dict[tuple[str, str], Reading] = {}
        for number, words in sorted(harvest.words.items()):
            register = self._map.registers[number]
            value = register.number(words) if register.metric else None
            if value is not None:
                reading = Reading(register.metric, value, register.instance)
                found.setdefault((register.metric, register.instance), reading)
        return list(found.values())

    def _facts(self, harvest: _Harvest) -> list[Fact]:
        told = {"vendor": self._map.about.vendor, "model": self._map.about.model}
        for number, words in sorted(harvest.words.items()):
            register = self._map.registers[number]
            text = register.text(words) if register.fact else ""
            if text:
                told[register.fact] = text
        return [Fact(name, text) for name, text in told.items() if text]
