"""The ways of finding devices. A new one is a module in ways/ and a line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from edge_agent.discovery.asking import Asking
from edge_agent.discovery.evidence import Host
from edge_agent.discovery.ways import gateway, http, mdns, neighbours, nut, ping, ports, rtsp, snmp, ws_discovery

NetworkWay = Callable[[Asking], Awaitable[None]]
HostWay = Callable[[Host, Asking], Awaitable[None]]

NETWORK_WAYS: tuple[NetworkWay, ...] = (gateway.look, ping.sweep, ports.nudge, ws_discovery.probe, mdns.browse)
WATCHES: tuple[NetworkWay, ...] = (neighbours.watch,)  # these never end of themselves

# Of each host that was seen: first what others build on, then the rest at once.
FIRST_HOST_WAYS: tuple[HostWay, ...] = (ports.look, snmp.look)
HOST_WAYS: tuple[HostWay, ...] = (nut.look, http.look, rtsp.look)
