"""A point in time as people may send it: with its offset, and in years that arithmetic survives."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

# A day, a zone or a working week can be added to and taken from any of them without an overflow.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _within(instant: datetime) -> datetime:
    # compared as they are: datetime compares aware ones without computing either in UTC
    if not EARLIEST <= instant <= LATEST:
        raise ValueError("a time between 1900 and 2200")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_within)]
