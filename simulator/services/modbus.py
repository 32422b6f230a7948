"""An air conditioner by Modbus TCP: an Intesis gateway for Daikin units behind an RS485-to-TCP one.

The register addresses are those of Intesis INMBSDAI001I000, User's Manual r2.3, section 4.2.1 (holding registers).
"""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

from simulator.model.climate import Aircon
from simulator.net.stream_door import IDLE_SECONDS, StreamDoor
from simulator.services.base import LOOPBACK, Outlet, Premises, Setting

UNIT = 1
_ON, _MODE, _FAN, _SETPOINT, _ROOM = 0, 1, 2, 4, 5
_REGISTERS = 12
_COOL = 3
_MOST_REGISTERS = 125  # of one answer (Modbus Application Protocol 1.1b3, section 6.3)
_READ_HOLDING = 3
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE, _NO_TARGET = 1, 2, 3, 11


class ModbusService:
    """One unit behind one gateway. The gateway has its power from the air conditioner."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        assert isinstance(outlet.machine, Aircon)
        self._aircon, self._ward = outlet.machine, premises.ward
        self._door = StreamDoor(self._talk)

    async def open(self, port: int) -> int:
        return self._door.open(port)

    def show(self) -> None:
        self._door.set_reachable(self._ward.reachable(self._aircon.id))

    async def close(self) -> None:
        self._door.close()

    def settings(self, beside: Path) -> list[Setting]:
        found: list[Setting] = [("host", LOOPBACK), ("port", self._door.port), ("unit", UNIT)]
        return [*found, ("map", "intesis-daikin"), ("target_celsius", self._aircon.setpoint_celsius)]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                head = await reader.readexactly(7)
                transaction, protocol, length, unit = struct.unpack(">HHHB", head)
                if protocol != 0 or not 2 <= length <= 254:
                    raise ValueError("no Modbus header")
                asked = await reader.readexactly(length - 1)
            said = self._answer(unit, asked)
            writer.write(struct.pack(">HHHB", transaction, 0, len(said) + 1, unit) + said)
            await writer.drain()

    def _answer(self, unit: int, asked: bytes) -> bytes:
        function = asked[0]
        if unit != UNIT:
            return bytes([function | 0x80, _NO_TARGET])
        if function != _READ_HOLDING:
            return bytes([function | 0x80, _ILLEGAL_FUNCTION])
        if len(asked) != 5:
            return bytes([function | 0x80, _ILLEGAL_VALUE])
        first, count = struct.unpack(">HH", asked[1:])
        if not 1 <= count <= _MOST_REGISTERS:
            return bytes([function | 0x80, _ILLEGAL_VALUE])
        if first + count > _REGISTERS:
            return bytes([function | 0x80, _ILLEGAL_ADDRESS])
        values = registers(self._aircon)[first : first + count]
        return struct.pack(f">BB{count}h", function, 2 * count, *values)


def registers(aircon: Aircon) -> list[int]:
    """Holding registers 0 to 11; temperatures in tenths of a degree. A unit that has lost its gas does not say so."""
    values = [0] * _REGISTERS
    values[_ON] = int(aircon.blowing)
    values[_MODE] = _COOL
    values[_FAN] = 2
    values[_SETPOINT] = round(aircon.setpoint_celsius * 10)
    values[_ROOM] = round(aircon.room_celsius * 10)
    return values
