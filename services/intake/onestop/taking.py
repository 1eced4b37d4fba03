"""What somebody says who takes a number, and what they are given; a key is answered once."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.intake.asked import KeyReusedError
from services.intake.onestop.domain.queue import Ticket
from services.intake.onestop.store import StoredQueue
from shared.vocabulary import Language, ProcedureId


@dataclass(frozen=True)
class Taking:
    """What somebody says who takes a number."""

    through: str
    language: Language
    procedure: ProcedureId | None
    remind_at: int | None
    email: str | None


@dataclass(frozen=True)
class Taken:
    """A number that was given out; `replayed` when it was given out under this key before."""

    stored: StoredQueue
    ticket: Ticket
    replayed: bool = False


def known(stored: StoredQueue, key: Mapping[str, str]) -> Taken | None:
    """Return the number that was given out under an idempotency key before.

    Raises:
        KeyReusedError: it was given out for another wish.
    """
    for each in stored.keys:
        if key.get("key") == each["key"]:
            if key["body"] != each["body"]:
                raise KeyReusedError("the key stands for another number")
            return Taken(stored, stored.queue.ticket(each["ticket"]), replayed=True)
    return None
