"""What was proven of a camera, the pictures that prove it, and the newest picture of each camera."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from dashboards.console.api.common import PROBLEMS, Parts, SignedIn, answer, check_place, matches
from dashboards.console.evidence_out import coverage_out, evidence_out
from dashboards.console.models import EvidenceOut, RecorderEvidenceOut
from dashboards.console.problems import ProblemError
from telemetry.kinds import Kind

routes = APIRouter(prefix="/api", tags=["evidence"], responses=PROBLEMS)

_JPEG: dict[str, Any] = {"content": {"image/jpeg": {}}}
# What a hash names never changes; but it stays this reader's, and is asked for again by the next one.
_FOR_EVER = "private, max-age=31536000, immutable"

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@routes.get("/wards/{ward}/devices/{camera}/evidence", response_model=EvidenceOut)
def evidence(request: Request, ward: str, camera: str, viewer: SignedIn, console: Parts) -> Response:
    """What was proven of one camera: the newest coverage, replayed moments, pictures of conditions."""
    check_place(viewer, ward, camera)
    return answer(request, evidence_out(console.site.evidence(ward, camera), console.site.now_us() // 1000))


@routes.get("/wards/{ward}/devices/{recorder}/coverage", response_model=RecorderEvidenceOut)
def coverage(request: Request, ward: str, recorder: str, viewer: SignedIn, console: Parts) -> Response:
    """What one recorder holds of each of its cameras."""
    check_place(viewer, ward, recorder)
    console.site.device(ward, recorder)
    cameras = [each.info.id for each in console.site.devices(ward) if each.info.kind == Kind.CAMERA]
    found = [console.site.evidence(ward, camera).coverage for camera in cameras]
    own = [coverage_out(each) for each in found if each is not None and each.body.recorder == recorder]
    return answer(request, RecorderEvidenceOut(now_ms=console.site.now_us() // 1000, cameras=own))


@routes.get("/blobs/{sha256}", response_class=Response, responses={200: _JPEG})
def blob(
    request: Request,
    sha256: Sha256,
    viewer: SignedIn,
    console: Parts,
    ward: Annotated[str | None, Query(max_length=63)] = None,
) -> Response:
    """A picture that evidence of a ward names; without `ward`, of any that the one who asks may see."""
    if ward is not None:
        check_place(viewer, ward)
    wards = [ward] if ward is not None else [each.id for each in console.site.wards() if viewer.may_see(each.id)]
    etag = f'"{sha256}"'
    for each in wards:
        jpeg = console.site.picture(each, bytes.fromhex(sha256))
        if jpeg is not None:
            headers = {"ETag": etag, "Cache-Control": _FOR_EVER}
            if matches(request, etag):
                return Response(status_code=304, headers=headers)
            return Response(jpeg, 200, headers, "image/jpeg")
    raise ProblemError("not_found")


@routes.get("/wards/{ward}/devices/{camera}/thumbnail", response_class=Response, responses={200: _JPEG})
def thumbnail(request: Request, ward: str, camera: str, viewer: SignedIn, console: Parts) -> Response:
    """A camera's newest picture. While somebody asks for it now and then, the next one comes within seconds."""
    check_place(viewer, ward, camera)
    found = console.site.thumbnail(ward, camera)
    if found is None:
        raise ProblemError("not_found")
    headers = {
        "ETag": f'"{found.name.sha256.hex()}"',
        "Cache-Control": "private, no-cache",
        "X-Taken-Ms": str(found.name.taken_us // 1000),
    }
    if matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(found.jpeg, 200, headers, "image/jpeg")
