"""How officials are reached: the work address of every account that can be told something.

Intake writes it with every change of an account; notify reads it. It is a collection of its own
beside the sealed reporters. Events, deliveries and logs name an official by account: an address is
read at the moment of sending, and stands nowhere else.
"""

import time as clocks
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from shared.coalescing import Coalescer
from shared.mongo import Database, Document, Documents, Index
from shared.vocabulary import Language, Role, UnitId

CONTACTS = "contacts"
FRESH_S = 5.0  # a unit is looked up at most this often; a busy one is told of two cases a second


@dataclass(frozen=True)
class Preferences:
    """How an official wants to be told; a mail is their last channel, whatever they chose.

    Attributes:
        channels: In their order; None: nothing was chosen.
        phone: For Zalo and SMS; left out of what a log would print.
        quiet: Local times from and until which they are told nothing; None: the city's hours.
    """

    channels: tuple[str, ...] | None = None
    phone: str | None = field(default=None, repr=False)
    quiet: tuple[time, time] | None = None


NOTHING_CHOSEN = Preferences()


@dataclass(frozen=True)
class Contact:
    """How one official is reached. The address is left out of what a log would print."""

    account: str
    unit: UnitId | None  # an administrator belongs to none
    role: Role
    email: str = field(repr=False)
    language: Language = Language.VIETNAMESE
    preferences: Preferences = NOTHING_CHOSEN


class Directory:
    """The contacts of all officials, in MongoDB.

    Args:
        base: The identity database.
        clock: Seconds, for how long a look-up stays fresh.
    """

    def __init__(self, base: Database, clock: Callable[[], float] = clocks.monotonic) -> None:
        self.documents = Documents(base, CONTACTS, (Index(("unit",)),))
        self._clock = clock
        self._lookups: Coalescer[UnitId, Sequence[Contact]] = Coalescer(self._look_up)
        self._known: dict[UnitId, tuple[float, Sequence[Contact]]] = {}

    async def put(self, contact: Contact, version: int) -> None:
        """Keep how an account is reached, unless a later version of it is known; idempotent.

        Args:
            contact: As the account is now.
            version: The account's: of two changes at once the later one stays, whoever writes last.
        """
        fields = {
            "unit": contact.unit,
            "role": contact.role.value,
            "email": contact.email,
            "language": contact.language.value,
        }
        await self._write(contact.account, version, fields)

    async def prefer(self, account: str, wanted: Preferences) -> Contact | None:
        """Keep how an official wants to be told; None when they are told nothing."""
        quiet = [each.isoformat() for each in wanted.quiet] if wanted.quiet else None
        channels = list(wanted.channels) if wanted.channels is not None else None
        change = {"channels": channels, "phone": wanted.phone, "quiet": quiet}
        known = {"_id": account, "email": {"$ne": None}}
        if not await self.documents.update_one(known, {"$set": change}):
            return None
        self._known.clear()
        return await self.find(account)

    async def remove(self, account: str, version: int) -> None:
        """Forget the addresses of an account that is told nothing any more; idempotent."""
        names = ("unit", "role", "email", "language", "channels", "phone", "quiet")
        await self._write(account, version, dict.fromkeys(names))

    async def of(self, unit: UnitId, roles: Collection[Role]) -> list[Contact]:
        """Return who of a unit has one of the roles, as it was at most `FRESH_S` ago."""
        until, contacts = self._known.get(unit, (0.0, ()))
        if self._clock() >= until:
            contacts = await self._lookups(unit)
        return [each for each in contacts if each.role in roles]

    async def find(self, account: str) -> Contact | None:
        """Return how an account is reached now, or None when it is told nothing any more."""
        document = await self.documents.load(account)
        return _contact(document) if document and document["email"] else None

    async def _look_up(self, units: Sequence[UnitId]) -> list[Sequence[Contact]]:
        """Answer every unit that is asked for at this moment with one query."""
        found: dict[UnitId, list[Contact]] = {unit: [] for unit in units}
        query = [{"$match": {"unit": {"$in": list(found)}}}, {"$sort": {"_id": 1}}]
        async for document in self.documents.aggregate(query):
            found[document["unit"]].append(_contact(document))
        until = self._clock() + FRESH_S
        self._known.update({unit: (until, contacts) for unit, contacts in found.items()})
        return [found[unit] for unit in units]

    async def _write(self, account: str, version: int, fields: Mapping[str, Any]) -> None:
        query = {"_id": account, "version": {"$lte": version}}
        change = {"$set": {**fields, "version": version}}
        await self.documents.update_each([(query, change)], upsert=True)


def _contact(document: Document) -> Contact:
    return Contact(
        account=document["_id"],
        unit=document["unit"],
        role=Role(document["role"]),
        email=document["email"],
        language=Language(document["language"]),
        preferences=_preferences(document),
    )


def _preferences(document: Document) -> Preferences:
    channels, quiet = document.get("channels"), document.get("quiet")
    return Preferences(
        channels=tuple(channels) if channels is not None else None,
        phone=document.get("phone"),
        quiet=(time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])) if quiet else None,
    )
