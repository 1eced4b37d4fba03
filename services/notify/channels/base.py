"""What every channel is given, and what it says: accepted, rejected, retry after, ambiguous."""

from dataclasses import dataclass, field
from typing import Protocol

from services.notify.domain import Outcome
from shared.vocabulary import Language

TIMEOUT_S = 8.0  # of one call to a provider; all channels together stay below a claim's lease


@dataclass(frozen=True)
class Outgoing:
    """A message on its way over one channel.

    Attributes:
        id: Of the delivery: the same for every attempt and every channel.
        address: The recipient on this channel; never logged.
        subject: Its first line.
        text: What a mail says.
        words: The same in short: `code`, `status`, `due` (empty when nothing runs), `link`.
        opt_out: Where one POST ends this channel for this person (RFC 8058); empty: an official.
    """

    id: str
    address: str = field(repr=False)
    language: Language
    subject: str
    text: str
    words: dict[str, str]
    opt_out: str = field(default="", repr=False)


class Channel(Protocol):
    """Sends to one address; never raises for what a provider says."""

    async def send(self, message: Outgoing) -> Outcome:
        """Make one attempt."""
        ...

    async def stop(self) -> None:
        """Give back what is open."""
        ...
