"""Signing in, staying in, getting out."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dashboards.console.accounts import AccountError, Accounts, Role, TooManyTriesError, WrongSignInError
from dashboards.console.tables import User, UserSession
from telemetry.clock import FakeClock
from tests.dashboards.conftest import PASSWORD, sign_in

HOUR = 3600.0


async def test_a_right_password_opens_a_session_that_names_the_person(client: httpx.AsyncClient) -> None:
    answer = await sign_in(client)
    assert answer.status_code == 200
    assert answer.json() == {
        "user": "lan", "name": "Nguyễn Thị Lan", "role": "district", "one_time_password": True,
    }  # fmt: skip
    assert (await client.get("/api/session")).json() == answer.json()


async def test_the_cookie_can_be_read_by_no_script_and_rides_on_no_other_sites_request(
    client: httpx.AsyncClient,
) -> None:
    cookie = (await sign_in(client)).headers["set-cookie"].lower()
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert "secure" not in parts


async def test_over_https_the_cookie_is_secure(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://ward.example") as client:
        assert "; secure" in (await sign_in(client)).headers["set-cookie"].lower()
        assert (await client.get("/api/session")).status_code == 200


async def test_the_database_holds_no_token_and_no_password(client: httpx.AsyncClient, engine: Engine) -> None:
    token = (await sign_in(client)).cookies["wardwatch_session"]
    assert len(token) >= 43  # 256 bits
    with Session(engine) as session:
        kept = session.query(UserSession).one().token_sha256
        hashed = session.query(User).filter(User.name == "lan").one().password_hash
    assert token.encode() not in kept and len(kept) == 32
    assert hashed.startswith("$argon2id$") and PASSWORD not in hashed


@pytest.mark.parametrize("user", ["lan", "nobody", "LAN ", "x' or 1=1 --"])
async def test_a_wrong_sign_in_never_says_what_was_wrong(client: httpx.AsyncClient, user: str) -> None:
    answer = await client.post(
        "/api/session", json={"user": user, "password": "wrong-password"}, headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 401
    assert answer.json() == {"code": "wrong_sign_in", "message": "The user name or the password is not right."}
    assert "set-cookie" not in answer.headers


def test_a_wrong_sign_in_takes_as_long_for_no_user_as_for_one(engine: Engine, clock: FakeClock) -> None:
    accounts = Accounts(engine, clock)
    accounts.add_user("here", Role.DISTRICT, password=PASSWORD)

    def seconds(user: str) -> float:
        start = time.thread_time()
        with pytest.raises(WrongSignInError):
            accounts.sign_in(user, "wrong", f"10.0.0.{len(times)}")
        return time.thread_time() - start

    times: list[tuple[float, float]] = []
    for _ in range(9):
        times.append((seconds("here"), seconds("gone")))
        clock.advance(2 * HOUR)
    here, gone = (statistics.median(column) for column in zip(*times, strict=True))
    assert 0.6 < here / gone < 1.6, (here, gone)


async def test_names_are_one_however_they_are_typed(client: httpx.AsyncClient) -> None:
    assert (await sign_in(client, " Lan")).status_code == 200


def test_a_password_is_one_however_a_keyboard_composes_it(accounts: Accounts) -> None:
    accounts.add_user("viet", Role.DISTRICT, password="m\u1eadt kh\u1ea9u d\u00e0i")
    assert accounts.sign_in("viet", "ma\u0323\u0302t kha\u0302\u0309u da\u0300i", "10.0.0.1")


async def test_signing_out_ends_the_session_on_the_server_too(client: httpx.AsyncClient) -> None:
    token = (await sign_in(client)).cookies["wardwatch_session"]
    assert (await client.delete("/api/session")).status_code == 204
    assert "wardwatch_session" not in client.cookies
    client.cookies.set("wardwatch_session", token)
    answer = await client.get("/api/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_signing_out_twice_is_no_error(client: httpx.AsyncClient) -> None:
    assert (await client.delete("/api/session")).status_code == 204


async def test_an_idle_session_ends_after_twelve_hours(client: httpx.AsyncClient, clock: FakeClock) -> None:
    await sign_in(client)
    clock.advance(12 * HOUR - 1)
    assert (await client.get("/api/session")).status_code == 200
    clock.advance(12 * HOUR - 1)  # use moved the end
    assert (await client.get("/api/session")).status_code == 200
    clock.advance(12 * HOUR + 1)
    assert (await client.get("/api/session")).status_code == 401


async def test_no_session_lives_longer_than_seven_days(client: httpx.AsyncClient, clock: FakeClock) -> None:
    await sign_in(client)
    for _ in range(7 * 3 - 1):
        clock.advance(8 * HOUR)
        assert (await client.get("/api/session")).status_code == 200
    clock.advance(8 * HOUR + 1)
    assert (await client.get("/api/session")).status_code == 401


def test_expired_sessions_do_not_pile_up(accounts: Accounts, clock: FakeClock, engine: Engine) -> None:
    for _ in range(5):
        accounts.sign_in("lan", PASSWORD, "10.0.0.1")
        clock.advance(13 * HOUR)
    accounts.sign_in("lan", PASSWORD, "10.0.0.1")
    with Session(engine) as session:
        assert session.query(UserSession).count() == 1


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "é", "'; drop table console_sessions; --"])
async def test_a_made_up_token_opens_nothing(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get("/api/wards", headers={"Cookie": f"wardwatch_session={token}".encode()})
    assert answer.status_code == 401


async def test_guessing_is_slowed_down_and_the_wait_grows(client: httpx.AsyncClient, clock: FakeClock) -> None:
    for _ in range(5):
        assert (await sign_in(client, password="wrong")).status_code == 401
    waits = []
    for _ in range(4):
        answer = await sign_in(client)  # even the right password has to wait now
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
        waits.append(int(answer.headers["retry-after"]))
        clock.advance(waits[-1])
        assert (await sign_in(client, password="wrong")).status_code == 401
    assert waits == [2, 4, 8, 16]
    clock.advance(32)
    assert (await sign_in(client)).status_code == 200


async def test_guessing_is_slowed_down_whether_the_user_exists_or_not(client: httpx.AsyncClient) -> None:
    answers = {user: [(await sign_in(client, user, "wrong")).status_code for _ in range(7)] for user in ("lan", "no")}
    assert answers["lan"] == answers["no"] == [401] * 5 + [429] * 2


def test_one_address_guessing_many_users_is_slowed_down(accounts: Accounts) -> None:
    outcomes = [_outcome(accounts, f"user{n}", f"2001:db8::1:{n:x}") for n in range(110)]  # one host's /64
    assert outcomes[:100] == ["WrongSignInError"] * 100
    assert "TooManyTriesError" in outcomes[100:]
    assert _outcome(accounts, "lan", "10.0.0.9", PASSWORD) == "in"


def test_many_addresses_guessing_one_user_cannot_lock_it_out_for_long(accounts: Accounts, clock: FakeClock) -> None:
    outcomes = [_outcome(accounts, "lan", f"10.0.{n}.1") for n in range(60)]
    assert outcomes[50:] == ["TooManyTriesError"] * 10
    clock.advance(30)
    assert _outcome(accounts, "lan", "10.1.0.1", PASSWORD) == "in"


def _outcome(accounts: Accounts, user: str, address: str, password: str = "wrong") -> str:
    try:
        accounts.sign_in(user, password, address)
    except (WrongSignInError, TooManyTriesError) as error:
        return type(error).__name__
    return "in"


async def test_fifty_sign_ins_at_once_hold_up_nobody_else(client: httpx.AsyncClient, engine: Engine) -> None:
    with Session(engine) as session:
        lan = session.query(User).filter(User.name == "lan").one()
        for number in range(50):
            session.add(
                User(
                    name=f"user{number}",
                    display_name="",
                    role="district",
                    password_hash=lan.password_hash,
                    one_time_password=False,
                    created_us=0,
                )
            )
        session.commit()
    await sign_in(client)
    crowd = [asyncio.create_task(sign_in(client, f"user{n}")) for n in range(50)]
    answered = 0
    while not all(each.done() for each in crowd):
        assert (await client.get("/api/health")).status_code == 200
        assert (await client.get("/api/site")).status_code == 200
        answered += 1
    assert {each.result().status_code for each in crowd} == {200}
    assert answered >= 10  # in a queue behind the crowd it would be one or two


def test_forty_verifications_at_once_take_the_memory_of_two_and_give_it_back() -> None:
    program = """
import threading, psutil, resource
from dashboards.console.passwords import Passwords
passwords = Passwords()
hashed = passwords.hash("x" * 12)
process = psutil.Process()
before, peak_before = process.memory_info().rss, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threads = [threading.Thread(target=passwords.verify, args=(hashed, "x" * 12)) for _ in range(40)]
for thread in threads: thread.start()
for thread in threads: thread.join()
after, peak = process.memory_info().rss, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) // 2**20, (peak - peak_before) // 2**10)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    left_mib, peak_mib = (int(figure) for figure in done.stdout.split())
    assert left_mib <= 8 and peak_mib <= 48, (left_mib, peak_mib)


async def test_a_new_password_ends_the_users_other_sessions(client: httpx.AsyncClient, app: FastAPI) -> None:
    await sign_in(client)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ward.example") as elsewhere:
        await sign_in(elsewhere)
        answer = await client.post("/api/password", json={"old": PASSWORD, "new": "mot-mat-khau-moi"})
        assert answer.status_code == 204
        assert (await elsewhere.get("/api/session")).status_code == 401
        assert (await client.get("/api/session")).json()["one_time_password"] is False
        assert (await sign_in(elsewhere)).status_code == 401
        assert (await sign_in(elsewhere, password="mot-mat-khau-moi")).status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "status", "code"),
    [
        ("wrong-password", "mot-mat-khau-moi", 403, "wrong_old_password"),
        (PASSWORD, PASSWORD, 422, "weak_password"),
        (PASSWORD, "short", 422, "bad_request"),
    ],
)
async def test_a_password_that_will_not_do_changes_nothing(
    client: httpx.AsyncClient, old: str, new: str, status: int, code: str
) -> None:
    await sign_in(client)
    answer = await client.post("/api/password", json={"old": old, "new": new})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert old not in answer.text and new not in answer.text
    assert (await sign_in(client)).status_code == 200


@pytest.mark.parametrize(
    ("name", "role", "wards"),
    [
        ("lan", "district", []),
        ("", "district", []),
        ("has space", "district", []),
        ("new", "king", []),
        ("new", "ward", []),
        ("new", "ward", ["Not An Id"]),
        ("new", "auditor", ["thach-thang"]),
    ],
)
def test_a_user_that_cannot_be_is_refused(accounts: Accounts, name: str, role: str, wards: list[str]) -> None:
    before = accounts.list_users()
    with pytest.raises(AccountError):
        accounts.add_user(name, role, wards)
    assert accounts.list_users() == before


def test_a_one_time_password_is_made_reset_and_gone_with_its_user(accounts: Accounts) -> None:
    first = accounts.add_user("new", "ward", ["b", "a"])
    assert len(first) >= 16
    token = accounts.sign_in("new", first, "10.0.0.1")
    second = accounts.reset_password("new")
    assert accounts.session_of(token) is None
    assert _outcome(accounts, "new", "10.0.0.1", first) == "WrongSignInError"
    assert _outcome(accounts, "new", "10.0.0.1", second) == "in"
    line = next(each for each in accounts.list_users() if each.name == "new")
    assert (line.role, line.wards, line.one_time_password) == (Role.WARD, ("a", "b"), True)
    accounts.remove_user("new")
    assert "new" not in [each.name for each in accounts.list_users()]
    with pytest.raises(AccountError):
        accounts.remove_user("new")
