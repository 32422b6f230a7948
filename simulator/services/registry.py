"""Which class answers by which protocol. A new protocol is a module here, a word in Served and a line below."""

from __future__ import annotations

from collections.abc import Callable

from simulator.models.base import Served
from simulator.services.base import Outlet, Premises, Service
from simulator.services.dresses import by_dahua, by_isapi, by_onvif
from simulator.services.escl import EsclService
from simulator.services.host import HostService
from simulator.services.ipp import IppService
from simulator.services.modbus import ModbusService
from simulator.services.mqtt import MqttService
from simulator.services.nut import NutService
from simulator.services.rtsp import RtspService
from simulator.services.snmp import SnmpService
from simulator.services.tcp import TcpPort
from simulator.services.uplink import UplinkService
from simulator.services.web import WebService

SERVICES: dict[Served, Callable[[Premises, Outlet], Service]] = {
    Served.SNMP: SnmpService,
    Served.TCP: TcpPort,
    Served.RTSP: RtspService,
    Served.ONVIF: by_onvif,
    Served.ISAPI: by_isapi,
    Served.DAHUA: by_dahua,
    Served.NUT: NutService,
    Served.IPP: IppService,
    Served.ESCL: EsclService,
    Served.MODBUS: ModbusService,
    Served.MQTT: MqttService,
    Served.HTTP: WebService,
    Served.LINE: UplinkService,
    Served.HOST: HostService,
}
