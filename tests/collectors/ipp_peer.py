"""A real IPP printer for tests: CUPS' ippeveprinter, with the dbus-daemon and avahi-daemon that it needs.

Each test has its own bus and its own avahi, so that none of the machine's is needed or disturbed. `prefix` runs all of
them elsewhere, `("ip", "netns", "exec", "ward")` for instance; the printer then announces itself by mDNS there.
"""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
AVAHI = """[server]
host-name={host}
use-ipv6=no
{interfaces}
[publish]
publish-workstation=no
"""
# avahi keeps one pid file for the whole machine; a mount of its own lets several tests have one each.
OWN_RUN = 'mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && exec "$@"'
COMMAND = '#!/bin/sh\ncat "{said}" >&2\n'
PRINT_JOB = """{ OPERATION Print-Job
 GROUP operation-attributes-tag
 ATTR charset attributes-charset utf-8
 ATTR naturalLanguage attributes-natural-language en
 ATTR uri printer-uri $uri
 ATTR mimeMediaType document-format image/pwg-raster
 FILE $filename
 STATUS successful-ok
}"""

Find = Callable[[str], str]  # the fixture `peer`


@dataclass(frozen=True)
class Printer:
    """A running ippeveprinter."""

    port: int
    folder: Path
    ipptool: str

    def supplies(self, **levels: int) -> None:
        """supplies(supply1=4): the level of the second supply, as its web form sets it. Only without attributes of
        the test's own."""
        self._form("supplies", levels)

    def _form(self, page: str, told: Mapping[str, int]) -> None:
        query = "&".join(f"{name}={value}" for name, value in told.items())
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{page}?{query}", timeout=10) as answer:
            answer.read()

    def print_saying(self, *lines: str) -> None:
        """Print a job whose command writes these lines: "STATE: +media-jam", "ATTR: marker-levels=7"."""
        (self.folder / "said").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        job, document = self.folder / "job.test", self.folder / "document"
        job.write_text(PRINT_JOB, encoding="ascii")
        document.write_bytes(b"RaS2")
        command = [self.ipptool, "-f", str(document), f"ipp://127.0.0.1:{self.port}/ipp/print", str(job)]
        subprocess.run(command, check=True, timeout=20, stdout=subprocess.DEVNULL)


@contextmanager
def mdns(peer: Find, folder: Path, host: str = "printers", prefix: Sequence[str] = ()) -> Iterator[Mapping[str, str]]:
    """The environment of programs that speak with an avahi of the test's own."""
    socket, bus_file, avahi_file = folder / "bus", folder / "bus.conf", folder / "avahi.conf"
    bus_file.write_text(BUS.format(socket=socket), encoding="ascii")
    interfaces = "" if prefix else "allow-interfaces=lo"
    avahi_file.write_text(AVAHI.format(host=host, interfaces=interfaces), encoding="ascii")
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={socket}"}
    bus = [peer("dbus-daemon"), f"--config-file={bus_file}", "--nofork", "--nopidfile"]
    own = [peer("unshare"), "--mount", "sh", "-c", OWN_RUN, "avahi"] if os.geteuid() == 0 else []
    daemon = [peer("avahi-daemon"), "-f", str(avahi_file), "--no-drop-root", "--no-chroot", "--no-rlimits"]
    with running([*prefix, *bus], environment, folder / "bus.log", socket.exists):
        log = folder / "avahi.log"
        with running([*prefix, *own, *daemon], environment, log, lambda: "startup complete" in _text(log)):
            yield environment


@contextmanager
def printer(
    peer: Find, folder: Path, port: int, attributes: str = "", *options: str, prefix: Sequence[str] = ()
) -> Iterator[Printer]:
    """An IPP printer "Quầy 1" by HP. `attributes`: lines of ippeveprinter's `-a` file, its own where there are none."""
    said, command = folder / "said", folder / "command"
    said.write_text("", encoding="ascii")
    command.write_text(COMMAND.format(said=said), encoding="ascii")
    command.chmod(0o755)
    if attributes:
        (folder / "attributes.conf").write_text(attributes, encoding="utf-8")
        options = ("-a", str(folder / "attributes.conf"), *options)
    elif "-M" not in options:
        options = ("-M", "HP", "-m", "LaserJet 400", *options)
    (folder / "spool").mkdir(exist_ok=True)
    line = [
        *prefix,
        peer("ippeveprinter"),
        "-p",
        str(port),
        "-n",
        "localhost",
        "-d",
        str(folder / "spool"),
        "-K",
        str(folder),
    ]
    line += ["-v", "-l", "Sảnh quầy", "-c", str(command), *options, f"Quầy 1 {port}"]
    found = Printer(port, folder, peer("ipptool"))
    log = folder / "printer.log"
    with (
        mdns(peer, folder, f"printers-{port}", prefix) as environment,
        running(line, environment, log, lambda: "printer-uuid" in _text(log)),
    ):
        yield found


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path, ready: Callable[[], bool]
) -> Iterator[None]:
    """A program of the test's own, ended with it."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 30
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{command} did not start (exit {process.poll()}): {_text(log)}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
