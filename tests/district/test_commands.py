"""The commands, as processes: users, wrong usage, counts, verify; and what a district's machine may do to them."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import signal
import sqlite3
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from dashboards.console.accounts import AccountFault
from district.words import words
from telemetry.configuration.words import LANGUAGES
from tests.certificates import make_certificate
from tests.conftest import missing
from tests.district.fakes import ScriptedWard
from tests.district.processes import BIN, HubProcess, WardOnTheLine, listens, mosquitto, process, wait_until


@pytest.fixture
def hub(free_port: Callable[[], int], tmp_path: Path) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path, free_port(), free_port())
    try:
        yield hub
    finally:
        hub.close()


@pytest.fixture
def ward() -> ScriptedWard:
    return ScriptedWard().started()


def test_users_are_added_listed_given_a_new_password_and_removed(hub: HubProcess) -> None:
    added = hub.invoke("user", "add", "an", "--role", "ward", "--ward", "hai-chau-1", "--display-name", "Chị An")
    assert added.exit_code == 0, added.stderr
    password = added.stdout.split()[-1]
    assert "mật khẩu" in added.stdout.lower()
    assert "an\tward (hai-chau-1)\tChị An" in hub.invoke("user", "list").stdout
    again = hub.invoke("user", "password", "an")
    assert again.stdout.split()[-1] != password
    assert hub.invoke("user", "remove", "an").exit_code == 0
    assert hub.invoke("user", "list").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("user", "add", "an", "--role", "king"), "“king” is no role. Allowed: district, ward, auditor, admin."),
        (("user", "add", "an", "--role", "ward"), "at least one ward"),
        (("user", "add", "an", "--role", "auditor", "--ward", "hai-chau-1"), "“auditor” sees all wards"),
        (("user", "add", "Ân!", "--role", "district"), "“ân!” cannot be a user's name"),
        (("user", "add", "an", "--role", "ward", "--ward", "nowhere"), "no ward nowhere here. Known: hai-chau-1."),
        (("user", "password", "nobody"), "no user “nobody”"),
    ],
)
def test_a_wrong_use_is_told_and_ends_with_2(hub: HubProcess, arguments: tuple[str, ...], says: str) -> None:
    done = hub.invoke(*arguments, "--lang", "en")
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stdout == ""
    vietnamese = hub.invoke(*arguments, "--lang", "vi")
    assert vietnamese.exit_code == 2
    assert re.search(r"phường|vai trò|người dùng", vietnamese.stderr)


def test_every_reason_to_refuse_a_user_has_its_words() -> None:
    values = dict.fromkeys(("name", "role", "ward", "allowed"), "x")
    for language in LANGUAGES:
        assert all(words(language).say(f"account.{fault}", **values) for fault in AccountFault)


def test_a_user_that_is_there_already_is_told(hub: HubProcess) -> None:
    assert hub.invoke("user", "add", "an", "--role", "district").exit_code == 0
    again = hub.invoke("user", "add", "an", "--role", "district", "--lang", "vi")
    assert (again.exit_code, again.stderr) == (2, "Đã có người dùng “an”.\n")


def test_a_wrong_configuration_ends_every_command_with_2_and_its_line(hub: HubProcess) -> None:
    hub.config.write_text(hub.config.read_text(encoding="utf-8").replace("[broker]\n", "[broker]\nurll = 1\n"))
    for command in ("run", "counts", "verify"):
        done = hub.invoke(command, "--lang", "en")
        assert done.exit_code == 2
        assert f"{hub.config}:5: [broker]: unknown key “urll”. Did you mean “url”?" in done.stderr
        assert f"{hub.config}:5: [broker]: không có khóa “urll”." in hub.invoke(command, "--lang", "vi").stderr


def test_the_embedded_broker_serves_nobody_but_this_machine(free_port: Callable[[], int]) -> None:
    for listen in (f"0.0.0.0:{free_port()}", f"192.168.1.1:{free_port()}", "1883"):
        command = [str(BIN / "ward-district"), "broker", "--listen", listen, "--lang", "en"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert done.returncode == 2
        assert "demo only" in done.stderr or "no address to listen on. Allowed: 127.0.0.1:8080" in done.stderr


def test_counts_and_verify_say_so_when_the_hub_has_the_files(hub: HubProcess) -> None:
    hub.add_user()
    hub.start()
    done = hub.invoke("counts", "--json", "--lang", "en")
    assert done.exit_code == 1
    assert "Another program is using the store." in done.stderr
    assert "Kho dữ liệu đang được một chương trình khác sử dụng" in hub.invoke("counts", "--lang", "vi").stderr
    assert hub.invoke("verify").exit_code == 1


def test_a_second_hub_on_the_same_files_ends_in_words(hub: HubProcess) -> None:
    hub.add_user()
    hub.start()
    done = hub.command("run", "--lang", "en")
    assert done.returncode == 1
    assert "Another program is using the store." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_ends_the_hub_in_words(hub: HubProcess) -> None:
    hub.add_user()
    with process(
        "python3", "-m", "http.server", str(hub.console_port), "-b", "127.0.0.1", log=hub.folder / "other.log"
    ):
        wait_until(lambda: listens(hub.console_port), 10, "the other server listens")
        done = hub.command("run", "--lang", "en")
    assert done.returncode == 1
    assert f"The console cannot listen on 127.0.0.1:{hub.console_port}" in done.stderr
    assert "address already in use" in done.stderr


def test_verify_finds_a_store_that_was_tampered_with(
    hub: HubProcess, peer: Callable[[str], str], free_port: Callable[[], int], ward: ScriptedWard, tmp_path: Path
) -> None:
    port = free_port()
    hub = HubProcess(tmp_path, port, hub.console_port)
    hub.add_user()
    with process(*mosquitto(peer("mosquitto"), tmp_path, port), log=tmp_path / "broker.log"):
        wait_until(lambda: listens(port), 20, "the broker listens")
        hub.start()
        line = WardOnTheLine(ward, port, random.Random(1), bad_line=False)
        line.tell_status()
        line.tell(1)
        wait_until(lambda: list(line.committed) == [(1, 2)], 20, "the entries are confirmed")
        line.close()
        assert hub.end(signal.SIGINT) == 0
    good = hub.invoke("verify", "--json")
    assert good.exit_code == 0, good.stdout
    assert json.loads(good.stdout)["entries"] == 2
    with sqlite3.connect(tmp_path / "data" / "store.db") as store:
        store.execute("UPDATE events SET entry = zeroblob(length(entry)) WHERE position = 2")
    store.close()
    bad = hub.invoke("verify", "--lang", "en")
    assert bad.exit_code == 1
    assert "BROKEN  H2 every event's bytes are an entry" in bad.stdout
    assert "HỎNG    H2 các byte của mỗi sự kiện" in hub.invoke("verify", "--lang", "vi").stdout
    english, vietnamese = (hub.invoke("verify", "--json", "--lang", each).stdout for each in ("en", "vi"))
    assert english == vietnamese
    assert {problem.split()[0] for problem in json.loads(english)["problems"]} >= {"H2"}
    counted = hub.invoke("counts", "--lang", "vi").stdout
    assert re.search(r"^  số liệu đã lưu +\d+$", counted, re.MULTILINE)
    assert re.search(r"^  readings committed +\d+$", hub.invoke("counts", "--lang", "en").stdout, re.MULTILINE)


def test_the_way_to_the_broker_may_be_tls_with_a_password_and_the_console_https(
    hub: HubProcess, peer: Callable[[str], str], free_port: Callable[[], int], ward: ScriptedWard, tmp_path: Path
) -> None:
    tls, plain = free_port(), free_port()
    certificate, key = make_certificate(tmp_path)
    passwords = tmp_path / "passwords"
    subprocess.run([peer("mosquitto_passwd"), "-b", "-c", passwords, "hub", "s3cret"], check=True, capture_output=True)
    passwords.chmod(0o644)
    key.chmod(0o644)
    tmp_path.chmod(0o755)
    (tmp_path / "mosquitto.conf").write_text(
        f"per_listener_settings true\nuser root\n"
        f"listener {tls} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\npassword_file {passwords}\n"
        f"listener {plain} 127.0.0.1\nallow_anonymous true\n"
    )
    text = hub.config.read_text(encoding="utf-8")
    broker = f'url = "mqtts://localhost:{tls}"\nusername = "hub"\npassword_env = "BROKER_SECRET"\n'
    broker += f'ca_file = "{certificate}"\n'
    text = "".join(broker if line.startswith("url") else line for line in text.splitlines(keepends=True))
    text = text.replace("[console]\n", f'[console]\ntls_cert = "{certificate}"\ntls_key = "{key}"\n')
    hub.config.write_text(text, encoding="utf-8")
    with process(peer("mosquitto"), "-c", tmp_path / "mosquitto.conf", log=tmp_path / "broker.log"):
        wait_until(lambda: listens(tls), 20, "the broker listens")
        os.environ["BROKER_SECRET"] = "wrong"
        try:
            hub.start()
            wait_until(lambda: "refused us" in hub.log.read_text(), 20, "a wrong password is told")
            hub.end(signal.SIGTERM)
            os.environ["BROKER_SECRET"] = "s3cret"
            hub.start()
        finally:
            del os.environ["BROKER_SECRET"]
        line = WardOnTheLine(ward, plain, random.Random(1), bad_line=False)
        line.tell_status()
        line.tell(1)
        wait_until(lambda: list(line.committed) == [(1, 2)], 20, "the entries are confirmed over TLS")
        line.close()
        answer = httpx.get(
            f"https://localhost:{hub.console_port}/api/health", verify=ssl.create_default_context(cafile=certificate)
        )
        assert answer.json() == {"ok": True}
    assert "s3cret" not in hub.log.read_text()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB, so that it can be filled."""
    folder = tmp_path / "data"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        missing("a small disk cannot be mounted here (needs root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_confirms_nothing_loses_nothing_and_is_told(
    small_disk: Path, peer: Callable[[str], str], free_port: Callable[[], int], ward: ScriptedWard, tmp_path: Path
) -> None:
    port = free_port()
    hub = HubProcess(tmp_path, port, free_port())
    hub.add_user()
    try:
        with process(*mosquitto(peer("mosquitto"), tmp_path, port), log=tmp_path / "broker.log"):
            wait_until(lambda: listens(port), 20, "the broker listens")
            hub.start()
            line = WardOnTheLine(ward, port, random.Random(1), bad_line=False)
            line.tell_status()
            line.tell(1)
            wait_until(lambda: list(line.committed) == [(1, 2)], 20, "the first entries are confirmed")
            hub.get("/api/statistics")  # signs in while there is room
            _fill(small_disk / "filler")
            before = len(line.ward.entries)
            for number in range(40):
                ward.poll(**{f"metric_{number}_{index}": float(number) for index in range(400)})
            line.tell(before + 1)
            wait_until(lambda: "the store takes nothing" in hub.log.read_text(), 20, "the full disk is told")
            assert max(last for _, last in line.committed) < len(ward.entries)
            (small_disk / "filler").unlink()
            everything = [(1, len(ward.entries))]
            wait_until(lambda: list(line.committed) == everything, 60, "all is confirmed when there is room")
            line.close()
            assert hub.end(signal.SIGTERM) == 0
        assert hub.counts()["readings_committed"] == 40 * 401
    finally:
        hub.close()


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
