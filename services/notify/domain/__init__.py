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
    EMAIL,
    REPORTER,
    Delivery,
    DeliveryState,
    Outcome,
    Person,
    after,
    deliveries,
    delivery_id,
)
from services.notify.domain.quiet import QuietHours

__all__ = [
    "ACCOUNT",
    "EMAIL",
    "REPORTER",
    "TOLD",
    "Audience",
    "Delivery",
    "DeliveryState",
    "Heard",
    "Notice",
    "Outcome",
    "Person",
    "QuietHours",
    "Told",
    "after",
    "concerns",
    "deliveries",
    "delivery_id",
    "notices",
    "reminder",
]
