"""One device's past, and asking it out of turn."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dashboards.console.api.common import PROBLEMS, Console, Parts, SignedIn, answer, check_place
from dashboards.console.assemble import span_out
from dashboards.console.models import ConditionsOut, HistoryOut
from dashboards.console.problems import ProblemError
from dashboards.console.site import Presence
from dashboards.console.thinning import thin

_DAY_MS = 24 * 3600 * 1000
_LONGEST_MS = 400 * _DAY_MS  # as long as conditions are kept
_LAST_MS = 4_102_444_800_000  # 2100-01-01

Moment = Annotated[int | None, Query(ge=0, le=_LAST_MS)]
MetricName = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
# Names that devices gave their ports and sensors: any text but control characters.
Instance = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Points = Annotated[int, Query(ge=10, le=5000)]


def router() -> APIRouter:
    """The routes, with their own memory of what was polled when."""
    routes = APIRouter(prefix="/api/wards/{ward}/devices/{device}", tags=["device"], responses=PROBLEMS)
    gate = PollGate()

    @routes.get("/history", response_model=HistoryOut)
    def history(
        request: Request,
        ward: str,
        device: str,
        viewer: SignedIn,
        console: Parts,
        metric: MetricName,
        instance: Instance = "",
        from_ms: Moment = None,
        to_ms: Moment = None,
        points: Points = 600,
    ) -> Response:
        """One series, by default of the last 24 hours; thinned to `points`."""
        check_place(viewer, ward, device)
        start_us, end_us = _stretch(console, from_ms, to_ms)
        found = console.site.history(ward, device, metric, instance, start_us, end_us, points)
        return answer(request, thin(metric, instance, found, start_us, end_us, points))

    @routes.get("/conditions", response_model=ConditionsOut)
    def conditions(
        request: Request,
        ward: str,
        device: str,
        viewer: SignedIn,
        console: Parts,
        from_ms: Moment = None,
        to_ms: Moment = None,
    ) -> Response:
        """The conditions that touch a stretch of time, by default the last 24 hours."""
        check_place(viewer, ward, device)
        console.site.device(ward, device)
        start_us, end_us = _stretch(console, from_ms, to_ms)
        spans = console.site.condition_spans(ward, device, start_us, end_us)
        return answer(request, ConditionsOut(spans=[span_out(span) for span in spans]))

    @routes.post("/poll", status_code=202)
    def poll(ward: str, device: str, viewer: SignedIn, console: Parts) -> Response:
        """Ask the device now; what comes of it arrives as events."""
        check_place(viewer, ward, device)
        console.site.device(ward, device)
        if not viewer.may_poll:
            raise ProblemError("not_allowed")
        if console.site.ward(ward).presence is not Presence.ONLINE:
            raise ProblemError("ward_offline")
        if gate.opens(ward, device, console.accounts.clock.monotonic(), console.settings.poll_gap_seconds):
            console.site.poll_now(ward, device)
        return Response(status_code=202)

    return routes


class PollGate:
    """An impatient finger is no flood: within the gap, a poll of the device is on its way already."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def opens(self, ward: str, device: str, now: float, gap_seconds: float) -> bool:
        """Whether this poll goes out. Times are monotonic seconds."""
        with self._lock:
            self._asked = {key: at for key, at in self._asked.items() if now - at < gap_seconds}
            if (ward, device) in self._asked:
                return False
            self._asked[ward, device] = now
            return True


def _stretch(console: Console, from_ms: int | None, to_ms: int | None) -> tuple[int, int]:
    end_ms = console.site.now_us() // 1000 if to_ms is None else to_ms
    start_ms = max(0, end_ms - _DAY_MS) if from_ms is None else from_ms
    if not 0 < end_ms - start_ms <= _LONGEST_MS:
        raise ProblemError("bad_request", "from_ms, to_ms")
    return start_ms * 1000, end_ms * 1000
