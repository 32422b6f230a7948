"""The built pages: a single-page app, served from what the folder holds and from nothing else."""

from __future__ import annotations

import html
import logging
import mimetypes
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.console.api.common import etag_of, matches
from dashboards.console.encodings import accepted
from dashboards.console.words import language_of, word

log = logging.getLogger(__name__)

_INDEX = "index.html"
_SIBLINGS = {"br": ".br", "gzip": ".gz"}  # best first
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+(\.map)?$")  # what Vite names its assets
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
_SIGNS = {  # mimetypes asks the machine's own files, which differ
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    etag: str
    media_type: str
    packed: Mapping[str, bytes]  # by content encoding
    immutable: bool


class Pages:
    """The folder's files by their address, in memory: a request can name only what was found there.

    Built pages are a megabyte or two. Read again when index.html or a folder changed, so that a build shows without a
    restart, also one that was seen half done.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._stamp: tuple[int | None, ...] = ()
        self._files: Mapping[str, _File] = {}

    def find(self, path: str) -> _File | None:
        """The file at an address without its leading slash; None where there is none. Blocks on the disk."""
        with self._lock:
            stamp = tuple(_changed_ns(self._folder / name) for name in (_INDEX, ".", "assets"))
            if stamp != self._stamp:
                self._files = {} if stamp[0] is None else _read(self._folder)
                self._stamp = stamp
            return self._files.get(path)


def router(folder: Path) -> APIRouter:
    """Everything that is not the API's. Add it last."""
    routes = APIRouter(include_in_schema=False)
    pages = Pages(folder)

    @routes.api_route("/{path:path}", methods=["GET", "HEAD"])
    def page(request: Request, path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            raise HTTPException(404)
        language = language_of(request.headers.get("accept-language", ""))
        if ".." in path.replace("\\", "/").split("/") or "\0" in path:
            return _plain(404, word("page", "missing_title", language))
        found = pages.find(path or _INDEX)
        if found is not None:
            return _answer(request, found)
        index = pages.find(_INDEX)
        if index is None:
            return _plain(503, word("page", "not_built_title", language), word("page", "not_built", language))
        # A page's address has no dot in its last part; a missing file must not be answered with a page.
        if "." in path.rpartition("/")[2] or path.startswith("assets/"):
            return _plain(404, word("page", "missing_title", language))
        return _answer(request, index)

    return routes


def _answer(request: Request, found: _File) -> Response:
    headers = {
        "ETag": f"W/{found.etag}",  # weak: the packed forms are the same page
        "Vary": "Accept-Encoding",
        "Cache-Control": _IMMUTABLE if found.immutable else _REVALIDATE,
    }
    if matches(request, found.etag):
        return Response(status_code=304, headers=headers)
    content = found.content
    encoding = accepted(request.headers.get("accept-encoding", ""), tuple(found.packed))
    if encoding is not None:
        content = found.packed[encoding]
        headers["Content-Encoding"] = encoding
    return Response(content, 200, headers, found.media_type)


def _plain(status: int, title: str, text: str = "") -> Response:
    command = f"<p>{html.escape(text)}</p><pre>make setup</pre>" if text else ""
    body = f"<!doctype html><meta charset=utf-8><title>WardWatch</title><h1>{html.escape(title)}</h1>{command}"
    return Response(body, status, {"Cache-Control": "no-store"}, "text/html; charset=utf-8")


def _changed_ns(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _read(folder: Path) -> dict[str, _File]:
    files: dict[str, _File] = {}
    root = folder.resolve()
    for path in sorted(root.rglob("*")):
        # A link that leads out of the folder is not one of its files.
        if not path.is_file() or not path.resolve().is_relative_to(root) or path.suffix in _SIBLINGS.values():
            continue
        name = path.relative_to(root).as_posix()
        if any(part.startswith(".") for part in name.split("/")):
            continue
        try:
            files[name] = _file(path, name)
        except FileNotFoundError:
            log.info("%s went while the pages were read: a build is under way", name)
    return files


def _file(path: Path, name: str) -> _File:
    content = path.read_bytes()
    packed = {}
    for encoding, ending in _SIBLINGS.items():
        sibling = path.with_name(path.name + ending)
        if sibling.is_file():
            packed[encoding] = sibling.read_bytes()
    media_type = _SIGNS.get(path.suffix.lower()) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    immutable = name.startswith("assets/") and _HASHED.search(name) is not None
    return _File(content, etag_of(content), media_type, packed, immutable)
