"""Cameras and recorders by ONVIF, by Hikvision's ISAPI and by Dahua's CGI: one function each for the registry."""

from __future__ import annotations

from simulator.model.recorder import Recorder
from simulator.onvif.server import OnvifServer
from simulator.rtsp.addresses import DahuaAddresses, HikvisionAddresses, OnvifAddresses, PlainAddresses
from simulator.services.base import Outlet, Premises, Service
from simulator.services.dress import Dress
from simulator.services.recorder import RecorderService
from simulator.services.web_camera import WebCamera
from simulator.vendor.dahua import DahuaServer
from simulator.vendor.isapi import IsapiServer


def by_onvif(premises: Premises, outlet: Outlet) -> Service:
    addresses = OnvifAddresses() if isinstance(outlet.machine, Recorder) else PlainAddresses()
    return _dressed(premises, outlet, Dress(addresses, OnvifServer))


def by_isapi(premises: Premises, outlet: Outlet) -> Service:
    local = outlet.part.zulu_is_local
    dress = Dress(HikvisionAddresses(zulu_is_local=local), lambda box, _: IsapiServer(box, zulu_is_local=local))
    return _dressed(premises, outlet, dress)


def by_dahua(premises: Premises, outlet: Outlet) -> Service:
    return _dressed(premises, outlet, Dress(DahuaAddresses(), lambda box, _: DahuaServer(box)))


def _dressed(premises: Premises, outlet: Outlet, dress: Dress) -> Service:
    of = RecorderService if isinstance(outlet.machine, Recorder) else WebCamera
    return of(premises, outlet, dress)
