"""Signing in and out, and one's own password."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.console.accounts import (
    ABSOLUTE_SECONDS,
    AccountError,
    TooManyTriesError,
    Viewer,
    WrongPasswordError,
    WrongSignInError,
)
from dashboards.console.api.common import COOKIE, PROBLEMS, Console, Parts, SignedIn, answer, parts_of
from dashboards.console.models import MeOut, NewPassword, SignIn
from dashboards.console.passwords import AT_ONCE
from dashboards.console.problems import ProblemError

_MOST_WAITING = 200  # sign-ins in the queue; at 2 × 20 ms that is a wait of 4 s


def router() -> APIRouter:
    """The routes, with their own turnstile: those who wait for it hold up nobody else's thread."""
    routes = APIRouter(prefix="/api", tags=["session"], responses=PROBLEMS)
    turnstile = CapacityLimiter(AT_ONCE)

    def pass_turnstile() -> None:
        if turnstile.statistics().tasks_waiting >= _MOST_WAITING:
            raise ProblemError("too_many_tries", retry_seconds=5)

    @routes.post("/session", response_model=MeOut)
    async def sign_in(request: Request, body: SignIn) -> Response:
        pass_turnstile()
        console = parts_of(request)
        viewer, token = await to_thread.run_sync(_sign_in, console, body, _address(request), limiter=turnstile)
        response = answer(request, _me(viewer))
        response.set_cookie(
            COOKIE,
            token,
            max_age=ABSOLUTE_SECONDS,
            path="/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @routes.get("/session", response_model=MeOut)
    def me(request: Request, viewer: SignedIn) -> Response:
        return answer(request, _me(viewer))

    @routes.delete("/session", status_code=204)
    async def sign_out(request: Request) -> Response:
        console = parts_of(request)
        token = request.cookies.get(COOKIE, "")
        if token:
            viewer = await to_thread.run_sync(console.accounts.session_of, token)
            await to_thread.run_sync(console.accounts.sign_out, token)
            if viewer is not None:
                console.fanout.end_session(viewer.session)
                if console.live is not None:
                    console.live.end_session(viewer.session)
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    @routes.post("/password", status_code=204)
    async def password(request: Request, body: NewPassword, viewer: SignedIn, console: Parts) -> Response:
        pass_turnstile()
        address = _address(request)
        await to_thread.run_sync(_change_password, console, viewer, body, address, limiter=turnstile)
        return Response(status_code=204)

    return routes


def _sign_in(console: Console, body: SignIn, address: str) -> tuple[Viewer, str]:
    try:
        token = console.accounts.sign_in(body.user, body.password, address)
    except WrongSignInError as error:
        raise ProblemError("wrong_sign_in") from error
    except TooManyTriesError as error:
        raise ProblemError("too_many_tries", retry_seconds=error.retry_seconds) from error
    viewer = console.accounts.session_of(token)
    if viewer is None:
        raise ProblemError("wrong_sign_in")  # removed in this very moment
    return viewer, token


def _change_password(console: Console, viewer: Viewer, body: NewPassword, address: str) -> None:
    try:
        console.accounts.change_password(viewer, body.old, body.new, address)
    except WrongPasswordError as error:
        raise ProblemError("wrong_old_password") from error
    except AccountError as error:
        raise ProblemError("weak_password") from error
    except TooManyTriesError as error:
        raise ProblemError("too_many_tries", retry_seconds=error.retry_seconds) from error


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _me(viewer: Viewer) -> MeOut:
    return MeOut(user=viewer.user, name=viewer.name, role=viewer.role.value, one_time_password=viewer.one_time_password)
