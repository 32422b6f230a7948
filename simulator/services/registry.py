"""Which class answers by which protocol. A new protocol is a module here, a word in Served and a line below."""

from __future__ import annotations

from collections.abc import Callable

from simulator.models.base import Served
from simulator.services.base import Outlet, Premises, Service
from simulator.services.host import HostService
from simulator.services.nut import NutService
from simulator.services.rtsp import RtspService
from simulator.services.snmp import SnmpService
from simulator.services.tcp import TcpPort

SERVICES: dict[Served, Callable[[Premises, Outlet], Service]] = {
    Served.SNMP: SnmpService,
    Served.TCP: TcpPort,
    Served.NUT: NutService,
    Served.RTSP: RtspService,
    Served.HOST: HostService,
}
