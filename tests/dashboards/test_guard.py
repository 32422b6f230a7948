"""Same origin, bounded bodies, safe headers, garbage."""

from __future__ import annotations

import json
import random
import string

import httpx
import pytest

from dashboards.console.problems import STATUS
from dashboards.console.words import language_of, word
from tests.dashboards.conftest import PASSWORD, sign_in

POLL = "/api/wards/hai-chau-1/devices/ups-1/poll"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://ward.example.evil.example"},
        {"Origin": "http://ward.example:8080"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Origin": "http://ward.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_another_sites_request_changes_nothing(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    await sign_in(client)
    for method, path in (("POST", POLL), ("DELETE", "/api/session"), ("POST", "/api/session")):
        answer = await client.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert (await client.get("/api/session")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://ward.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://WARD.example:80"},
        {"Origin": "https://ward.example"},  # TLS ends before us
        {},  # no browser
    ],
)
async def test_our_own_pages_may(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    await sign_in(client)
    assert (await client.post(POLL, headers=headers)).status_code == 202


async def test_a_body_that_is_too_large_is_refused_with_and_without_a_length(client: httpx.AsyncClient) -> None:
    async def endless() -> object:
        for _ in range(100):
            yield b" " * 10_000

    for content in (b" " * 70_000, endless()):
        answer = await client.post("/api/session", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/wards", "/assets/none.js", "/api/none"])
async def test_every_answer_carries_the_safe_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
    assert (policy["frame-ancestors"], policy["worker-src"]) == ("'none'", "'self' blob:")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/none", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("PUT", "/api/wards", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_said_in_our_shape(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/",
        "/\\evil.example",
        "/api/wards/",
        "/api//evil.example",
        "/%2f%2fevil.example",
    ],
)
async def test_no_address_leads_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    await sign_in(client)
    answer = await client.get(f"http://ward.example{path}", follow_redirects=False)
    assert not 300 <= answer.status_code < 400 and "location" not in answer.headers


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"user":1,"password":2}', b'{"user":"a"}',
        b'{"user":"","password":""}',
        b'{"user":"a","password":"b","admin":true}', b'{"user":"a","password":"' + b"x" * 300 + b'"}',
        b'{"user":"\\ud800","password":"\\ud800"}', b"[" * 5000, b'{"user":{"$ne":1},"password":"x"}',
    ],
)  # fmt: skip
async def test_a_sign_in_of_garbage_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/api/session", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (401, 422)
    assert set(answer.json()) == {"code", "message"}


async def test_a_refused_request_repeats_no_password(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/session", json={"user": "a", "password": PASSWORD, PASSWORD: 1})
    assert answer.status_code == 422 and PASSWORD not in answer.text


async def test_garbage_is_never_an_error_of_ours(client: httpx.AsyncClient, seed: int) -> None:
    rng = random.Random(seed)
    await sign_in(client)
    templates = [
        "/api/wards/{}", "/api/wards/hai-chau-1/devices/{}", "/api/wards/{}/devices/{}/conditions",
        "/api/wards/hai-chau-1/devices/ups-1/history?metric={}&instance={}&from_ms={}&to_ms={}&points={}",
        "/api/wards/hai-chau-1/devices/ups-1/conditions?from_ms={}&to_ms={}", "/{}", "/assets/{}", "/api/{}",
    ]  # fmt: skip
    nasty = [
        "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "%ed%a0%80", "0", "-1", "1e309", "NaN", "9" * 40,
        "a" * 3000, "%F0%9F%92%A5", "';--", "%0d%0aSet-Cookie:x=1", "{}", "[]", "null", "%25", "hai-chau-1", "ups-1",
    ]  # fmt: skip
    for _ in range(400):
        template = rng.choice(templates)
        parts = [
            rng.choice(nasty) if rng.random() < 0.7 else "".join(rng.choices(string.ascii_letters + "-_.~%41", k=6))
            for _ in range(template.count("{}"))
        ]
        path = template.format(*parts)
        answer = await client.get(f"http://ward.example{path}")
        assert answer.status_code < 500 or answer.status_code == 503, (path, answer.status_code)
        assert "set-cookie" not in answer.headers, path


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "vi"), ("fr", "vi"), ("en", "en"), ("en-US,en;q=0.9", "en"), ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("en;q=0.1,vi;q=0.9", "vi"), ("en;q=x", "vi"), (";;;,,,q", "vi"), ("EN", "en"), ("*", "vi"),
    ],
)  # fmt: skip
def test_the_reader_gets_the_language_that_it_likes_best(header: str, language: str) -> None:
    assert language_of(header) == language


def test_every_problem_has_words_in_both_languages() -> None:
    for code in STATUS:
        assert word("problem", code, "vi") != word("problem", code, "en")


async def test_a_problem_is_json_that_nobody_keeps(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/wards")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.text)["message"] == "Vui lòng đăng nhập."
