"""An MQTT broker for the demo and for tests only (amqtt, in Python, whoever connects is welcome).

Production runs mosquitto: amqtt loses what is in flight to a subscriber that crashes, keeps two clients of one name
connected, and accepts any password. WardWatch's guarantee does not depend on the broker, but its privacy does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal

from district.config import Address
from district.errors import DistrictError

logger = logging.getLogger(__name__)


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
