"""The pages' files: what a browser gets, and what nobody gets."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import httpx
import pytest

from dashboards.console.settings import ConsoleSettings

SCRIPT = b"console.log('x');" * 100
INDEX = b"<!doctype html><script src=/assets/index-D4f_x91a.js></script>"


@pytest.fixture
def built(settings: ConsoleSettings) -> Path:
    folder = settings.static
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "assets" / "index-D4f_x91a.js").write_bytes(SCRIPT)
    (folder / "assets" / "index-D4f_x91a.js.br").write_bytes(b"as if brotli")
    (folder / "assets" / "index-D4f_x91a.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "font-AbCdEfGh.woff2").write_bytes(b"wOF2")
    (folder / "logo.svg").write_bytes(b"<svg/>")
    (folder / ".env").write_bytes(b"SECRET")
    (folder.parent / "secret.txt").write_bytes(b"SECRET")
    (folder / "assets" / "leak.txt").symlink_to(folder.parent / "secret.txt")
    return folder


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/wards/hai-chau-1", "/wards/hai-chau-1/devices/ups-1", "/sign-in"]
)
async def test_every_page_address_answers_the_app(client: httpx.AsyncClient, built: Path, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_page_that_did_not_change_is_not_sent_again(client: httpx.AsyncClient, built: Path) -> None:
    etag = (await client.get("/")).headers["etag"]
    again = await client.get("/", headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None), ("*", "br"),
     ("br;q=x", None)],
)  # fmt: skip
async def test_the_packed_form_goes_to_who_can_unpack_it(
    client: httpx.AsyncClient, built: Path, accepts: str, encoding: str | None
) -> None:
    async with client.stream("GET", "/assets/index-D4f_x91a.js", headers={"Accept-Encoding": accepts}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    files = {"br": b"as if brotli", "gzip": gzip.compress(SCRIPT), None: SCRIPT}
    assert answer.headers.get("content-encoding") == encoding
    assert raw == files[encoding] or (encoding == "gzip" and gzip.decompress(raw) == SCRIPT)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_named_by_their_content_files_are_kept_for_ever_others_are_asked_for(
    client: httpx.AsyncClient, built: Path
) -> None:
    assert "immutable" in (await client.get("/assets/font-AbCdEfGh.woff2")).headers["cache-control"]
    assert (await client.get("/assets/font-AbCdEfGh.woff2")).headers["content-type"] == "font/woff2"
    assert (await client.get("/logo.svg")).headers["cache-control"] == "no-cache"
    assert (await client.get("/logo.svg")).headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..%5csecret.txt",
        "/assets/../../secret.txt", "/assets/..%2f..%2fsecret.txt", "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/assets/leak.txt", "/.env", "/%2e%65nv", "/secret.txt%00.js", "//secret.txt", "/assets/%2e%2e", "/assets",
        "/....//secret.txt", "/%252e%252e%252fsecret.txt", "/assets/none-12345678.js",
    ],
)  # fmt: skip
async def test_nothing_outside_of_the_folder_is_ever_sent(client: httpx.AsyncClient, built: Path, path: str) -> None:
    for target in (path, path.upper()):
        url = httpx.URL("http://ward.example").copy_with(raw_path=target.encode())
        answer = await client.send(client.build_request("GET", url))
        assert b"SECRET" not in answer.content and b"root:" not in answer.content
        assert answer.status_code == 404 or (answer.content == INDEX and target in ("/assets", "/ASSETS"))


async def test_a_head_request_gets_the_headers_alone(client: httpx.AsyncClient, built: Path) -> None:
    answer = await client.head("/logo.svg")
    assert (answer.status_code, answer.headers["content-length"]) == (200, "6")


async def test_a_new_build_shows_without_a_restart(client: httpx.AsyncClient, built: Path) -> None:
    assert (await client.get("/")).content == INDEX
    (built / "index.html").write_bytes(b"<!doctype html>new")
    os.utime(built / "index.html", ns=(1, 1))
    assert (await client.get("/")).content == b"<!doctype html>new"
    (built / "assets" / "late-AbCd1234.js").write_bytes(b"1")
    os.utime(built / "assets", ns=(2, 2))
    assert (await client.get("/assets/late-AbCd1234.js")).content == b"1"


async def test_without_a_build_the_page_says_how_to_make_one(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert "make setup" in answer.text and "not built" in answer.text
    assert "chưa được dựng" in (await client.get("/wards/x")).text
