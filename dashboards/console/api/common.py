"""What every router needs: the console's parts, who asks, and how an answer leaves."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from dashboards.console.accounts import Accounts, Viewer
from dashboards.console.encodings import accepted
from dashboards.console.events import Fanout
from dashboards.console.live.desk import LiveDesk
from dashboards.console.models import ProblemOut
from dashboards.console.problems import ProblemError
from dashboards.console.settings import ConsoleSettings
from dashboards.console.site import Site
from telemetry.kinds import is_id

COOKIE = "wardwatch_session"
LONGEST_TOKEN = 128
_WORTH_PACKING = 2048  # bytes; less than this is one or two packets anyway
PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": {"model": ProblemOut}, "5XX": {"model": ProblemOut}}


@dataclass(frozen=True, slots=True)
class Console:
    """The parts of one console, put together by create_app."""

    site: Site
    accounts: Accounts
    settings: ConsoleSettings
    fanout: Fanout
    live: LiveDesk | None = None  # where there are cameras to see


def parts_of(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


async def console_of(request: Request) -> Console:
    """The parts; `async` because FastAPI would give anything else a thread."""
    return parts_of(request)


def viewer_of(request: Request) -> Viewer:
    """Who asks; ProblemError not_signed_in. Blocks on the database, so FastAPI runs it in a thread."""
    token = request.cookies.get(COOKIE, "")
    viewer = None
    if token and len(token) <= LONGEST_TOKEN:
        viewer = parts_of(request).accounts.session_of(token)
    if viewer is None:
        raise ProblemError("not_signed_in")
    return viewer


Parts = Annotated[Console, Depends(console_of)]
SignedIn = Annotated[Viewer, Depends(viewer_of)]


def check_place(viewer: Viewer, ward: str, device: str | None = None) -> None:
    """A ward that is not the viewer's is as unknown to it as one that is not there."""
    if not is_id(ward) or not viewer.may_see(ward) or (device is not None and not is_id(device)):
        raise ProblemError("unknown_place")


def answer(request: Request, body: BaseModel) -> Response:
    """A state: never kept by anyone on the way, packed where that is worth it."""
    return packed(request, body.model_dump_json().encode(), {"Cache-Control": "no-store"})


def packed(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    """A JSON answer, packed for those who can take it."""
    headers["Vary"] = "Accept-Encoding"
    if len(content) >= _WORTH_PACKING and accepted(request.headers.get("accept-encoding", ""), ("gzip",)):
        # Level 1: a ward's page from 60 kB to 6 kB in half a millisecond; more effort saves little more.
        content = gzip.compress(content, 1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, 200, headers, "application/json")


def etag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def matches(request: Request, etag: str) -> bool:
    """Whether the browser has this already (RFC 9110 §13.1.2: weak comparison)."""
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or etag in (each.strip().removeprefix("W/") for each in known.split(","))
