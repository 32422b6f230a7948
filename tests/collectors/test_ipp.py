"""Printers over IPP: Debian's ippeveprinter as the real one, and answers that are wrong in every way."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors import ipp_attributes
from collectors.config import IppDevice
from collectors.ipp import IppCollector
from collectors.protocols.ipp_message import MessageError, tidied
from telemetry.catalogue import metrics
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import PollResult, ReasonCode
from tests.collectors.http_peer import Reply, serving
from tests.collectors.ipp_peer import Printer, printer
from tests.collectors.peers import value_of

CARTRIDGE = "class=supplyThatIsConsumed;type=tonerCartridge"
SUPPLIES = (
    f"index=1;{CARTRIDGE};unit=percent;maxcapacity=100;level=81;colorantname=black;",
    f"index=2;{CARTRIDGE};unit=tenThousandthsOfInches;maxcapacity=4000;level=1000;colorantname=cyan;",
    f"index=3;{CARTRIDGE};unit=percent;maxcapacity=100;level=-3;colorantname=magenta;",
    "index=4;class=receptacleThatIsFilled;type=wasteToner;unit=percent;maxcapacity=100;level=60;colorantname=unknown;",
    "index=5;class=supplyThatIsConsumed;type=opc;unit=percent;maxcapacity=100;level=55;colorantname=unknown;",
)
TRAYS = (
    "type=sheetFeedAutoRemovableTray;maxcapacity=500;level=125;status=0;name=Khay 1",
    "type=sheetFeedManual;maxcapacity=1;level=-2;status=0;name=manual",
)
OFFICE_MACHINE = f"""
ATTR textWithoutLanguage printer-make-and-model "Canon iR-ADV C3520"
ATTR textWithoutLanguage printer-device-id "MFG:Canon;MDL:iR-ADV C3520;CMD:PWG,URF;SN:QLA01234;"
ATTR textWithoutLanguage printer-firmware-string-version "12.34"
ATTR integer printer-impressions-completed 48231
ATTR octetString printer-supply {",".join(f'"{row}"' for row in SUPPLIES)}
ATTR textWithoutLanguage printer-supply-description "Black Toner","Cyan Toner","Magenta Toner","Waste","Trống"
ATTR octetString printer-input-tray {",".join(f'"{row}"' for row in TRAYS)}
"""
BY_MARKERS = """
ATTR textWithoutLanguage printer-make-and-model "EPSON L3150 Series"
ATTR nameWithoutLanguage marker-names "Black ink","Tri-color","Waste"
ATTR keyword marker-types ink-cartridge,ink-cartridge,waste-ink
ATTR nameWithoutLanguage marker-colors "#000000","#00FFFF#FF00FF#FFFF00","none"
ATTR integer marker-levels 12,40,3
"""


def ipp(port: int, **more: object) -> IppCollector:
    told = {"id": "printer-1", "kind": Kind.PRINTER, "protocol": "ipp", "host": "127.0.0.1", "port": port, "timeout": 5}
    return IppCollector(IppDevice.model_validate({**told, **more}), SystemClock())


def facts_of(result: PollResult) -> dict[str, str]:
    return {fact.name: fact.text for fact in result.facts}


async def until(collector: IppCollector, good: Callable[[PollResult], bool]) -> PollResult:
    """The first poll that is as expected; the printer takes its time over a job."""
    deadline = time.monotonic() + 20
    while not good(result := await collector.poll()):
        assert time.monotonic() < deadline, result
        await asyncio.sleep(0.05)
    return result


@pytest.fixture
def hp(peer: Callable[[str], str], tmp_path: Path, free_port: Callable[..., int]) -> Iterator[Printer]:
    with printer(peer, tmp_path, free_port()) as found:
        yield found


async def test_a_real_printer_tells_supplies_trays_state_and_what_it_is(hp: Printer) -> None:
    result = await ipp(hp.port).poll()
    assert (result.reachable, result.reason) == (True, None)
    assert value_of(result, "toner_black_percent") == 75
    assert value_of(result, "tray_percent", "main") == 40  # 100 of 250 sheets
    assert value_of(result, "printer_state") == 3
    assert (value_of(result, "printer_idle"), value_of(result, "printer_stopped")) == (1, 0)
    assert [value_of(result, f"printer_{what}") for what in ("jammed", "out_of_paper", "door_open")] == [0, 0, 0]
    assert facts_of(result) == {
        "vendor": "HP",
        "model": "HP LaserJet 400",
        "name": f"Quầy 1 {hp.port}",
        "location": "Sảnh quầy",
    }
    assert not any(reading.metric == "supply_percent" for reading in result.readings)  # the waste tank is none


async def test_a_real_printer_jams_runs_out_of_paper_and_is_opened(hp: Printer) -> None:
    collector = ipp(hp.port)
    hp.supplies(supply0=25, supply1=4)
    hp.print_saying("STATE: +media-jam,cover-open")
    result = await until(collector, lambda result: value_of(result, "printer_jammed") == 1)
    assert value_of(result, "printer_door_open") == 1
    assert value_of(result, "printer_out_of_paper") == 0
    assert value_of(result, "toner_black_percent") == 4
    hp.print_saying("STATE: -media-jam,cover-open", "STATE: +media-empty")
    result = await until(collector, lambda result: value_of(result, "printer_jammed") == 0)
    assert (value_of(result, "printer_door_open"), value_of(result, "printer_out_of_paper")) == (0, 1)


async def test_a_colour_machine_tells_each_toner_its_pages_its_serial(
    peer: Callable[[str], str], tmp_path: Path, free_port: Callable[..., int]
) -> None:
    with printer(peer, tmp_path, free_port(), OFFICE_MACHINE) as found:
        result = await ipp(found.port).poll()
        encrypted = await ipp(found.port, tls=True, host="localhost").poll()
    assert result.reason is None
    assert value_of(result, "toner_black_percent") == 81
    assert value_of(result, "toner_cyan_percent") == 25
    assert value_of(result, "toner_magenta_percent") is None  # −3: some is left, nobody knows how much
    assert value_of(result, "supply_percent", "Trống") == 55
    assert value_of(result, "pages_total") == 48231
    assert [(r.instance, r.value) for r in result.readings if r.metric == "tray_percent"] == [("Khay 1", 25)]
    facts = facts_of(result)
    assert facts.items() >= {"vendor": "Canon", "model": "Canon iR-ADV C3520", "serial": "QLA01234"}.items()
    assert facts["firmware"] == "12.34"
    assert value_of(encrypted, "pages_total") == 48231


async def test_where_there_is_no_printer_supply_the_markers_tell(
    peer: Callable[[str], str], tmp_path: Path, free_port: Callable[..., int]
) -> None:
    with printer(peer, tmp_path, free_port(), BY_MARKERS) as found:
        result = await ipp(found.port).poll()
    assert value_of(result, "ink_black_percent") == 12
    assert value_of(result, "supply_percent", "Tri-color") == 40
    assert not any(reading.instance == "Waste" for reading in result.readings)
    assert facts_of(result)["vendor"] == "Epson"


async def test_a_path_that_no_printer_has_is_told_as_an_error_of_an_answering_device(hp: Printer) -> None:
    result = await ipp(hp.port, path="/printers/none").poll()
    assert result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.ERROR_ANSWER


async def test_a_printer_that_is_off_is_unreachable(free_port: Callable[..., int]) -> None:
    result = await ipp(free_port()).poll()
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.PORT_CLOSED


# ---- answers in bytes ----------------------------------------------------------------------------------------------


def value(tag: int, name: str, data: bytes) -> bytes:
    encoded = name.encode()
    return bytes([tag]) + struct.pack(">H", len(encoded)) + encoded + struct.pack(">H", len(data)) + data


def message(*values: bytes, status: int = 0, group: int = 4, version: tuple[int, int] = (2, 0)) -> bytes:
    operation = b"\x01" + value(0x47, "attributes-charset", b"utf-8")
    return struct.pack(">BBHI", *version, status, 1) + operation + bytes([group]) + b"".join(values) + b"\x03"


STATE = value(0x23, "printer-state", struct.pack(">i", 5))
ODD = [
    value(0x23, "printer-state", struct.pack(">i", 77)),  # a number without a name
    value(0x41, "printer-info", b"M\xe1y in"),  # not UTF-8
    value(0x36, "printer-name", struct.pack(">H", 2) + b"vi" + struct.pack(">H", 3) + b"abc"),
    value(0x12, "printer-location", b""),  # unknown
    value(0x34, "media-col", b"") + value(0x4A, "", b"x") + value(0x21, "", b"\0\0\0\1") + value(0x37, "", b""),
    value(0x23, "operations-supported", struct.pack(">i", 99999)),
    value(0x21, "marker-levels", struct.pack(">i", 40)),
]


async def answered(body: bytes, status: int = 200) -> PollResult:
    with serving(lambda request: Reply(status, body, {"Content-Type": "application/ipp"})) as port:
        return await ipp(port).poll()


async def test_a_stopped_printer_is_told_as_stopped() -> None:
    result = await answered(message(STATE, value(0x44, "printer-state-reasons", b"media-jam-error")))
    assert value_of(result, "printer_stopped") == 1
    assert value_of(result, "printer_state") == 1  # hrPrinterStatus other
    assert value_of(result, "printer_alerts_critical") == 1


async def test_what_the_library_would_stumble_over_costs_nothing_else() -> None:
    result = await answered(message(*ODD))
    assert result.reason is None
    assert value_of(result, "printer_stopped") is None
    assert value_of(result, "supply_percent", "1") == 40
    assert facts_of(result)["name"] == "M\ufffdy in"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 200, ReasonCode.GARBLED_ANSWER),
        (b"<html>router</html>", 200, ReasonCode.GARBLED_ANSWER),
        (message(STATE)[:-1] + b"\x41\xff\xfe", 200, ReasonCode.GARBLED_ANSWER),  # a negative length
        (message(STATE)[:30], 200, ReasonCode.GARBLED_ANSWER),
        (message(STATE) + b"\0" * 300_000, 200, ReasonCode.GARBLED_ANSWER),
        (message(), 200, ReasonCode.UNSUPPORTED),
        (message(status=0x0406), 200, ReasonCode.ERROR_ANSWER),
        (b"\xff", 401, ReasonCode.WRONG_CREDENTIALS),
        (b"\xff", 503, ReasonCode.ERROR_ANSWER),
    ],
)
async def test_bad_answers_are_told_with_their_reason(body: bytes, status: int, code: ReasonCode) -> None:
    result = await answered(body, status)
    assert result.reachable
    assert result.reason is not None
    assert result.reason.code is code
    assert not result.readings


async def test_an_old_printer_is_asked_in_its_own_version() -> None:
    def reply(request: bytes) -> Reply:
        spoken = request[request.index(b"\r\n\r\n") + 4 :][:2]
        return Reply(200, message(STATE) if spoken == b"\1\1" else message(status=0x0503))

    with serving(reply) as port:
        collector = ipp(port)
        assert value_of(await collector.poll(), "printer_stopped") == 1
        assert value_of(await collector.poll(), "printer_stopped") == 1


async def test_a_printer_that_never_ends_its_answer_costs_its_time_out() -> None:
    with serving(lambda request: Reply(200, b"x", hang=True)) as port:
        started = time.monotonic()
        result = await ipp(port, timeout=0.5).poll()
    assert result.reason is not None
    assert result.reason.code is ReasonCode.NO_ANSWER
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (["none"], (0, 0, 0, 0)),
        (["media-jam-error", "door-open-warning"], (1, 0, 1, 1)),
        (["media-empty"], (0, 1, 0, 1)),
        (["media-needed-report", "toner-low-warning"], (0, 1, 0, 0)),
        (["toner-low", "paused", "connecting-to-device"], (0, 0, 0, 0)),
        (["input-cover-open-error", "fuser-over-temp-error"], (0, 0, 1, 2)),
        (["marker-supply-empty-error", "interlock-open-error"], (0, 0, 1, 2)),
    ],
)
def test_reasons_are_sorted_into_what_a_person_can_mend(
    reasons: list[str], expected: tuple[float, float, float, float]
) -> None:
    found = {reading.metric: reading.value for reading in ipp_attributes.readings({"printer-state-reasons": reasons})}
    names = ("printer_jammed", "printer_out_of_paper", "printer_door_open", "printer_alerts_critical")
    assert tuple(found[name] for name in names) == expected


ANYTHING = st.one_of(
    st.integers(-(2**33), 2**33),
    st.booleans(),
    st.none(),
    st.floats(),
    st.text(max_size=30),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    st.sampled_from(["level=-2;maxcapacity=100;type=toner", "level=9999999999999;unit=percent", "SN:;MFG", "#000000"]),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(ipp_attributes.WANTED), st.one_of(ANYTHING, st.lists(ANYTHING, max_size=6))))
def test_attributes_of_any_type_give_readings_in_their_bounds_or_none(told: dict[str, object]) -> None:
    for reading in ipp_attributes.readings(told):
        assert reading.metric in metrics()
        if reading.metric.endswith("_percent"):
            assert 0 <= reading.value <= 100
    assert all(fact.text for fact in ipp_attributes.facts(told))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.binary(max_size=60))
def test_any_bytes_are_tidied_to_what_the_library_reads_or_refused(noise: bytes, attribute: bytes) -> None:
    from pyipp.parser import parse

    for body in (noise, message(STATE, attribute), message(*ODD)[: len(noise)], message(*ODD) + noise):
        try:
            tidy = tidied(body, ipp_attributes.WANTED)
        except MessageError:
            continue
        for told in parse(tidy)["printers"]:
            ipp_attributes.readings(told)
