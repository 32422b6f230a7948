"""Scanners over eSCL.

There is no eSCL server in Debian or PyPI to hold our client against, so the server here answers as the specification's
schema has it, in the ways in which makers differ: prefixes, namespaces, white space, what they leave out. That it
speaks eSCL is judged by a client that is not ours: sane-airscan, where it is installed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.config import EsclDevice
from collectors.escl import EsclCollector, Job, PageCount, facts_of, status_of
from telemetry.clock import FakeClock
from telemetry.kinds import Kind
from telemetry.markup import MarkupError
from telemetry.readings import PollResult, ReasonCode
from tests.collectors.http_peer import Reply, path_of, serving
from tests.collectors.peers import value_of

SCAN, PWG = "http://schemas.hp.com/imaging/escl/2011/05/03", "http://www.pwg.org/schemas/2010/12/sm"
XML = {"Content-Type": "text/xml"}

HP_STATUS = f"""<?xml version="1.0" encoding="UTF-8"?>
<scan:ScannerStatus xmlns:scan="{SCAN}" xmlns:pwg="{PWG}">
  <pwg:Version>2.63</pwg:Version>
  <pwg:State>Processing</pwg:State>
  <scan:AdfState>ScannerAdfLoaded</scan:AdfState>
  <scan:Jobs>
    <scan:JobInfo>
      <pwg:JobUri>/eSCL/ScanJobs/5f1</pwg:JobUri><pwg:JobUuid>5f1</pwg:JobUuid><scan:Age>3</scan:Age>
      <pwg:ImagesCompleted>3</pwg:ImagesCompleted><pwg:ImagesToTransfer>1</pwg:ImagesToTransfer>
      <pwg:JobState>Processing</pwg:JobState>
      <pwg:JobStateReasons><pwg:JobStateReason>JobScanning</pwg:JobStateReason></pwg:JobStateReasons>
    </scan:JobInfo>
    <scan:JobInfo>
      <pwg:JobUri>/eSCL/ScanJobs/5f0</pwg:JobUri><pwg:JobUuid>5f0</pwg:JobUuid><scan:Age>900</scan:Age>
      <pwg:ImagesCompleted>12</pwg:ImagesCompleted><pwg:JobState>Completed</pwg:JobState>
    </scan:JobInfo>
  </scan:Jobs>
</scan:ScannerStatus>"""
CANON_STATUS = f"""<?xml version="1.0" encoding="utf-8"?>
<scan:ScannerStatus xmlns:pwg="{PWG}" xmlns:scan="{SCAN}"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{SCAN} eSCL-1_92.xsd">
<pwg:Version>2.6</pwg:Version><pwg:State>Idle</pwg:State><scan:AdfState>ScannerAdfEmpty</scan:AdfState>
</scan:ScannerStatus>"""
EPSON_STATUS = f"""<?xml version="1.0" encoding="UTF-8"?><ScannerStatus xmlns="{SCAN}" xmlns:p="{PWG}">
<p:Version>2.0</p:Version><p:State>
  Idle
</p:State></ScannerStatus>"""
BROTHER_STATUS = f"""<?xml version="1.0" encoding="UTF-8"?>
<s:ScannerStatus xmlns:s="{SCAN}" xmlns:w="{PWG}"><w:Version>2.62</w:Version><w:State>Stopped</w:State>
<s:AdfState>ScannerAdfJam</s:AdfState><s:Jobs/></s:ScannerStatus>"""


def capabilities(model: str, serial: str = "", maker: str = "") -> str:
    """As much of a ScannerCapabilities as a client needs to use the scanner."""
    told = f"<pwg:SerialNumber>{serial}</pwg:SerialNumber>" if serial else ""
    told += f"<scan:Manufacturer>{maker}</scan:Manufacturer>" if maker else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<scan:ScannerCapabilities xmlns:scan="{SCAN}" xmlns:pwg="{PWG}"><pwg:Version>2.63</pwg:Version>
<pwg:MakeAndModel>{model}</pwg:MakeAndModel>{told}<scan:UUID>4509a320-00a0-008f-00b6-002507510eca</scan:UUID>
<scan:Platen><scan:PlatenInputCaps><scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>2550</scan:MaxWidth>
<scan:MinHeight>16</scan:MinHeight><scan:MaxHeight>3508</scan:MaxHeight>
<scan:SettingProfiles><scan:SettingProfile><scan:ColorModes><scan:ColorMode>RGB24</scan:ColorMode></scan:ColorModes>
<scan:DocumentFormats><pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat></scan:DocumentFormats>
<scan:SupportedResolutions><scan:DiscreteResolutions><scan:DiscreteResolution>
<scan:XResolution>300</scan:XResolution><scan:YResolution>300</scan:YResolution>
</scan:DiscreteResolution></scan:DiscreteResolutions></scan:SupportedResolutions>
</scan:SettingProfile></scan:SettingProfiles></scan:PlatenInputCaps></scan:Platen></scan:ScannerCapabilities>"""


def scanner(
    status: str | bytes | int, told: str | int = 404, asked: list[str] | None = None
) -> Callable[[bytes], Reply]:
    """A server of the two documents; a number is an HTTP status."""

    def answer(request: bytes) -> Reply:
        path = path_of(request)
        if asked is not None:
            asked.append(path)
        found = {"/eSCL/ScannerStatus": status, "/eSCL/ScannerCapabilities": told}.get(path, 404)
        if isinstance(found, int):
            return Reply(found)
        return Reply(200, found.encode() if isinstance(found, str) else found, XML)

    return answer


def escl(port: int, kind: Kind = Kind.SCANNER, **more: object) -> EsclCollector:
    told = {"id": "scanner-1", "kind": kind, "protocol": "escl", "host": "127.0.0.1", "port": port, "timeout": 3}
    return EsclCollector(EsclDevice.model_validate({**told, **more}), FakeClock())


async def polled(status: str | bytes | int, told: str | int = 404, kind: Kind = Kind.SCANNER) -> PollResult:
    with serving(scanner(status, told)) as port:
        return await escl(port, kind).poll()


@pytest.mark.parametrize(
    ("status", "told", "state", "jam", "facts"),
    [
        (HP_STATUS, capabilities("HP OfficeJet Pro 9010", "TH0ABC"), 1, 0, {"vendor": "HP", "serial": "TH0ABC"}),
        (CANON_STATUS, capabilities("Canon TR8500 series"), 0, 0, {"vendor": "Canon", "model": "Canon TR8500 series"}),
        (EPSON_STATUS, capabilities("ES-580W", "X2P", "EPSON"), 0, None, {"vendor": "Epson", "model": "ES-580W"}),
        (BROTHER_STATUS, capabilities("Brother DCP-L2550DW"), 2, 1, {"vendor": "Brother"}),
    ],
)
async def test_scanners_of_several_makers_tell_their_state_and_what_they_are(
    status: str, told: str, state: float, jam: float | None, facts: dict[str, str]
) -> None:
    result = await polled(status, told)
    assert (result.reachable, result.reason) == (True, None)
    assert value_of(result, "scanner_state") == state
    assert value_of(result, "scanner_jammed") == jam
    assert {fact.name: fact.text for fact in result.facts}.items() >= facts.items()


@pytest.mark.parametrize(
    ("adf", "jammed", "door"),
    [
        *[("ScannerAdfJam", 1, 0), ("ScannerAdfMispick", 1, 0), ("ScannerAdfMultipickDetected", 1, 0)],
        *[("ScannerAdfHatchOpen", 0, 1), ("ScannerAdfProcessing", 0, 0), ("ScannerAdfEmpty", 0, 0)],
    ],
)
async def test_what_is_wrong_at_the_feeder(adf: str, jammed: float, door: float) -> None:
    result = await polled(CANON_STATUS.replace("ScannerAdfEmpty", adf), capabilities("Canon"))
    assert (value_of(result, "scanner_jammed"), value_of(result, "scanner_door_open")) == (jammed, door)


async def test_an_office_machine_is_a_scanner_too() -> None:
    assert value_of(await polled(HP_STATUS, capabilities("HP"), Kind.PRINTER), "scanner_state") == 1


async def test_what_it_is_is_asked_once_an_hour() -> None:
    asked: list[str] = []
    clock = FakeClock()
    with serving(scanner(CANON_STATUS, capabilities("Canon TR8500"), asked)) as port:
        collector = escl(port)
        collector._clock = clock
        for _ in range(3):
            result = await collector.poll()
        assert [fact.name for fact in result.facts] == ["vendor", "model"]
        assert asked.count("/eSCL/ScannerCapabilities") == 1
        clock.advance(3601)
        await collector.poll()
        assert asked.count("/eSCL/ScannerCapabilities") == 2


def test_pages_of_jobs_are_counted_once_each_from_the_start_on() -> None:
    count = PageCount()
    assert count.after((Job("old", 12),)) == 0  # scanned before anybody watched
    assert count.after((Job("old", 12), Job("a", 2))) == 2
    assert count.after((Job("a", 5), Job("b", 1))) == 6  # a goes on, b begins, old has left the list
    assert count.after((Job("a", 5),)) == 6
    assert count.after((Job("a", 4),)) == 6  # a count that goes back is none
    assert count.after((Job("a", 5),)) == 6


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("", ReasonCode.GARBLED_ANSWER),
        ("<html><body>Login</body></html>", ReasonCode.GARBLED_ANSWER),
        ("<?xml version='1.0'?><ScannerStatus>", ReasonCode.GARBLED_ANSWER),
        ('<!DOCTYPE a [<!ENTITY b "c">]><ScannerStatus>&b;</ScannerStatus>', ReasonCode.GARBLED_ANSWER),
        ("<ScannerStatus>" + "<a>" * 100 + "</a>" * 100 + "</ScannerStatus>", ReasonCode.GARBLED_ANSWER),
        ("<ScannerStatus>" + "<a/>" * 30_000 + "</ScannerStatus>", ReasonCode.GARBLED_ANSWER),
        ("<?xml version='1.0' encoding='klingon'?><ScannerStatus/>", ReasonCode.GARBLED_ANSWER),
        ("<ScannerStatus><State>Dancing</State></ScannerStatus>", ReasonCode.PARTIAL_ANSWER),
        (CANON_STATUS, ReasonCode.PARTIAL_ANSWER),  # no capabilities
        (404, ReasonCode.ERROR_ANSWER),
        (503, ReasonCode.ERROR_ANSWER),
        (401, ReasonCode.WRONG_CREDENTIALS),
    ],
)
async def test_bad_answers_are_told_with_their_reason(status: str | int, code: ReasonCode) -> None:
    result = await polled(status)
    assert result.reachable
    assert result.reason is not None
    assert result.reason.code is code


async def test_a_billion_laughs_in_another_encoding_make_nobody_laugh() -> None:
    laughs = '<!DOCTYPE a [<!ENTITY b "ha">]><ScannerStatus>&b;</ScannerStatus>'.encode("utf-16")
    result = await polled(laughs)
    assert result.reason is not None
    assert result.reason.code is ReasonCode.GARBLED_ANSWER


async def test_a_scanner_that_is_off_is_unreachable(free_port: Callable[..., int]) -> None:
    result = await escl(free_port()).poll()
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.PORT_CLOSED


async def test_a_scanner_may_send_to_another_path_but_not_to_another_host() -> None:
    def answer(request: bytes) -> Reply:
        if path_of(request).startswith("/eSCL"):
            return Reply(302, headers={"Location": target})
        return Reply(200, CANON_STATUS.encode(), XML)

    with serving(answer) as port:
        target = "/other/ScannerStatus"
        assert value_of(await escl(port).poll(), "scanner_state") == 0
        target = f"http://localhost:{port}/other/ScannerStatus"
        result = await escl(port).poll()
    assert result.reason is not None
    assert result.reason.code is ReasonCode.ERROR_ANSWER


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200), st.integers(0, len(HP_STATUS)), st.text(max_size=20))
def test_any_bytes_are_a_status_or_refused(noise: bytes, at: int, state: str) -> None:
    document = HP_STATUS.encode()
    for body in (noise, document[:at] + noise + document[at:], document[:at], _stated(state).encode()):
        try:
            status = status_of(body)
        except MarkupError:
            continue
        assert status.state in (None, 0.0, 1.0, 2.0)
        assert all(0 <= job.pages <= 100_000 for job in status.jobs)
    with contextlib.suppress(MarkupError):
        assert all(fact.text for fact in facts_of(capabilities("HP").encode()[:at] + noise))


def _stated(state: str) -> str:
    job = f"<JobInfo><JobUuid>1</JobUuid><ImagesCompleted>{state}</ImagesCompleted></JobInfo>"
    return f"<ScannerStatus><State>{state}</State>{job}</ScannerStatus>"


def test_a_client_that_is_not_ours_finds_the_server_of_these_tests_to_be_a_scanner(
    peer: Callable[[str], str], tmp_path: Path
) -> None:
    scanimage = peer("scanimage")
    with serving(scanner(CANON_STATUS, capabilities("Canon TR8500 series"))) as port:
        (tmp_path / "dll.conf").write_text("airscan\n", encoding="ascii")
        (tmp_path / "airscan.conf").write_text(
            f'[devices]\n"Scan 1" = http://127.0.0.1:{port}/eSCL/, eSCL\n[options]\ndiscovery = disable\n',
            encoding="ascii",
        )
        environment = {**os.environ, "SANE_CONFIG_DIR": str(tmp_path)}
        found = subprocess.run(
            [scanimage, "-A", "-d", "airscan:e0:Scan 1"], env=environment, capture_output=True, timeout=60
        )
    assert b"300" in found.stdout, found
