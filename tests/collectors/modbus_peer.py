"""Modbus TCP peers: pymodbus's own server, bent where a test wants it, and one that answers with a test's bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from collectors.config import ModbusDevice
from collectors.modbus import ModbusCollector
from collectors.register_map import MapSection, Register, RegisterMap
from simulator.net.ports import free_port
from telemetry.clock import SystemClock
from telemetry.kinds import Kind

Refuse = Callable[[int, int, int], ExcCodes | None]  # function code, address, count


@dataclass
class Gateway:
    """What stands behind one address: registers by unit and table, and how it behaves."""

    units: Mapping[int, Mapping[str, Mapping[int, int]]]  # unit → table → address → value
    refuse: Refuse = lambda _code, _address, _count: None
    dead: Collection[int] = ()  # units that do not answer the gateway
    delay: float = 0.0
    asked: list[tuple[int, int, int]] = field(default_factory=list)  # function code, address, count
    connections: int = 0
    port: int = 0

    def device(self, unit: int, tables: Mapping[str, Mapping[int, int]]) -> SimDevice:
        async def action(code: int, _first: int, address: int, count: int, _now: Any, _set: Any) -> ExcCodes | None:
            self.asked.append((code, address, count))
            await asyncio.sleep(self.delay)
            if unit in self.dead:
                return ExcCodes.GATEWAY_NO_RESPONSE
            return self.refuse(code, address, count)

        def block(table: str, bits: bool) -> list[SimData]:
            kind = DataType.BITS if bits else DataType.REGISTERS
            rows = tables.get(table, {})
            made = [
                SimData(address, values=bool(value) if bits else value, datatype=kind)
                for address, value in sorted(rows.items())
            ]
            return made or [SimData(60000, values=False if bits else 0, datatype=kind)]

        blocks = (block("coil", True), block("discrete", True), block("holding", False), block("input", False))
        return SimDevice(unit, simdata=blocks, action=action)


@asynccontextmanager
async def running(gateway: Gateway) -> AsyncIterator[Gateway]:
    """pymodbus's server on a free port of 127.0.0.1."""
    gateway.port = free_port()

    def counted(connected: bool) -> None:
        gateway.connections += connected

    server = ModbusTcpServer(
        [gateway.device(unit, tables) for unit, tables in gateway.units.items()],
        address=("127.0.0.1", gateway.port),
        trace_connect=counted,
    )
    await server.serve_forever(background=True)
    try:
        yield gateway
    finally:
        await server.shutdown()


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes]) -> AsyncIterator[int]:
    """A TCP server that answers each request with these bytes; its port. b"" closes the connection."""

    served: list[asyncio.Task[Any]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        served.append(task)
        while data := await reader.read(260):
            reply = answer(data)
            if not reply:
                break
            writer.write(reply)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*served, return_exceptions=True)  # they end with the collector's connection


def device(port: int, unit: int = 1, timeout: float = 1.0) -> ModbusDevice:
    told = {"id": f"ac-{unit}", "kind": Kind.AIRCON, "protocol": "modbus", "host": "127.0.0.1", "port": port}
    return ModbusDevice.model_validate({**told, "unit": unit, "map": "xy-md02", "timeout": timeout})


def collector(port: int, registers: Sequence[Mapping[str, Any]], unit: int = 1, **more: Any) -> ModbusCollector:
    """A collector of its own with a map of these registers."""
    timeout = more.pop("timeout", 1.0)
    made = tuple(Register.model_validate(register) for register in registers)
    about = MapSection(source="the test", **more)
    return ModbusCollector(device(port, unit, timeout), RegisterMap(about, made), SystemClock())
