"""The edge to VictoriaMetrics: influxdb-client writes, httpx reads. Its errors become StoreError(UNREACHABLE)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from store.base import StoreError, StoreFault
from store.victoria.kept import kept_value
from store.victoria.settings import VictoriaSettings

_MS: Any = "ms"  # influxdb-client's WritePrecision.MS, without its import
_LINES = 10_000  # of one request
_FRESH = {"nocache": "1", "latency_offset": "1ms"}
_STARTED = re.compile(r"^vm_app_start_timestamp (\S+)$", re.MULTILINE)
MARK, PROBE = "wardwatch_store_mark", "wardwatch_store_probe"


class Name(NamedTuple):
    """A series as it is called there."""

    ward: str
    device: str
    kind: str
    metric: str
    instance: str

    def head(self, district: str) -> str:
        """Its part of a line: the measurement is the kind and the field the metric, which makes <kind>_<metric>."""
        tags = (
            ("district", district), ("ward", self.ward), ("device", self.device), ("kind", self.kind),
            ("instance", self.instance),
        )  # fmt: skip
        said = "".join(f",{name}={_escaped(value)}" for name, value in tags if value)
        return f"{_escaped(self.kind)}{said} {_escaped(self.metric)}="


Points = dict[int, float]  # µs → value


class VictoriaClient:
    """One VictoriaMetrics (a single node). Any thread may call it."""

    def __init__(self, settings: VictoriaSettings) -> None:
        from influxdb_client import InfluxDBClient  # type: ignore[attr-defined]
        from influxdb_client.client.write_api import SYNCHRONOUS

        self._url, self._district = settings.url.rstrip("/"), settings.district
        auth = (settings.username, settings.password) if settings.username else None
        self._http = httpx.Client(base_url=self._url, auth=auth, timeout=settings.timeout_seconds, trust_env=False)
        self._influx = InfluxDBClient(
            self._url,
            token=f"{settings.username}:{settings.password}" if auth else "-",
            auth_basic=auth is not None,
            org="-",
            timeout=round(settings.timeout_seconds * 1000),
        )
        self._writer = self._influx.write_api(write_options=SYNCHRONOUS)
        self._timeout_seconds = settings.timeout_seconds
        self._bell = threading.Condition()
        self._under_way = 0
        self._closed = False

    def close(self) -> None:
        """Waits for what is under way; whoever comes later is told StoreFault.CLOSED."""
        with self._bell:
            self._closed = True
            self._bell.wait_for(lambda: not self._under_way, self._timeout_seconds)
        self._writer.close()  # type: ignore[no-untyped-call]
        self._influx.close()  # type: ignore[no-untyped-call]
        self._http.close()

    # ---- how it is ---------------------------------------------------------------------------------------------

    def now_us(self) -> int:
        """Its own clock, to the second: what it takes and drops goes by that."""
        stamp = self._get("/health").headers.get("date", "")
        try:
            return round(parsedate_to_datetime(stamp).timestamp()) * 1_000_000
        except ValueError as error:
            raise self._strange(f"a date of {stamp!r}") from error

    def started(self) -> str:
        """When its process started: another word than before means that it was started again."""
        found = _STARTED.search(self._get("/metrics").text)
        if found is None:
            raise self._strange("no vm_app_start_timestamp among its metrics")
        return found.group(1)

    # ---- in ----------------------------------------------------------------------------------------------------

    def write(self, samples: Iterable[tuple[Name, int, float]]) -> None:
        """Accepted when this returns: not yet safe, nor known to be kept."""
        heads: dict[Name, str] = {}
        lines = []
        for name, time_us, value in samples:
            head = heads.get(name) or heads.setdefault(name, name.head(self._district))
            lines.append(f"{head}{value!r} {time_us // 1000}")
        self._write(lines)

    def write_own(self, series: str, value: float, time_us: int) -> None:
        """A sample of a series of our own."""
        measurement, field = series.rsplit("_", 1)
        self._write([f"{measurement},district={_escaped(self._district)} {field}={value!r} {time_us // 1000}"])

    def flush(self) -> None:
        """When this returns, a SIGKILL takes nothing back that was accepted before.

        A snapshot writes what is in memory to the disk first (lib/storage, CreateSnapshot), which /internal/force_flush
        does not: after that alone a SIGKILL took all back, in a trial."""
        self._get("/snapshot/delete", {"snapshot": self.snapshot()})

    def snapshot(self) -> str:
        """Have it make one of all it has, and give it a name: a folder under its -storageDataPath/snapshots."""
        name = self._get("/snapshot/create").json().get("snapshot")
        if not name:
            raise self._strange("no snapshot")
        return str(name)

    # ---- out ---------------------------------------------------------------------------------------------------

    def read(self, ward: str, start_us: int, end_us: int, device: str = "", metric: str = "") -> dict[Name, Points]:
        """The samples of a ward (of one device; of one metric of whatever kind) with start <= time <= end."""
        labels = [f"ward={_quoted(ward)}"]
        if device:
            labels.append(f"device={_quoted(device)}")
        if metric:
            labels.append(f"__name__=~{_quoted('.+_' + re.escape(metric))}")
        found: dict[Name, Points] = {}
        for series, points in self._export(labels, start_us, end_us):
            kind = series.get("kind", "")
            measured = series["__name__"].removeprefix(f"{kind}_")
            name = Name(ward, series.get("device", ""), kind, measured, series.get("instance", ""))
            found.setdefault(name, {}).update(points)
        return found

    def read_own(self, series: str, start_us: int, end_us: int) -> Points:
        """Of a series of our own."""
        for _, points in self._export([f"__name__={_quoted(series)}"], start_us, end_us):
            return dict(points)
        return {}

    # ---- inside ------------------------------------------------------------------------------------------------

    def _write(self, lines: Sequence[str]) -> None:
        for at in range(0, len(lines), _LINES):
            data = "\n".join(lines[at : at + _LINES]).encode()
            with self._reaching():
                self._writer.write(bucket="-", record=data, write_precision=_MS)

    def _export(
        self, labels: Sequence[str], start_us: int, end_us: int
    ) -> Iterator[tuple[dict[str, str], list[tuple[int, float]]]]:
        match = "{" + ",".join([f"district={_quoted(self._district)}", *labels]) + "}"
        # It takes times before 1970 for durations before now.
        bounds = {"start": _seconds(max(start_us, 0)), "end": _seconds(min(max(end_us, 0), _END_US))}
        asked = {"match[]": match, **bounds, **_FRESH}
        with self._reaching(), self._http.stream("GET", "/api/v1/export", params=asked) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                if line:
                    found = json.loads(line)
                    times = (round(ms) * 1000 for ms in found["timestamps"])
                    yield found["metric"], list(zip(times, map(kept_value, map(float, found["values"])), strict=True))

    def _get(self, path: str, parameters: dict[str, str] | None = None) -> httpx.Response:
        with self._reaching():
            return self._http.get(path, params=parameters).raise_for_status()

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        with self._bell:
            if self._closed:
                raise StoreError(f"the way to {self._url} is closed", StoreFault.CLOSED)
            self._under_way += 1
        try:
            yield
        except (httpx.HTTPError, ApiException, HTTPError, OSError) as error:
            raise StoreError(f"VictoriaMetrics at {self._url}: {error!r}", StoreFault.UNREACHABLE) from error
        except (ValueError, KeyError, TypeError) as error:
            raise self._strange(repr(error)) from error
        finally:
            with self._bell:
                self._under_way -= 1
                self._bell.notify_all()

    def _strange(self, detail: str) -> StoreError:
        return StoreError(f"what answers at {self._url} is not VictoriaMetrics: {detail}", StoreFault.UNREACHABLE)


_END_US = round(datetime(2199, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def _seconds(time_us: int) -> str:
    return f"{time_us // 1_000_000}.{time_us % 1_000_000 // 1000:03}"


def _escaped(name: str) -> str:
    return name.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
