"""How endpoints and the messages to them are stored: one document each. Decides nothing."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.notify.webhooks.domain import OVERLAP, HookState, Step
from shared.coalescing import Coalescer
from shared.errors import DuplicateError
from shared.lockbox import Lockbox
from shared.mongo import Change, Database, Document, Documents, Index

ENDPOINTS = "webhooks"
MESSAGES = "webhook_messages"
FRESH_S = 2.0  # how old the list of endpoints may be: a new one hears of what comes after this
MOST = 200  # endpoints of one city
IS_DATE: Document = {"$type": "date"}


@dataclass(frozen=True)
class Endpoint:
    """An address of an integrator; its secrets are left out of what a log would print."""

    id: str
    url: str
    types: tuple[str, ...]
    description: str
    owner: str  # account
    unit: str | None  # the owner's, when it was made
    created_at: datetime
    active: bool
    off_at: datetime | None
    off_reason: str | None
    secrets: tuple[str, ...] = field(repr=False)  # valid ones, the newest first
    request: str = ""  # fingerprint of the idempotency key and body that made it
    failing_since: datetime | None = None  # of failures in a row


@dataclass(frozen=True)
class Message:
    """One event on its way to one endpoint; `body` is what is signed, byte for byte."""

    id: str
    endpoint: str
    event: str
    type: str
    code: str
    body: str
    attempts: int = 0
    held_until: datetime | None = None  # by this process; then anybody may send it


class EndpointStore:
    """Endpoints in MongoDB, with their secrets sealed.

    Args:
        base: Notify's database.
        box: Seals the secrets.
        ticks: Seconds, for how long the list stays fresh.
    """

    def __init__(
        self, base: Database, box: Lockbox, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.documents = Documents(base, ENDPOINTS)
        self._box = box
        self._ticks = ticks
        self._known: tuple[float, tuple[Endpoint, ...]] = (0.0, ())

    async def add(self, endpoint: Endpoint) -> bool:
        """Store a new endpoint; False when it is there already."""
        kept = [self._sealed(endpoint.id, endpoint.secrets[0], endpoint.created_at)]
        document = {
            "_id": endpoint.id,
            **{name: getattr(endpoint, name) for name in PLAIN},
            "types": list(endpoint.types),
            "secrets": kept,
        }
        try:
            await self.documents.insert(document)
        except DuplicateError:
            return False
        finally:
            self._forget()
        return True

    async def load(self, identifier: str, now: datetime) -> Endpoint | None:
        """Return an endpoint with the secrets that are valid now, or None."""
        found = await self.documents.load(identifier)
        return self._endpoint(found, now) if found else None

    async def all(self, now: datetime) -> list[Endpoint]:
        """Return every endpoint, the oldest first."""
        found = await self.documents.find({}, sort=[("created_at", 1)], limit=MOST)
        return [self._endpoint(each, now) for each in found]

    async def known(self, now: datetime) -> tuple[Endpoint, ...]:
        """Return every endpoint as it was at most `FRESH_S` ago."""
        until, known = self._known
        if self._ticks() >= until:
            known = tuple(await self.all(now))
            self._known = (self._ticks() + FRESH_S, known)
        return known

    async def active(self, now: datetime) -> tuple[Endpoint, ...]:
        """Return the endpoints that are switched on, as they were at most `FRESH_S` ago."""
        return tuple(each for each in await self.known(now) if each.active)

    async def note_failing(self, identifier: str, since: datetime | None) -> None:
        """Keep since when every attempt has failed; None: the last one did not."""
        change = {"$set": {"failing_since": since}}
        await self.documents.update_one({"_id": identifier}, change)

    async def rotate(self, identifier: str, secret: str, now: datetime) -> bool:
        """Put a new secret first; the older ones sign beside it for a day more."""
        found = await self.documents.load(identifier)
        if found is None:
            return False
        until = now + OVERLAP
        older = [
            {**each, "until": min(each["until"] or until, until)}
            for each in found["secrets"]
            if each["until"] is None or each["until"] > now
        ]
        kept = [self._sealed(identifier, secret, now), *older]
        as_read = {"_id": identifier, "secrets.0.sealed": found["secrets"][0]["sealed"]}
        self._forget()
        return await self.documents.update_one(as_read, {"$set": {"secrets": kept}})

    async def switch_off(self, identifier: str, reason: str, now: datetime) -> bool:
        """Switch an endpoint off; say whether it was on."""
        change = {"active": False, "off_at": now, "off_reason": reason}
        self._forget()
        return await self.documents.update_one(
            {"_id": identifier, "active": True}, {"$set": change}
        )

    async def switch_on(self, identifier: str) -> bool:
        """Switch an endpoint on again; say whether there is one."""
        change = {"active": True, "off_at": None, "off_reason": None, "failing_since": None}
        self._forget()
        return await self.documents.update_one({"_id": identifier}, {"$set": change})

    async def remove(self, identifier: str) -> bool:
        """Remove an endpoint and its secrets; say whether it was there."""
        self._forget()
        return await self.documents.delete(identifier)

    async def reseal(self) -> None:
        """Seal again what an older master key sealed."""
        for found in await self.documents.find({}, limit=MOST):
            if all(self._box.current(each["sealed"]) for each in found["secrets"]):
                continue
            fresh = [
                {
                    **each,
                    "sealed": self._box.seal(
                        found["_id"], self._box.open(found["_id"], each["sealed"])
                    ),
                }
                for each in found["secrets"]
            ]
            as_read = {"_id": found["_id"], "secrets": found["secrets"]}
            await self.documents.update_one(as_read, {"$set": {"secrets": fresh}})

    def _forget(self) -> None:
        self._known = (0.0, ())

    def _sealed(self, identifier: str, secret: str, now: datetime) -> Document:
        sealed = self._box.seal(identifier, secret.encode())
        return {"sealed": sealed, "since": now, "until": None}

    def _endpoint(self, document: Mapping[str, Any], now: datetime) -> Endpoint:
        identifier: str = document["_id"]
        valid = [
            each for each in document["secrets"] if each["until"] is None or each["until"] > now
        ]
        return Endpoint(
            id=identifier,
            **{name: document[name] for name in PLAIN},
            failing_since=document.get("failing_since"),
            types=tuple(document["types"]),
            secrets=tuple(self._box.open(identifier, each["sealed"]).decode() for each in valid),
        )


PLAIN = (
    *("url", "description", "owner", "unit", "created_at", "active"),
    *("off_at", "off_reason", "request"),
)


class MessageStore:
    """Messages to endpoints in MongoDB."""

    def __init__(self, base: Database) -> None:
        due = Index(("endpoint", "next_at"), where={"next_at": IS_DATE})
        done = Index(("done_at",), where={"done_at": IS_DATE})
        indexes = (due, done, Index(("endpoint", "created_at")))
        self.documents = Documents(base, MESSAGES, indexes)
        self._settlements: Coalescer[Change, None] = Coalescer(self._settle_many)

    async def add(self, message: Message, now: datetime, *, claim: str | None = None) -> bool:
        """Store a message that is due at once; False when it is there already.

        Args:
            message: With `held_until` when it is claimed at once.
            now: Aware instant.
            claim: Token of the process that will send it.
        """
        document = {
            "_id": message.id,
            **{name: getattr(message, name) for name in MESSAGE},
            "attempts": message.attempts,
            "state": HookState.PENDING.value,
            "reason": "",
            "log": [],
            "created_at": now,
            "next_at": message.held_until or now,
            "claim": claim,
            "done_at": None,
        }
        try:
            await self.documents.insert(document)
        except DuplicateError:
            return False
        return True

    async def due(
        self, now: datetime, endpoints: Collection[str], limit: int
    ) -> list[tuple[str, str]]:
        """Return id and endpoint of messages to these whose time has come, the longest due first.

        The index has every endpoint's in order, so a backlog of one costs the others nothing.
        """
        query = {"endpoint": {"$in": sorted(endpoints)}, "next_at": {**IS_DATE, "$lte": now}}
        found = await self.documents.find(
            query, sort=[("next_at", 1)], limit=limit, fields=["_id", "endpoint"]
        )
        return [(each["_id"], each["endpoint"]) for each in found]

    async def claim(
        self, token: str, identifiers: Sequence[str], now: datetime, lease: timedelta
    ) -> list[Message]:
        """Take messages still due for `lease` under a token; return what it got."""
        until = (now + lease).replace(microsecond=0)  # as the database keeps it
        named: Document = {"_id": {"$in": list(identifiers)}}
        change = {"$set": {"claim": token, "next_at": until}, "$inc": {"attempts": 1}}
        await self.documents.update_many({**named, "next_at": {**IS_DATE, "$lte": now}}, change)
        query = {**named, "claim": token, "next_at": until}
        return [_message(each) for each in await self.documents.find(query, limit=len(identifiers))]

    async def give_back(self, token: str, messages: Sequence[Message], now: datetime) -> None:
        """Let anybody send messages that were claimed and never tried."""
        change = {"$set": {"claim": None, "next_at": now}, "$inc": {"attempts": -1}}
        await self.documents.update_each(
            [({"_id": each.id, "claim": token}, change) for each in messages]
        )

    async def settle(
        self, token: str, message: Message, step: Step, *, log: Mapping[str, Any]
    ) -> None:
        """Write what became of an attempt; a claim that was lost writes nothing."""
        done_at = None if step.state is HookState.PENDING else log["at"]
        change = {
            "$set": {
                "state": step.state.value,
                "next_at": step.next_at,
                "reason": log["reason"],
                "done_at": done_at,
                "claim": None,
            },
            "$push": {"log": dict(log)},
        }
        held = {"_id": message.id, "claim": token, "attempts": message.attempts}
        await self._settlements((held, change))

    async def _settle_many(self, changes: Sequence[Change]) -> list[None]:
        await self.documents.update_each(changes)
        return [None] * len(changes)

    async def cancel(self, endpoint: str, reason: str, now: datetime) -> int:
        """End all that is still owed to an endpoint; return how many messages that were."""
        change = {
            "state": HookState.CANCELLED.value,
            "next_at": None,
            "reason": reason,
            "done_at": now,
            "claim": None,
        }
        query = {"endpoint": endpoint, "state": HookState.PENDING.value}
        return await self.documents.update_many(query, {"$set": change})

    async def of(
        self, endpoint: str, before: tuple[datetime, str] | None, limit: int
    ) -> list[Document]:
        """Return the newest messages of an endpoint, without their bodies.

        Args:
            endpoint: Whose they are.
            before: Moment and id of the last one seen; an empty id: all of that moment was.
            limit: How many at most.
        """
        query: Document = {"endpoint": endpoint}
        if before:
            at, identifier = before
            same = {"created_at": at, "_id": {"$lt": identifier}}
            query["$or"] = [{"created_at": {"$lt": at}}, same]
        newest = [("created_at", -1), ("_id", -1)]
        return await self.documents.find(query, sort=newest, limit=limit)


MESSAGE = ("endpoint", "event", "type", "code", "body")


def _message(document: Document) -> Message:
    named = {name: document[name] for name in MESSAGE}
    return Message(
        id=document["_id"],
        attempts=document["attempts"],
        held_until=document["next_at"],
        **named,
    )
