"""Every error that the API answers: a status, a code for the pages, words for a person."""

from __future__ import annotations

import math

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.console.models import ProblemOut
from dashboards.console.site import UnknownPlaceError
from dashboards.console.words import language_of, word

STATUS = {
    "wrong_sign_in": 401,
    "not_signed_in": 401,
    "too_many_tries": 429,
    "too_many_streams": 429,
    "too_many_pictures": 429,
    "ticket_refused": 403,
    "not_allowed": 403,
    "cross_site": 403,
    "unknown_place": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "ward_offline": 409,
    "too_large": 413,
    "bad_request": 422,
    "wrong_old_password": 403,
    "weak_password": 422,
    "picture_not_the_one": 422,
    "no_picture": 422,
    "internal": 500,
}


class ProblemError(Exception):
    """Answered as it stands. `code` is a key of STATUS and of the catalogues."""

    def __init__(self, code: str, detail: str = "", retry_seconds: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_seconds = retry_seconds


def problem_response(code: str, accept_language: str, detail: str = "", retry_seconds: float | None = None) -> Response:
    """The answer in the shape of ProblemOut; `detail` names the part of the request that is meant."""
    message = word("problem", code, language_of(accept_language))
    body = ProblemOut(code=code, message=f"{message} ({detail})" if detail else message)
    headers = {"Cache-Control": "no-store"}
    if retry_seconds is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_seconds)))
    return Response(body.model_dump_json(), STATUS[code], headers, "application/json")


def install(app: FastAPI) -> None:
    """Every error leaves the app in our shape."""

    def answer(request: Request, code: str, detail: str = "", retry_seconds: float | None = None) -> Response:
        return problem_response(code, request.headers.get("accept-language", ""), detail, retry_seconds)

    @app.exception_handler(ProblemError)
    async def problem(request: Request, error: ProblemError) -> Response:
        return answer(request, error.code, error.detail, error.retry_seconds)

    @app.exception_handler(UnknownPlaceError)
    async def unknown(request: Request, error: UnknownPlaceError) -> Response:
        return answer(request, "unknown_place")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # Names of fields only: what was sent may hold a password.
        fields = {part for each in error.errors() for part in each["loc"][1:2] if isinstance(part, str)}
        named = sorted(field for field in fields if field.isidentifier() and len(field) <= 40)
        return answer(request, "bad_request", ", ".join(named[:5]))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
        code = codes.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
        response = answer(request, code)
        response.headers.update(error.headers or {})
        return response
