"""Who is told what, when, and how often it is tried. Pure.

`audiences` holds the table, `delivery` a message to one recipient, `quiet` the hours without mail.
"""

from services.notify.domain.audiences import (
    TOLD,
    Audience,
    Heard,
    Notice,
    Told,
    concerns,
    notices,
    reminder,
)
from services.notify.domain.delivery import (
    ACCOUNT,
    FOLLOWER,
    QUIET,
    REPORTER,
    After,
    Delivery,
    DeliveryState,
    Made,
    Outcome,
    Person,
    after,
    deliveries,
    delivery_id,
    facts_of,
)
from services.notify.domain.quiet import QuietHours
from services.notify.domain.routes import (
    CHANNELS,
    DEDUPLICATES,
    EMAIL,
    LOUD,
    PUSH,
    SMS,
    ZALO,
    hurries_on,
    routes,
)

__all__ = [
    "ACCOUNT",
    "CHANNELS",
    "DEDUPLICATES",
    "EMAIL",
    "FOLLOWER",
    "LOUD",
    "PUSH",
    "QUIET",
    "REPORTER",
    "SMS",
    "TOLD",
    "ZALO",
    "After",
    "Audience",
    "Delivery",
    "DeliveryState",
    "Heard",
    "Made",
    "Notice",
    "Outcome",
    "Person",
    "QuietHours",
    "Told",
    "after",
    "concerns",
    "deliveries",
    "delivery_id",
    "facts_of",
    "hurries_on",
    "notices",
    "reminder",
    "routes",
]
