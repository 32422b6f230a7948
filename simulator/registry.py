"""Every model of device that a ward file may name. A new one is a builder and a line in one of models/.

A builder makes the machine from its type plate and its own chance; `mibs` turn its state into SNMP objects; `serves`
says by what it is asked: services/ has a class for each.
"""

from __future__ import annotations

from simulator.models.base import Model
from simulator.models.cameras import CAMERAS
from simulator.models.city import CITY
from simulator.models.computers import COMPUTERS
from simulator.models.network import NETWORK
from simulator.models.paper import PAPER
from simulator.models.power import POWER
from simulator.models.rooms import ROOMS

MODELS: dict[str, Model] = {**POWER, **PAPER, **ROOMS, **NETWORK, **CITY, **COMPUTERS, **CAMERAS}
