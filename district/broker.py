"""An MQTT broker for the demo and for tests only (amqtt, in Python, whoever connects is welcome).

Production runs mosquitto: amqtt loses what is in flight to a subscriber that crashes, keeps two clients of one name
connected, and accepts any password. WardWatch's guarantee does not depend on the broker, but its privacy does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
from typing import Any

from district.config import Address
from district.errors import DistrictError

logger = logging.getLogger(__name__)

_MQTT_3_1_1 = 4  # its protocol level (MQTT 3.1.1 section 3.1.2.2)


class BrokerError(DistrictError):
    """The broker cannot run so."""


def run(listen: Address) -> None:
    """Run until SIGTERM or SIGINT. Raises BrokerError, also for an address that others could reach."""
    if not _is_loopback(listen.host):
        raise BrokerError(f"{listen.host} is not on the loopback", "broker_not_loopback", host=listen.host)
    asyncio.run(_serve(listen))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(listen: Address) -> None:
    # Late: the one command of the district that needs it.
    from amqtt.broker import Broker
    from amqtt.contexts import BrokerConfig, ListenerConfig
    from amqtt.errors import AMQTTError
    from amqtt.errors import BrokerError as AmqttBrokerError

    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    _refuse_other_versions()
    config = BrokerConfig(
        listeners={"default": ListenerConfig(bind=str(listen))},
        plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    )
    broker = Broker(config)
    try:
        await broker.start()
    except (AMQTTError, AmqttBrokerError, OSError) as error:
        message = f"the broker cannot listen on {listen}: {error}"
        raise BrokerError(message, "broker_cannot_listen", listen=listen, detail=error) from error
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    logger.info("broker at mqtt://%s, for the demo and tests only", listen)
    await stopped.wait()
    await broker.shutdown()


def _refuse_other_versions() -> None:
    """amqtt knows MQTT 3.1.1, and reads the rest of a CONNECT of MQTT 5 as if it were that: it takes two letters for a
    length and waits for what never comes, with the one that asked. So the rest is left unread, and amqtt gets to where
    it says that it does not know this version."""
    from amqtt.mqtt.connect import ConnectPacket, ConnectPayload, ConnectVariableHeader

    class Payload(ConnectPayload):  # type: ignore[misc]
        @classmethod
        async def from_stream(cls, reader: Any, _: Any, variable_header: ConnectVariableHeader | None) -> Any:
            if variable_header is None or variable_header.proto_level == _MQTT_3_1_1:
                return await super().from_stream(reader, _, variable_header)
            variable_header.flags = 0
            payload = cls()
            payload.client_id = "of another version"
            return payload

    ConnectPacket.PAYLOAD = Payload
