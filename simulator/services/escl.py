"""A scanner by eSCL (Mopria Alliance, eSCL Technical Specification 2.97): its capabilities and its status."""

from __future__ import annotations

import hashlib
import uuid
from http import HTTPStatus
from pathlib import Path
from xml.sax.saxutils import escape

from simulator.model.scanner import Scanner
from simulator.net.http import Request, Response, talk
from simulator.net.stream_door import StreamDoor
from simulator.services.base import LOOPBACK, Outlet, Premises, Setting

PATH = "/eSCL"
_NAMESPACES = (
    'xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"'
)
_WIDTH, _HEIGHT = 2550, 3508  # A4 in three-hundredths of an inch


class EsclService:
    """One scanner at http://127.0.0.1:port/eSCL."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        assert isinstance(outlet.machine, Scanner)
        self._scanner, self._ward = outlet.machine, premises.ward
        self._door = StreamDoor(talk(self._answer, f"{self._scanner.plate.vendor} eSCL"))

    async def open(self, port: int) -> int:
        return self._door.open(port)

    def show(self) -> None:
        self._door.set_reachable(self._ward.reachable(self._scanner.id))

    async def close(self) -> None:
        self._door.close()

    def settings(self, beside: Path) -> list[Setting]:
        return [("host", LOOPBACK), ("port", self._door.port), ("path", PATH)]

    async def _answer(self, request: Request) -> Response:
        told = {f"{PATH}/ScannerCapabilities": capabilities, f"{PATH}/ScannerStatus": status}.get(request.path)
        if told is None:
            return Response(HTTPStatus.NOT_FOUND)
        if request.method not in ("GET", "HEAD"):
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
        document = '<?xml version="1.0" encoding="UTF-8"?>\n' + told(self._scanner)
        return Response(body=document.encode(), content_type="text/xml")


def capabilities(scanner: Scanner) -> str:
    """ScannerCapabilities: who it is, and its flat bed and feeder."""
    plate = scanner.plate
    unique = uuid.UUID(bytes=hashlib.sha256(plate.id.encode()).digest()[:16], version=4)
    source = (
        f"<scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>{_WIDTH}</scan:MaxWidth>"
        f"<scan:MinHeight>16</scan:MinHeight><scan:MaxHeight>{_HEIGHT}</scan:MaxHeight>"
        "<scan:SettingProfiles><scan:SettingProfile><scan:ColorModes>"
        "<scan:ColorMode>Grayscale8</scan:ColorMode><scan:ColorMode>RGB24</scan:ColorMode></scan:ColorModes>"
        "<scan:DocumentFormats><pwg:DocumentFormat>application/pdf</pwg:DocumentFormat></scan:DocumentFormats>"
        "</scan:SettingProfile></scan:SettingProfiles>"
    )
    return (
        f"<scan:ScannerCapabilities {_NAMESPACES}><pwg:Version>2.97</pwg:Version>"
        f"<pwg:MakeAndModel>{escape(f'{plate.vendor} {plate.model}')}</pwg:MakeAndModel>"
        f"<scan:Manufacturer>{escape(plate.vendor)}</scan:Manufacturer>"
        f"<pwg:SerialNumber>{escape(plate.serial)}</pwg:SerialNumber><scan:UUID>{unique}</scan:UUID>"
        f"<scan:Platen><scan:PlatenInputCaps>{source}</scan:PlatenInputCaps></scan:Platen>"
        f"<scan:Adf><scan:AdfSimplexInputCaps>{source}</scan:AdfSimplexInputCaps>"
        "<scan:FeederCapacity>50</scan:FeederCapacity></scan:Adf></scan:ScannerCapabilities>\n"
    )


def status(scanner: Scanner) -> str:
    """ScannerStatus: Idle, Processing or Stopped; what is in the feeder, or stuck in it; the present or last job."""
    state = "Stopped" if scanner.jammed else "Processing" if scanner.busy else "Idle"
    feeder = "Jam" if scanner.jammed else "Loaded" if scanner.waiting else "Empty"
    jobs = f"<scan:Jobs>{_job(scanner)}</scan:Jobs>" if scanner.stacks else ""
    return (
        f"<scan:ScannerStatus {_NAMESPACES}><pwg:Version>2.97</pwg:Version><pwg:State>{state}</pwg:State>"
        f"<scan:AdfState>ScannerAdf{feeder}</scan:AdfState>{jobs}</scan:ScannerStatus>\n"
    )


def _job(scanner: Scanner) -> str:
    unique = uuid.uuid5(uuid.NAMESPACE_URL, f"{scanner.id}/{scanner.stacks}")
    state = "Aborted" if scanner.jammed else "Processing" if scanner.busy else "Completed"
    return (
        f"<scan:JobInfo><pwg:JobUri>{PATH}/ScanJobs/{unique}</pwg:JobUri><pwg:JobUuid>{unique}</pwg:JobUuid>"
        f"<scan:Age>1</scan:Age><pwg:ImagesCompleted>{scanner.stack_done}</pwg:ImagesCompleted>"
        f"<pwg:ImagesToTransfer>0</pwg:ImagesToTransfer><pwg:JobState>{state}</pwg:JobState></scan:JobInfo>"
    )
