"""A camera, or a recorder's channel, by Dahua's HTTP API: magicBox.cgi and configManager.cgi."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camera.faults import DeviceFault
from camera.http_client import CameraHttp, HttpAnswer, HttpRequest
from camera.interfaces.told import StreamSettings, Told, codec_name, main_and_sub
from telemetry.readings import Fact, Reason, ReasonCode

_BOX = "/cgi-bin/magicBox.cgi?action="
_ENCODE = "/cgi-bin/configManager.cgi?action=getConfig&name=Encode"
_FORMATS = ("MainFormat", "ExtraFormat")
_MOST_TEXT = 200
_MOST_LINES = 20_000


class DahuaCamera:
    """See CameraInterface. Its answers count channels from 0, its stream addresses from 1."""

    def __init__(self, http: CameraHttp, channel: int = 1, rtsp_port: int = 554) -> None:
        self._http = http
        self._channel = channel
        self._rtsp_port = rtsp_port

    async def ask(self) -> Told:
        told = await self._get(f"{_BOX}getSystemInfo")
        facts = {"model": told.get("deviceType", ""), "serial": told.get("serialNumber", "")}
        facts["firmware"] = (await self._optional(f"{_BOX}getSoftwareVersion")).get("version", "").partition(",")[0]
        facts["vendor"] = (await self._optional(f"{_BOX}getVendor")).get("vendor", "") or "Dahua"
        kept = [Fact(name, text.strip()[:_MOST_TEXT]) for name, text in facts.items() if text.strip()]
        streams: Sequence[StreamSettings] = ()
        reason = None
        try:
            streams = list(self._streams(await self._get(_ENCODE)))
            if not streams:
                reason = Reason(ReasonCode.UNSUPPORTED, f"no streams of channel {self._channel}")
        except DeviceFault as fault:
            reason = fault.reason
        return Told(kept, (), main_and_sub(streams), reason)

    async def close(self) -> None:
        await self._http.close()

    def _streams(self, told: dict[str, str]) -> Iterator[StreamSettings]:
        host = self._http.address.shown_host
        for kind, name in enumerate(_FORMATS):
            begin = f"table.Encode[{self._channel - 1}].{name}[0].Video."
            video = {key[len(begin) :]: value for key, value in told.items() if key.startswith(begin)}
            if not video:
                continue
            url = f"rtsp://{host}:{self._rtsp_port}/cam/realmonitor?channel={self._channel}&subtype={kind}"
            width, height = _size(video)
            yield StreamSettings(url, codec_name(video.get("Compression", "")), width, height)

    async def _optional(self, path: str) -> dict[str, str]:
        try:
            return await self._get(path)
        except DeviceFault as fault:
            if fault.reason.code in (ReasonCode.WRONG_CREDENTIALS, ReasonCode.NO_ANSWER):
                raise
            return {}

    async def _get(self, path: str) -> dict[str, str]:
        return parse(await self._http.ask(HttpRequest(path)))


def parse(answer: HttpAnswer) -> dict[str, str]:
    """Lines of key=value. Raises DeviceFault for what is none, and for statuses that say no."""
    answer.well()
    lines = answer.text().splitlines()[:_MOST_LINES]
    pairs = [line.partition("=") for line in lines if line.strip()]
    if not pairs or not all(sign for _, sign, _ in pairs[:1]) or lines[0].lstrip().startswith("<"):
        raise DeviceFault(ReasonCode.GARBLED_ANSWER, f"{answer.text()[:60]!r}", answered=True)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _size(video: dict[str, str]) -> tuple[int, int]:
    sides = [video.get("Width", ""), video.get("Height", "")]
    if not all(side.isascii() and side.isdecimal() and len(side) < 7 for side in sides):
        sides = ([*video.get("resolution", "").lower().split("x"), "", ""])[:2]
    width, height = (int(side) if side.isascii() and side.isdecimal() and len(side) < 7 else 0 for side in sides)
    return width, height
