"""GET /api/statistics: what the district counts of each ward, for those who look after it."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from dashboards.console.api.common import PROBLEMS, SignedIn, answer
from dashboards.console.models import Out
from dashboards.console.problems import ProblemError
from district.pictures import web
from district.pictures.desk import PictureDesk
from district.situation import Numbers, Situation


class WardStatistics(Out):
    """Of one ward. Counts since the hub first ran, except what is missing now."""

    id: str
    missing_positions: int  # the ward has them, the district not yet
    named_losses: int  # entries that will never come
    refused_entries: int  # entries and messages that do not parse or do not fit
    dropped_duplicates: int  # positions that came again and were left out
    flood_messages: int  # not taken because the ward sent too much; since the hub's start
    live_age_ms_max: float | None  # of its last 600 live batches, when they were committed
    pictures_asked: int  # these since the hub's start
    pictures_taken: int  # that evidence names
    pictures_lacking: int  # now: evidence names them, and they are not here yet
    pictures_given_up: int  # the ward has them no more
    pictures_refused: dict[str, int]  # brought, and not what was asked for; by why
    thumbnails_taken: int


class LiveAgesOut(Out):
    """Of one ward's last 600 live batches, oldest first: when each was committed, and how old its newest entry was."""

    committed_ms: list[float]
    age_ms: list[float]


class StatisticsOut(Out):
    """All wards that the one who asks may see."""

    now_ms: int
    live_age_ms_p50: float | None  # of live entries when they were committed, by the wards' clocks
    live_age_ms_p99: float | None
    wards: list[WardStatistics]


def install(app: FastAPI, situation: Situation, pictures: PictureDesk) -> None:
    """Add the routes of the district alone to the console's."""
    routes = APIRouter(prefix="/api", tags=["statistics"], responses=PROBLEMS)

    @routes.get("/statistics", response_model=StatisticsOut)
    def statistics(request: Request, viewer: SignedIn) -> Response:
        """What came in, what is missing, what was of no use."""
        wards = [_of(ward, situation, pictures) for ward in situation.wards if viewer.may_see(ward)]
        found = StatisticsOut(
            now_ms=request.app.state.console.site.now_us() // 1000,
            live_age_ms_p50=situation.live_age_ms(0.5),
            live_age_ms_p99=situation.live_age_ms(0.99),
            wards=wards,
        )
        return answer(request, found)

    @routes.get("/statistics/{ward}/live-ages", response_model=LiveAgesOut)
    def live_ages(ward: str, request: Request, viewer: SignedIn) -> Response:
        """How far behind the district was."""
        if ward not in situation.wards or not viewer.may_see(ward):
            raise ProblemError("not_found")
        ages = situation.live_ages(ward)
        found = LiveAgesOut(committed_ms=[at / 1000 for at, _ in ages], age_ms=[age / 1000 for _, age in ages])
        return answer(request, found)

    routes.include_router(web.router(pictures))
    already = len(app.router.routes)
    app.include_router(routes)
    # Before the pages' route, which takes whatever no other route wants.
    app.router.routes[:0] = app.router.routes[already:]
    del app.router.routes[already + len(routes.routes) :]


def _of(ward: str, situation: Situation, pictures: PictureDesk) -> WardStatistics:
    numbers = situation.numbers.get(ward, Numbers())
    counts = pictures.counts[ward]
    worst_us = max((age for _, age in situation.live_ages(ward)), default=None)
    lacking, given_up = pictures.lacking(ward)
    return WardStatistics(
        id=ward,
        missing_positions=numbers.missing_positions,
        named_losses=numbers.named_losses,
        refused_entries=numbers.refused_entries,
        dropped_duplicates=numbers.dropped_duplicates,
        flood_messages=numbers.flood_messages,
        live_age_ms_max=None if worst_us is None else worst_us / 1000,
        pictures_asked=counts.asked,
        pictures_taken=counts.taken,
        pictures_lacking=lacking,
        pictures_given_up=given_up,
        pictures_refused=dict(counts.refused),
        thumbnails_taken=counts.thumbnails,
    )
