"""The site, its wards, their devices: as they are now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from dashboards.console.api.common import (
    PROBLEMS,
    Console,
    Parts,
    SignedIn,
    answer,
    check_place,
    etag_of,
    matches,
    packed,
)
from dashboards.console.assemble import device_out, ward_out
from dashboards.console.models import DevicePageOut, MetricOut, SiteOut, WardPageOut, WardsOut
from dashboards.console.site import OpenCondition, UnknownPlaceError
from telemetry.catalogue import metrics

routes = APIRouter(prefix="/api", tags=["places"], responses=PROBLEMS)


@routes.get("/site", response_model=SiteOut)
def site(request: Request, viewer: SignedIn, console: Parts) -> Response:
    """Which place this is."""
    out = SiteOut(label=console.site.label, version=console.settings.version, now_ms=_now_ms(console))
    return answer(request, out)


@routes.get("/metrics", response_model=list[MetricOut])
def catalogue(request: Request, viewer: SignedIn) -> Response:
    """What each number is called. Changes only with the program."""
    lines = [
        MetricOut(name=each.name, unit=each.unit, digits=each.digits, vi=each.vi, en=each.en)
        for each in metrics().values()
    ]
    content = TypeAdapter(list[MetricOut]).dump_json(lines)
    headers = {"ETag": etag_of(content), "Cache-Control": "private, no-cache"}
    if matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return packed(request, content, headers)


@routes.get("/wards", response_model=WardsOut)
def wards(request: Request, viewer: SignedIn, console: Parts) -> Response:
    """All wards that the viewer may see, in the configuration's order."""
    position = console.fanout.position()
    by_ward: dict[str, list[OpenCondition]] = {}
    for each in console.site.open_conditions():
        by_ward.setdefault(each.ward, []).append(each)
    out = []
    for state in console.site.wards():
        if viewer.may_see(state.id):
            out.append(ward_out(state, console.site.devices(state.id), by_ward.get(state.id, ())))
    return answer(request, WardsOut(now_ms=_now_ms(console), wards=out, last_event_id=position))


@routes.get("/wards/{ward}", response_model=WardPageOut)
def ward_page(request: Request, ward: str, viewer: SignedIn, console: Parts) -> Response:
    """One ward with all its devices."""
    check_place(viewer, ward)
    position = console.fanout.position(ward)
    state = console.site.ward(ward)
    devices = console.site.devices(ward)
    console.fanout.served(ward, devices)
    page = WardPageOut(
        now_ms=_now_ms(console),
        ward=ward_out(state, devices, console.site.open_conditions(ward)),
        devices=[device_out(device) for device in devices],
        last_event_id=position,
    )
    return answer(request, page)


@routes.get("/wards/{ward}/devices/{device}", response_model=DevicePageOut)
def device_page(request: Request, ward: str, device: str, viewer: SignedIn, console: Parts) -> Response:
    """One device, its ward, and what hangs on it."""
    check_place(viewer, ward, device)
    position = console.fanout.position(ward)
    state = console.site.ward(ward)
    devices = console.site.devices(ward)
    console.fanout.served(ward, devices)
    itself = next((each for each in devices if each.info.id == device), None)
    if itself is None:
        raise UnknownPlaceError(device)
    page = DevicePageOut(
        now_ms=_now_ms(console),
        ward=ward_out(state, devices, console.site.open_conditions(ward)),
        device=device_out(itself),
        children=[device_out(each) for each in devices if each.info.parent == device and each is not itself],
        last_event_id=position,
    )
    return answer(request, page)


def _now_ms(console: Console) -> int:
    return console.site.now_us() // 1000
