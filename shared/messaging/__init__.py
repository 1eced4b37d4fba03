"""Publishing and consuming: the confirmed publish, and the one place that retries or buries.

A process has two connections: one only publishes, one only consumes, because a broker in alarm
blocks a publishing connection together with every acknowledgement on it.
"""

from shared.messaging import limits
from shared.messaging.brake import Brake
from shared.messaging.consumer import Consumption, consumer, subscribe
from shared.messaging.link import address, broker_work
from shared.messaging.publisher import Publisher
from shared.messaging.settling import (
    ATTEMPT_HEADER,
    REASON_HEADER,
    REPLAYED_HEADER,
)
from shared.messaging.suspects import Handler, Suspects
from shared.messaging.watchdog import ConsumerWatchdog

__all__ = [
    "ATTEMPT_HEADER",
    "REASON_HEADER",
    "REPLAYED_HEADER",
    "Brake",
    "ConsumerWatchdog",
    "Consumption",
    "Handler",
    "Publisher",
    "Suspects",
    "address",
    "broker_work",
    "consumer",
    "limits",
    "subscribe",
]
