"""A printer by IPP, asked by CUPS's own ipptool; a scanner by eSCL; and what befalls them, by SNMP too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from simulator import faults
from simulator.model.printer import Printer
from simulator.model.scanner import Scanner
from tests.simulator.conftest import Lived, command

Peer = Callable[[str], str]
ESCL = {"scan": "http://schemas.hp.com/imaging/escl/2011/05/03", "pwg": "http://www.pwg.org/schemas/2010/12/sm"}
ASK = """{
    NAME "ask" OPERATION %s GROUP operation-attributes-tag
    ATTR charset attributes-charset utf-8 ATTR language attributes-natural-language en
    ATTR uri printer-uri $uri ATTR keyword requested-attributes %s
    STATUS %s
}
"""


async def ipptool(
    peer: Peer, lived: Lived, folder: Path, wanted: str = "all", operation: str = "Get-Printer-Attributes"
) -> dict[str, str]:
    """What ipptool read, by attribute; it checks the encoding and the status itself."""
    test = folder / "ask.test"
    test.write_text(ASK % (operation, wanted, "successful-ok"), encoding="ascii")
    status, said = await command(
        peer("ipptool"), "-T", "10", "-tv", f"ipp://127.0.0.1:{lived.port('printer-3')}/ipp/print", test
    )
    assert status == 0, said
    answer = said.partition("[PASS]")[2]
    return dict(re.findall(r"^\s+(\S+) \([^)]*\) = (.*)$", answer, re.MULTILINE))


@pytest.mark.peer("ipptool")
async def test_ipptool_finds_the_printer_whole(lived: Lived, peer: Peer, tmp_path: Path) -> None:
    found = await ipptool(peer, lived, tmp_path)
    assert found["printer-make-and-model"] == "Canon LBP243dw"
    assert (found["printer-state"], found["printer-state-reasons"]) == ("idle", "none")
    assert (found["marker-names"], found["marker-levels"]) == ("Black Cartridge", "47")
    assert int(found["printer-impressions-completed"]) >= 26_377
    assert "printer-input-tray" in found


@pytest.mark.peer("ipptool")
async def test_only_what_was_asked_for_is_answered(lived: Lived, peer: Peer, tmp_path: Path) -> None:
    found = await ipptool(peer, lived, tmp_path, "printer-state,marker-levels")
    assert {"printer-state", "marker-levels"} == found.keys() - {"attributes-charset", "attributes-natural-language"}


@pytest.mark.peer("ipptool")
async def test_each_fault_of_a_printer_is_a_reason_and_mended_it_is_none(
    lived: Lived, peer: Peer, tmp_path: Path
) -> None:
    expected = {
        "printer-jam": ("stopped", "media-jam-error"),
        "printer-door-open": ("stopped", "door-open-error"),
        "printer-out-of-paper": ("stopped", "media-empty-error"),
        "toner-low": ("idle", "toner-low-warning"),
    }
    for fault, (state, reason) in expected.items():
        faults.switch(lived.ward, fault, "printer-3", True)
        found = await ipptool(peer, lived, tmp_path, "printer-state,printer-state-reasons")
        assert (found["printer-state"], found["printer-state-reasons"]) == (state, reason)
        faults.switch(lived.ward, fault, "printer-3", False)
    found = await ipptool(peer, lived, tmp_path, "printer-state,printer-state-reasons,marker-levels")
    assert (found["printer-state"], found["printer-state-reasons"]) == ("idle", "none")
    assert found["marker-levels"] == "100", "the cartridge was replaced"


async def test_nobody_refills_a_printer_while_there_is_no_paper(lived: Lived) -> None:
    printer = lived.ward.machine("printer-1")
    assert isinstance(printer, Printer)
    faults.switch(lived.ward, "printer-out-of-paper", "printer-1", True)
    lived.pass_time(1800.0)
    assert printer.out_of_paper
    faults.switch(lived.ward, "printer-out-of-paper", "printer-1", False)
    assert not printer.out_of_paper


async def test_what_is_no_ipp_is_refused_and_harms_nobody(lived: Lived) -> None:
    url = f"http://127.0.0.1:{lived.port('printer-3')}/ipp/print"
    async with httpx.AsyncClient(timeout=10.0) as client:
        for body in (b"", b"\x02\x00", b"\x02\x00\x00\x0b\x00\x00\x00\x01\x01\x47\xff\xff", b"GET"):
            assert (await client.post(url, content=body)).status_code == 400
        assert (await client.get(url)).status_code == 405
        assert (await client.post(url + "/other", content=b"")).status_code == 404
        printing = await client.post(url, content=b"\x02\x00\x00\x02\x00\x00\x00\x07\x01\x03")
        assert printing.content[2:8] == b"\x05\x01\x00\x00\x00\x07", "server-error-operation-not-supported"


async def test_a_scanner_works_jams_and_says_so(lived: Lived) -> None:
    scanner = lived.ward.machine("scanner-1")
    assert isinstance(scanner, Scanner)
    base = f"http://127.0.0.1:{lived.port('scanner-1')}/eSCL"
    async with httpx.AsyncClient(timeout=10.0) as client:

        async def told(document: str) -> ElementTree.Element:
            answer = await client.get(f"{base}/{document}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml")
            return ElementTree.fromstring(answer.content)

        async def states() -> tuple[str | None, str | None]:
            status = await told("ScannerStatus")
            assert status.tag == f"{{{ESCL['scan']}}}ScannerStatus"
            return status.findtext("pwg:State", None, ESCL), status.findtext("scan:AdfState", None, ESCL)

        capabilities = await told("ScannerCapabilities")
        assert capabilities.findtext("pwg:MakeAndModel", None, ESCL) == "Epson DS-790WN"
        assert capabilities.find("scan:Adf/scan:AdfSimplexInputCaps/scan:MaxWidth", ESCL) is not None
        scanner.waiting = 0
        assert await states() == ("Idle", "ScannerAdfEmpty")
        scanner.waiting = 5
        assert await states() == ("Processing", "ScannerAdfLoaded")
        faults.switch(lived.ward, "scanner-jam", "scanner-1", True)
        assert await states() == ("Stopped", "ScannerAdfJam")
        done = scanner.scans_total
        lived.pass_time(600.0)
        assert scanner.scans_total == done
        faults.switch(lived.ward, "scanner-jam", "scanner-1", False)
        lived.pass_time(60.0)
        assert scanner.scans_total > done
        assert (await client.get(f"{base}/ScanJobs")).status_code == 404
