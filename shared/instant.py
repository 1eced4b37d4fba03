"""A point in time as people may send it: with its offset, and in years that arithmetic survives."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

# A day, a zone or a working week can be added to and taken from any of them without an overflow.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _within(instant: datetime) -> datetime:
    # compared as they are: datetime compares aware ones without computing either in UTC
    if not EARLIEST <= instant <= LATEST:
        raise ValueError("a time between 1900 and 2200")
    return instant


def _day_within(day: date) -> date:
    if not EARLIEST.date() <= day <= LATEST.date():
        raise ValueError("a day between 1900 and 2200")
    return day


def with_plus(text: object) -> object:
    """`+07:00` in a URL means a blank to whoever forgets to escape it; no instant holds one."""
    return text.replace(" ", "+") if isinstance(text, str) else text


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_within),
    Field(
        json_schema_extra={
            "formatMinimum": EARLIEST.isoformat(),
            "formatMaximum": LATEST.isoformat(),
        }
    ),
]
AskedInstant = Annotated[Instant, BeforeValidator(with_plus)]  # in an address
Day = Annotated[
    date,
    AfterValidator(_day_within),
    Field(
        json_schema_extra={
            "formatMinimum": EARLIEST.date().isoformat(),
            "formatMaximum": LATEST.date().isoformat(),
        }
    ),
]


def read_instant(text: str) -> datetime:
    """Return the instant that a cursor holds.

    Raises:
        ValueError: it is none, has no offset, or lies beyond what a database keeps.
    """
    instant = datetime.fromisoformat(text.replace(" ", "+"))
    if instant.tzinfo is None:
        raise ValueError("an instant without its offset")
    return _within(instant)
