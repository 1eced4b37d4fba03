"""How notify stores deliveries: a row per event, recipient and channel."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from services.notify.domain import Delivery, DeliveryState, Made, after
from shared import failpoints
from shared.errors import CivicError, DuplicateError
from shared.instant import read_instant
from shared.mongo import Change, Database, Document, Documents, Index
from shared.vocabulary import Language

DELIVERIES = "deliveries"
# The server uses a partial index only where the query repeats its condition.
_NONE = timedelta()
IS_DATE: Document = {"$type": "date"}
UNDELIVERED = (DeliveryState.FAILED, DeliveryState.UNDELIVERABLE, DeliveryState.UNCERTAIN)
GIVEN_UP: Document = {"given_up_at": IS_DATE}


class BadCursorError(CivicError):
    """A cursor that no list of ours gave out."""


@dataclass(frozen=True)
class Undelivered:
    """A message that nobody got, and will not get without help."""

    id: str
    code: str
    event: str
    template: str
    channel: str
    recipient: str
    unit: str | None
    state: DeliveryState
    reason: str
    attempts: int
    given_up_at: datetime


class DeliveryStore:
    """Deliveries in MongoDB: a row per event, recipient and channel."""

    def __init__(self, base: Database) -> None:
        pending = Index(("next_at",), where={"next_at": IS_DATE})
        given_up = Index(("given_up_at", "_id"), where=GIVEN_UP)
        done = Index(("done_at",), where={"done_at": IS_DATE})
        indexes = (pending, given_up, done, Index(("code",)))
        self.documents = Documents(base, DELIVERIES, indexes)

    async def add(
        self,
        delivery: Delivery,
        now: datetime,
        *,
        claim: str | None = None,
        lease: timedelta = _NONE,
    ) -> bool:
        """Store a delivery; say whether it is new. One that is stored already stays as it is.

        Args:
            delivery: What is owed to whom.
            now: Aware instant.
            claim: Of the sender that makes it at once: the row is born claimed, so that nobody has
                to look for it. With the passing of the lease it is everybody's.
            lease: How long the claim holds.
        """
        done_at = None if delivery.next_at else now
        document = {
            "_id": delivery.id,
            "event": delivery.event,
            "template": delivery.template,
            "channel": delivery.channel,
            "recipient": delivery.recipient,
            "unit": delivery.unit,
            "language": delivery.language.value,
            "code": delivery.code,
            "facts": delivery.facts,
            "state": delivery.state.value,
            "attempts": 1 if claim else 0,
            "reason": delivery.reason,
            "created_at": now,
            "next_at": now + lease if claim else delivery.next_at,
            "claim": claim,
            "done_at": done_at,
            "given_up_at": _given_up_at(delivery.state, done_at),
        }
        try:
            await self.documents.insert(document)
        except DuplicateError:
            return False
        failpoints.reached(failpoints.AFTER_INSERT)
        return True

    async def claim(
        self, now: datetime, lease: timedelta, limit: int
    ) -> tuple[str, list[Delivery]]:
        """Take due deliveries for `lease`; return the claim's token and what it holds.

        A sender that dies holding a claim gives it back by the passing of its lease.
        """
        due = {"next_at": {**IS_DATE, "$lte": now}}
        found = await self.documents.find(due, sort=[("next_at", 1)], limit=limit, fields=["_id"])
        token = secrets.token_hex(8)
        if not found:
            return token, []
        named = {"_id": {"$in": [each["_id"] for each in found]}}
        change = {"$set": {"claim": token, "next_at": now + lease}, "$inc": {"attempts": 1}}
        await self.documents.update_many({**named, **due}, change)
        held = await self.documents.find({**named, "claim": token}, limit=limit)
        return token, [_delivery(each) for each in held]

    async def hold(
        self, token: str, delivery: Delivery, channel: str, *, maybe: int, tried: Sequence[str]
    ) -> bool:
        """Write which channel an attempt goes to, and whether it may have arrived from now on.

        Args:
            token: Of the claim.
            delivery: What is claimed.
            channel: The next attempt's.
            maybe: 1 before a channel that shows a repetition twice; 0 when it has refused.
            tried: Channels that refused it.

        Returns:
            Whether the claim still holds: without it the attempt is not to be made.
        """
        fields = {"channel": channel, "maybe": maybe, "tried": list(tried)}
        held = {"_id": delivery.id, "claim": token, "state": DeliveryState.PENDING.value}
        return await self.documents.update_one(held, {"$set": fields})

    async def settle(
        self, token: str, attempts: Sequence[tuple[Delivery, Made]], now: datetime
    ) -> None:
        """Write what became of claimed deliveries; a claim that was lost writes nothing."""
        changes: list[Change] = []
        for delivery, made in attempts:
            then = after(delivery, made, now)
            done_at = None if then.state is DeliveryState.PENDING else now
            fields = {
                "state": then.state.value,
                "channel": made.channel,
                "reason": made.outcome.reason,
                "next_at": then.next_at,
                "attempts": then.attempts,
                "tried": list(then.tried),
                "maybe": then.maybe,
                "done_at": done_at,
                "given_up_at": _given_up_at(then.state, done_at),
                "claim": None,
            }
            changes.append(({"_id": delivery.id, "claim": token}, {"$set": fields}))
        await self.documents.update_each(changes)

    async def confirm(self, identifier: str, channel: str, now: datetime) -> bool:
        """Write that a provider delivered it; say whether that was news. Repeating is safe.

        Its word may overtake its own answer to the attempt, as a refusal's may.
        """
        states = [DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.PENDING]
        fields = {
            "state": DeliveryState.DELIVERED.value,
            "channel": channel,
            "reason": "",
            "next_at": None,
            "done_at": now,
            "given_up_at": None,
            "claim": None,
        }
        taken = {"channel": channel, "state": {"$in": [each.value for each in states]}}
        query = {"_id": identifier, "$or": [taken, _attempted(channel)]}
        return await self.documents.update_one(query, {"$set": fields})

    async def refuse(self, identifier: str, channel: str, reason: str, now: datetime) -> bool:
        """Write that a provider could not deliver what it took: the next channel has its turn.

        Its word may overtake its own answer to the attempt: the claim is taken from that attempt,
        so that what it settles later changes nothing.
        """
        fields = {
            "state": DeliveryState.PENDING.value,
            "reason": reason,
            "attempts": 0,
            "maybe": 0,
            "next_at": now,
            "done_at": None,
            "given_up_at": None,
            "claim": None,
        }
        done = [DeliveryState.SENT.value, DeliveryState.UNCERTAIN.value]
        taken = {"channel": channel, "state": {"$in": done}}
        query = {"_id": identifier, "$or": [taken, _attempted(channel)]}
        change = {"$set": fields, "$addToSet": {"tried": channel}}
        return await self.documents.update_one(query, change)

    async def undelivered(
        self, limit: int, cursor: str | None = None, only: Document | None = None
    ) -> tuple[list[Undelivered], str | None]:
        """Return messages that were given up, the latest first, and a cursor for more.

        Args:
            limit: How many at most.
            cursor: Of the page before.
            only: Further conditions on the rows.

        Raises:
            BadCursorError: the cursor is none of this list's.
        """
        query: Document = {**GIVEN_UP, **(only or {})}
        if cursor:
            query = {"$and": [query, _behind(cursor)]}
        found = await self.documents.find(
            query, sort=[("given_up_at", -1), ("_id", -1)], limit=limit + 1
        )
        shown = [_undelivered(each) for each in found[:limit]]
        last = shown[-1] if len(found) > limit else None
        return shown, f"{last.given_up_at.isoformat()}~{last.id}" if last else None


def _delivery(document: Document) -> Delivery:
    names = ("event", "template", "channel", "recipient", "code", "unit", "next_at", "reason")
    return Delivery(
        id=document["_id"],
        language=Language(document["language"]),
        state=DeliveryState(document["state"]),
        attempts=document["attempts"],
        facts=document["facts"],
        tried=tuple(document.get("tried") or ()),
        maybe=int(document.get("maybe") or 0),
        **{name: document[name] for name in names},
    )


def _undelivered(document: Document) -> Undelivered:
    names = [each.name for each in fields(Undelivered) if each.name not in {"id", "state"}]
    return Undelivered(
        id=document["_id"],
        state=DeliveryState(document["state"]),
        **{name: document[name] for name in names},
    )


def _attempted(channel: str) -> Document:
    """Match what is on its way; over which channel is written when it is settled, or by `hold`."""
    return {
        "state": DeliveryState.PENDING.value,
        "claim": {"$ne": None},
        "tried": {"$ne": channel},
    }


def _given_up_at(state: DeliveryState, done_at: datetime | None) -> datetime | None:
    return done_at if state in UNDELIVERED else None


def _behind(cursor: str) -> Document:
    at, _, identifier = cursor.partition("~")
    try:
        given_up_at = read_instant(at)
    except ValueError as error:
        raise BadCursorError(cursor) from error
    same = {"given_up_at": given_up_at, "_id": {"$lt": identifier}}
    return {"$or": [{"given_up_at": {"$lt": given_up_at}}, same]}
