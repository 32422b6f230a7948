"""RTSP (RFC 2326): whether a camera streams there, and at which path. Without a password it says 401, and that is
enough; none is sent."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources

from edge_agent.discovery.asking import Asking
from edge_agent.discovery.evidence import Host
from edge_agent.discovery.ways import text_service

PORTS = (554, 8554)
_STATUS = re.compile(r"^RTSP/1\.\d (\d{3})")
_HEADER = re.compile(r"^(server|www-authenticate):[ \t]*(.{1,300}?)\s*$", re.IGNORECASE | re.MULTILINE)


async def look(host: Host, asking: Asking) -> None:
    """DESCRIBE of the paths that makers use, until one exists or a password is asked for."""
    for port in PORTS:
        if host.has(f"port:{port}"):
            await _look(host, port, asking)


async def _look(host: Host, port: int, asking: Asking) -> None:
    for number, path in enumerate(paths()):
        await asking.pace.packet()
        question = f"DESCRIBE rtsp://{host.address}:{port}{path} RTSP/1.0\r\nCSeq: {number + 1}\r\n\r\n"
        told = await text_service.ask(host.address, port, question, lambda told: b"\r\n\r\n" in told)
        status = _STATUS.match(told)
        if status is None:
            return
        host.add("rtsp", "answers", str(port))
        for _, words in _HEADER.findall(told.partition("\r\n\r\n")[0])[:4]:
            host.add("text", words)
        if status.group(1) == "200":
            host.add("rtsp-path", path, str(port))
        if status.group(1) in ("200", "401", "403"):
            return


@lru_cache(maxsize=1)
def paths() -> tuple[str, ...]:
    """The main streams' paths of data/stream_paths.toml, each once."""
    return tuple(dict.fromkeys(main for main, _ in stream_paths().values()))


@lru_cache(maxsize=1)
def stream_paths() -> dict[str, tuple[str, str]]:
    """Maker → (path of the main stream, of the sub-stream or "")."""
    data = resources.files("edge_agent.discovery").joinpath("data", "stream_paths.toml").read_text(encoding="utf-8")
    return {maker: (told["main"], told.get("sub", "")) for maker, told in tomllib.loads(data)["maker"].items()}
