"""The command ward-agent: what it prints, where, and its exit status. 0 good, 1 a check failed, 2 wrong use."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from journal.journal import Journal
from telemetry.clock import SystemClock
from telemetry.entry import Readings
from telemetry.readings import Reading

AGENT = Path(sys.executable).parent / "ward-agent"


def run(*arguments: str | Path, language: str = "en") -> subprocess.CompletedProcess[str]:
    command = [str(AGENT), *map(str, arguments)]
    environment = {"LANG": f"{language}.UTF-8", "PATH": "/usr/bin"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


@pytest.fixture
def config(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Path]:
    """A machine that answers, a door that is open, a door that is shut."""
    file = tmp_path / "ward.toml"
    with socket.create_server(("127.0.0.1", 0)) as door:
        file.write_text(
            '[ward]\nid = "w"\nname = "Phường W"\ndistrict = "d"\n'
            '[[device]]\nid = "self"\nkind = "server"\nprotocol = "psutil"\n'
            '[[device]]\nid = "open"\nkind = "service"\nprotocol = "tcp"\nhost = "127.0.0.1"\n'
            f"port = {door.getsockname()[1]}\n"
            '[[device]]\nid = "shut"\nkind = "service"\nprotocol = "tcp"\nhost = "127.0.0.1"\n'
            f"port = {free_port()}\n",
            encoding="utf-8",
        )
        yield file


def test_check_prints_one_json_document_and_fails_when_a_device_does_not_answer(config: Path) -> None:
    done = run("check", "-c", config, "--json")
    assert done.returncode == 1
    devices = {each["id"]: each for each in json.loads(done.stdout)["devices"]}
    assert list(devices) == ["self", "open", "shut"]
    assert set(devices["self"]) == {"id", "kind", "reachable", "readings", "facts", "error", "reason"}
    assert devices["self"]["reachable"] is True
    assert devices["self"]["error"] is None
    assert 0 < devices["self"]["readings"]["memory_used_percent"] < 100
    assert devices["self"]["facts"]["name"]
    assert devices["shut"]["reachable"] is False
    assert devices["shut"]["reason"] == "port_closed"
    assert "the service that was asked is off" in devices["shut"]["error"]


def test_check_of_one_good_device_is_good(config: Path) -> None:
    done = run("check", "-c", config, "--device", "open", "--json")
    assert done.returncode == 0
    assert [each["id"] for each in json.loads(done.stdout)["devices"]] == ["open"]


def test_check_speaks_to_people_in_their_language(config: Path) -> None:
    english, vietnamese = run("check", "-c", config), run("check", "-c", config, language="C")
    assert "2 of 3 devices answer." in english.stdout
    assert "NO ANSWER" in english.stdout
    assert "2/3 thiết bị có trả lời." in vietnamese.stdout
    assert "Bộ nhớ đã dùng" in vietnamese.stdout
    assert run("check", "-c", config, "--lang", "vi").stdout.splitlines()[0] == vietnamese.stdout.splitlines()[0]


def test_check_of_an_unknown_device_names_the_known_ones(config: Path) -> None:
    done = run("check", "-c", config, "--device", "nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert "self, open, shut" in done.stderr


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_wrong_configuration_is_told_on_standard_error_with_its_lines(command: str, tmp_path: Path) -> None:
    file = tmp_path / "ward.toml"
    file.write_text('[ward]\nid = "w"\nnam = "x"\ndistrict = "d"\n', encoding="utf-8")
    done = run(command, "-c", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{file}:1: [ward]: the key “name” is missing." in done.stderr
    assert f"{file}:3: [ward]: unknown key “nam”. Did you mean “name”?" in done.stderr
    assert "thiếu khóa “name”" in run(command, "-c", file, language="vi").stderr


@pytest.mark.parametrize(
    "arguments", [["--broker", "hub"], ["--linger", "soon"], ["--lingr", "1s"]], ids=lambda each: str(each[0])
)
def test_wrong_options_are_wrong_use(arguments: list[str], config: Path) -> None:
    done = run("run", "-c", config, *arguments)
    assert done.returncode == 2
    assert arguments[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_journal_that_another_agent_uses_is_not_touched(config: Path, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "data" / "journal.db", clock=SystemClock(), agent_version="1")
    try:
        done = run("run", "-c", config)
    finally:
        journal.close()
    assert done.returncode == 2
    assert "Another monitoring program is using the journal" in done.stderr


def test_verify_says_whether_a_journal_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    journal = Journal.open(file, clock=SystemClock(), agent_version="1")
    journal.append(Readings((Reading("cpu_load_percent", 1.0),)), kind="server", device="self")
    journal.close()
    done = run("journal", "verify", file)
    assert done.returncode == 0
    assert "The journal is whole" in done.stdout
    report = json.loads(run("journal", "verify", file, "--json").stdout)
    assert report["ok"] is True
    assert report["readings"] == 1


def test_verify_finds_an_entry_that_was_altered(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    journal = Journal.open(file, clock=SystemClock(), agent_version="1")
    journal.append(Readings((Reading("cpu_load_percent", 1.0),)), kind="server", device="self")
    journal.close()
    data = file.read_bytes()
    assert data.count(b"cpu_load_percent") == 1
    file.write_bytes(data.replace(b"cpu_load_percent", b"cpu_lied_percent"))
    done = run("journal", "verify", file)
    assert done.returncode == 1
    assert "BROKEN J6" in done.stdout
    assert json.loads(run("journal", "verify", file, "--json").stdout)["ok"] is False


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100], ids=["no file", "empty", "garbage"])
def test_verify_of_what_is_no_journal_is_wrong_use(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    if content is not None:
        file.write_bytes(content)
    done = run("journal", "verify", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Cannot open the journal" in done.stderr


def test_the_agent_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys, edge_agent.cli; early = set(sys.modules)\n"
        "import edge_agent.agent, edge_agent.check\n"
        "print(*early & {'pydantic', 'paho', 'rich', 'google.protobuf'}, '|',"
        " *set(sys.modules) & {'rich', 'pysnmp', 'pymodbus', 'cv2', 'fastapi', 'sqlalchemy', 'httpx', 'zeep'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "|", done.stdout + done.stderr
