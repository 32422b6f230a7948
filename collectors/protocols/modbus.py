"""One connection to one Modbus TCP address, shared by all devices behind it. pymodbus's exceptions become ours here.

pymodbus is imported with the first connection, so that an agent without Modbus does not pay for it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from collectors.register_map import BITS, Span
from telemetry.clock import Clock
from telemetry.network_errors import code_of
from telemetry.readings import ReasonCode

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusTcpClient
    from pymodbus.pdu import ModbusPDU

_FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
# Exception codes: Modbus Application Protocol V1.1b3, section 7.
_EXCEPTIONS = {
    1: (ReasonCode.MAP_UNFIT, "illegal function"),
    2: (ReasonCode.MAP_UNFIT, "illegal data address"),
    3: (ReasonCode.MAP_UNFIT, "illegal data value"),
    4: (ReasonCode.DEVICE_FAILED, "server device failure"),
    5: (ReasonCode.DEVICE_BUSY, "acknowledge: it takes longer"),
    6: (ReasonCode.DEVICE_BUSY, "server device busy"),
    8: (ReasonCode.DEVICE_FAILED, "memory parity error"),
    10: (ReasonCode.GATEWAY_TARGET_SILENT, "gateway path unavailable"),
    11: (ReasonCode.GATEWAY_TARGET_SILENT, "gateway target device failed to respond"),
}
_lines: weakref.WeakValueDictionary[tuple[int, str, int], ModbusLine] = weakref.WeakValueDictionary()


class ModbusFault(Exception):
    """A request that brought nothing, with the reason in our words; `detail` is for the log. `answered`: the address
    gave a proper answer, which was a refusal."""

    def __init__(self, code: ReasonCode, detail: str, *, answered: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.answered = answered


def line_to(host: str, port: int, clock: Clock) -> ModbusLine:
    """The connection to this address that all its devices share (many gateways serve only one). In the event loop."""
    key = (id(asyncio.get_running_loop()), host, port)
    line = _lines.get(key)
    if line is None:
        line = _lines[key] = ModbusLine(host, port, clock)
    return line


class ModbusLine:
    """A connection that is opened when it is needed and kept. Who asks holds its turn."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        self._host, self._port, self._clock = host, port, clock
        self._turn = asyncio.Lock()
        self._client: AsyncModbusTcpClient | None = None
        self._lost = asyncio.Event()
        self._received = 0  # bytes since the last request
        self._last: float | None = None  # when the last request ended

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One poll's time with the address."""
        async with self._turn:
            yield

    async def read(self, unit: int, span: Span, timeout: float, pause: float) -> list[int]:
        """The registers (or bits) of `span`, after `pause` seconds since the last request. Raises ModbusFault."""
        if self._last is not None and (wait := self._last + pause - self._clock.monotonic()) > 0:
            await asyncio.sleep(wait)
        try:
            async with asyncio.timeout(timeout):
                client = await self._connected(timeout)
                return _words(await self._ask(client, unit, span), unit, span)
        except TimeoutError as error:
            raise self._silent(timeout) from error
        except asyncio.CancelledError:
            self.close()  # the answer may still come, and must not be taken for the next one's
            raise
        finally:
            self._last = self._clock.monotonic()

    def close(self) -> None:
        """Give back the socket; the next request opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _connected(self, timeout: float) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        self.close()
        address = await self._address()
        from pymodbus.client import AsyncModbusTcpClient

        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # what went wrong is told here, once
        self._lost = asyncio.Event()
        self._client = client = AsyncModbusTcpClient(
            *(address,),
            port=self._port,
            reconnect_delay=0,
            retries=0,
            timeout=timeout,
            trace_connect=self._connection_changed,
            trace_packet=self._packet,
        )
        await client.connect()
        if not client.connected:
            self.close()
            raise await self._why_not_connected()
        return client

    async def _address(self) -> str:
        loop = asyncio.get_running_loop()
        try:
            infos = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise ModbusFault(ReasonCode.NAME_UNKNOWN, f"{self._host}: {error}") from error
        return str(infos[0][4][0])

    async def _why_not_connected(self) -> ModbusFault:
        """pymodbus does not tell: ask the system once more."""
        try:
            _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError as error:
            return ModbusFault(code_of(error), str(error))
        writer.close()
        return ModbusFault(ReasonCode.NO_ANSWER, "the connection was closed at once")

    async def _ask(self, client: AsyncModbusTcpClient, unit: int, span: Span) -> ModbusPDU:
        from pymodbus.exceptions import ModbusException

        read = {
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
        }[span.table]
        self._received = 0
        request = asyncio.ensure_future(read(span.start, count=span.count, device_id=unit))
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait((request, lost), return_when=asyncio.FIRST_COMPLETED)
            if not request.done():
                raise self._cut_off()
            return request.result()
        except ModbusException as error:
            self.close()
            if self._received:
                raise ModbusFault(ReasonCode.GARBLED_ANSWER, str(error)) from error
            raise ModbusFault(ReasonCode.NO_ANSWER, str(error)) from error
        finally:
            for task in (request, lost):
                task.cancel()
            with suppress(ModbusException, asyncio.CancelledError, TimeoutError):
                await asyncio.gather(request, lost)

    def _silent(self, timeout: float) -> ModbusFault:
        self.close()
        if self._received:
            return ModbusFault(ReasonCode.GARBLED_ANSWER, f"no whole answer within {timeout:.1f} s")
        return ModbusFault(ReasonCode.NO_ANSWER, f"nothing within {timeout:.1f} s")

    def _cut_off(self) -> ModbusFault:
        """pymodbus drops the connection on an answer that it cannot decode."""
        self.close()
        if self._received:
            return ModbusFault(ReasonCode.GARBLED_ANSWER, "an answer that is none to the question")
        return ModbusFault(ReasonCode.NO_ANSWER, "the connection was closed instead of an answer")

    def _connection_changed(self, connected: bool) -> None:
        if not connected:
            self._lost.set()

    def _packet(self, sending: bool, data: bytes) -> bytes:
        if not sending:
            self._received += len(data)
        return data


def _words(answer: ModbusPDU, unit: int, span: Span) -> list[int]:
    """The answer's registers or bits, as many as were asked for."""
    if answer.function_code & 0x7F != _FUNCTIONS[span.table]:
        detail = f"unit {unit}: function {answer.function_code} answers function {_FUNCTIONS[span.table]}"
        raise ModbusFault(ReasonCode.GARBLED_ANSWER, detail)
    if answer.isError():
        code = getattr(answer, "exception_code", 0)
        reason, name = _EXCEPTIONS.get(code, (ReasonCode.GARBLED_ANSWER, "unknown exception"))
        detail = f"unit {unit}, {span.table} {span.start} × {span.count}: exception {code}, {name}"
        raise ModbusFault(reason, detail, answered=reason is not ReasonCode.GATEWAY_TARGET_SILENT)
    found = [int(bit) for bit in answer.bits] if span.table in BITS else list(answer.registers)
    if len(found) < span.count:
        detail = f"unit {unit}, {span.table} {span.start}: {len(found)} of {span.count} values"
        raise ModbusFault(ReasonCode.GARBLED_ANSWER, detail)
    return found[: span.count]
