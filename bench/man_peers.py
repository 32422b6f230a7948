"""The same readings as others send them, over the same line: JSON by MQTT, and Influx line protocol, gzipped, by HTTP.

Both as telegraf does it, and where that can be done in several ways, in the smallest: times rounded to a second, no
host tag, no token, names of instances as fields or as tags.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from bench.man_line import DISTRICT, Crossed, Line
from telemetry.entry import Entry, Readings

HTTP_PORT = 8086
# An exchange has been idle by then, as in life: the kernel's last acknowledgement comes up to 40 ms late, and after
# 200 ms of silence the first one comes at once instead of with an answer.
_ACKNOWLEDGED_SECONDS = 0.3
_ANSWER = (
    b"HTTP/1.1 204 No Content\r\nX-Influxdb-Build: OSS\r\nX-Influxdb-Version: v2.7.1\r\n"
    b"Date: Wed, 25 Nov 2026 12:00:00 GMT\r\n\r\n"
)
_HEAD = (
    "POST /api/v2/write?bucket=wards&org=city HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: Telegraf/1.30.0\r\n"
    "Content-Length: {length}\r\nContent-Encoding: gzip\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
)


def json_over_mqtt(line: Line, broker_port: int, ward: str, entries: Sequence[Entry]) -> Crossed:
    """One message for each entry, QoS 1, on one connection."""
    client = Client(CallbackAPIVersion.VERSION2, "telegraf")
    line.do("ward", lambda: client.connect(DISTRICT, broker_port, keepalive=3600))
    client.loop_start()
    client.publish("telegraf/hello", b"", qos=1).wait_for_publish(10)
    before = line.crossed(broker_port)
    for entry in entries:
        assert isinstance(entry.payload, Readings)
        message = {
            "fields": {_field(metric, instance): value for metric, value, instance in entry.payload.readings},
            "name": entry.kind,
            "tags": {"device": entry.device, "ward": ward},
            "timestamp": entry.wall_time_us // 1_000_000,
        }
        payload = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        client.publish(f"telegraf/{ward}/{entry.kind}", payload, qos=1).wait_for_publish(10)
        time.sleep(_ACKNOWLEDGED_SECONDS)
    crossed = line.crossed(broker_port) - before
    client.disconnect()
    client.loop_stop()
    return crossed


def influx_over_http(line: Line, ward: str, entries: Sequence[Entry], flush_seconds: int) -> Crossed:
    """One POST for what came in each `flush_seconds`, on one connection that stays open."""
    flushes: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        flushes[entry.wall_time_us // (flush_seconds * 1_000_000)].append(entry)
    together = [[*flushes[at]] for at in sorted(flushes)]
    bodies = min(
        ([_gzipped(style(each, ward) for each in flush) for flush in together] for style in (_one_line, _many_lines)),
        key=lambda style: sum(map(len, style)),
    )
    listening: list[socket.socket] = []
    line.do("district", lambda: listening.append(socket.create_server((DISTRICT, HTTP_PORT))))
    server = threading.Thread(target=_serve, args=(listening[0],), daemon=True)
    server.start()
    calling: list[socket.socket] = []
    line.do("ward", lambda: calling.append(socket.create_connection((DISTRICT, HTTP_PORT), 10)))
    with closing(listening[0]), closing(calling[0]) as connection:
        time.sleep(_ACKNOWLEDGED_SECONDS)
        before = line.crossed(HTTP_PORT)
        for body in bodies:
            head = _HEAD.format(host=DISTRICT, port=HTTP_PORT, length=len(body)).encode()
            connection.sendall(head + body)
            answer = connection.recv(4096)
            if answer != _ANSWER:
                raise SystemExit(f"bench man-bytes: our own HTTP server answered {answer!r}")
            time.sleep(_ACKNOWLEDGED_SECONDS)
        crossed = line.crossed(HTTP_PORT) - before
    server.join(10)
    return crossed


def _serve(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection, connection.makefile("rb") as stream:
        while stream.readline():
            length = 0
            while (header := stream.readline().strip()) != b"":
                name, _, value = header.partition(b": ")
                length = int(value) if name == b"Content-Length" else length
            gzip.decompress(stream.read(length))
            connection.sendall(_ANSWER)


Style = Callable[[Entry, str], str]


def _one_line(entry: Entry, ward: str) -> str:
    """An entry is a point; an instance is part of its field's name."""
    assert isinstance(entry.payload, Readings)
    fields = ",".join(
        f"{_field(metric, instance)}={_number(value)}" for metric, value, instance in entry.payload.readings
    )
    return f"{_measurement(entry, ward)} {fields} {_seconds(entry)}\n"


def _many_lines(entry: Entry, ward: str) -> str:
    """Each instance is a point; its name is a tag."""
    assert isinstance(entry.payload, Readings)
    points: dict[str, list[str]] = defaultdict(list)
    for metric, value, instance in entry.payload.readings:
        points[instance].append(f"{metric}={_number(value)}")
    return "".join(
        f"{_measurement(entry, ward)}{f',instance={_escaped(instance)}' if instance else ''}"
        f" {','.join(fields)} {_seconds(entry)}\n"
        for instance, fields in points.items()
    )


def _gzipped(lines: Iterable[str]) -> bytes:
    return gzip.compress("".join(lines).encode(), 9)


def _measurement(entry: Entry, ward: str) -> str:
    return f"{entry.kind},device={entry.device},ward={ward}"


def _field(metric: str, instance: str) -> str:
    return f"{metric}/{_escaped(instance)}" if instance else metric


def _escaped(text: str) -> str:
    return text.replace(" ", "\\ ").replace(",", "\\,").replace("=", "\\=")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _seconds(entry: Entry) -> str:
    return f"{entry.wall_time_us // 1_000_000}000000000"
