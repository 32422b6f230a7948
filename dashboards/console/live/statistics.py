"""GET /api/live/statistics: what went through each live picture, for those who look after the district."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.console.accounts import Role
from dashboards.console.api.common import PROBLEMS, SignedIn, answer
from dashboards.console.live.desk import Line, LiveDesk
from dashboards.console.models import Out
from dashboards.console.problems import ProblemError


class LiveChannelOut(Out):
    """One stream that somebody watches, since the first of them came."""

    ward: str
    device: str
    stream: str
    viewers: int
    viewers_waiting: int  # that are spared frames until a keyframe
    published: bool
    publishers: int  # how many came one after another
    frames_in: int
    bytes_in: int  # payloads from publishers: what crossed the MAN
    access_unit_bytes_in: int  # of these, the pictures themselves: one copy of the camera's stream
    bytes_out: int  # to all viewers together
    frames_skipped: int  # that viewers were spared
    longest_lag_ms: float  # now, of the viewer that is most behind


class LiveRefusalOut(Out):
    """Publishers that were refused or let go, since the hub started."""

    reason: str
    count: int


class LiveStatisticsOut(Out):
    channels: list[LiveChannelOut]
    refusals: list[LiveRefusalOut]


def router(desk: LiveDesk) -> APIRouter:
    """The route; the numbers are read on the loop's own thread, so that they fit each other."""
    routes = APIRouter(prefix="/api", tags=["live"], responses=PROBLEMS)

    @routes.get("/live/statistics", response_model=LiveStatisticsOut)
    async def statistics(request: Request, viewer: SignedIn) -> Response:
        """What came in once and went out how often."""
        if viewer.role not in (Role.DISTRICT, Role.ADMIN):
            raise ProblemError("not_allowed")
        now = desk.monotonic()
        out = LiveStatisticsOut(
            channels=[_channel(line, now) for line in desk.lines.values()],
            refusals=[LiveRefusalOut(reason=reason, count=count) for reason, count in sorted(desk.refusals.items())],
        )
        return answer(request, out)

    return routes


def _channel(line: Line, now: float) -> LiveChannelOut:
    channel, flow = line.channel, line.channel.flow
    viewers = channel.viewers
    return LiveChannelOut(
        ward=channel.place.ward,
        device=channel.place.device,
        stream=channel.place.stream.value,
        viewers=len(viewers),
        viewers_waiting=sum(viewer.waits for viewer in viewers),
        published=line.publisher is not None,
        publishers=flow.publishers,
        frames_in=flow.frames_in,
        bytes_in=flow.bytes_in,
        access_unit_bytes_in=flow.access_unit_bytes_in,
        bytes_out=flow.bytes_out + sum(viewer.bytes_out for viewer in viewers),
        frames_skipped=flow.frames_skipped + sum(viewer.frames_skipped for viewer in viewers),
        longest_lag_ms=round(1000 * max((viewer.lag_seconds(now) for viewer in viewers), default=0.0), 1),
    )
