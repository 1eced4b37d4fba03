"""How notify stores: deliveries, and the newest snapshot of every case for the figures."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from services.notify.domain import Delivery, DeliveryState, Outcome, after
from shared.coalescing import Coalescer
from shared.errors import DuplicateError
from shared.events import CaseSnapshot
from shared.mongo import Change, Database, Document, Documents, Index
from shared.vocabulary import Language, ReporterId

DELIVERIES = "deliveries"
CASES = "cases"


class DeliveryStore:
    """Deliveries in MongoDB: a row per event, recipient and channel."""

    def __init__(self, base: Database) -> None:
        pending = Index(("next_at",), where={"next_at": {"$type": "date"}})
        self.documents = Documents(base, DELIVERIES, (pending, Index(("code",))))

    async def add(self, delivery: Delivery, now: datetime) -> None:
        """Store a delivery to be made; one that is stored already stays as it is."""
        document = {
            "_id": delivery.id,
            "event": delivery.event,
            "template": delivery.template,
            "channel": delivery.channel,
            "reporter": delivery.reporter,
            "language": delivery.language.value,
            "code": delivery.code,
            "facts": delivery.facts,
            "state": DeliveryState.PENDING.value,
            "attempts": 0,
            "reason": "",
            "created_at": now,
            "next_at": now,
            "done_at": None,
        }
        with suppress(DuplicateError):
            await self.documents.insert(document)

    async def claim(
        self, now: datetime, lease: timedelta, limit: int
    ) -> tuple[str, list[Delivery]]:
        """Take due deliveries for `lease`; return the claim's token and what it holds.

        A sender that dies holding a claim gives it back by the passing of its lease.
        """
        found = await self.documents.find(
            {"next_at": {"$lte": now, "$type": "date"}},
            sort=[("next_at", 1)],
            limit=limit,
            fields=["_id"],
        )
        token = secrets.token_hex(8)
        if not found:
            return token, []
        wanted = {"_id": {"$in": [each["_id"] for each in found]}, "next_at": {"$lte": now}}
        change = {"$set": {"claim": token, "next_at": now + lease}, "$inc": {"attempts": 1}}
        await self.documents.update_many(wanted, change)
        held = await self.documents.find({"claim": token}, limit=limit)
        return token, [_delivery(each) for each in held]

    async def settle(
        self, token: str, outcomes: Sequence[tuple[Delivery, Outcome]], now: datetime
    ) -> None:
        """Write what became of claimed deliveries; a claim that was lost writes nothing."""
        changes: list[Change] = []
        for delivery, outcome in outcomes:
            state, next_at = after(outcome, delivery.attempts, now)
            done_at = None if state is DeliveryState.PENDING else now
            fields = {
                "state": state.value,
                "reason": outcome.reason,
                "next_at": next_at,
                "done_at": done_at,
                "claim": None,
            }
            changes.append(({"_id": delivery.id, "claim": token}, {"$set": fields}))
        await self.documents.update_each(changes)


class CaseView:
    """The newest snapshot of every case: what the figures are counted from."""

    def __init__(self, base: Database) -> None:
        self.documents = Documents(base, CASES, (Index(("case.state", "case.due_at")),))
        self._notes: Coalescer[tuple[int, CaseSnapshot], None] = Coalescer(self._note_many)

    async def note(self, sequence: int, case: CaseSnapshot) -> None:
        """Keep this snapshot unless a newer one is there."""
        await self._notes((sequence, case))

    async def _note_many(self, notes: Sequence[tuple[int, CaseSnapshot]]) -> list[None]:
        newest: dict[str, tuple[int, CaseSnapshot]] = {}
        for sequence, case in notes:
            if case.code not in newest or newest[case.code][0] < sequence:
                newest[case.code] = (sequence, case)
        await self.documents.update_each(
            [
                (
                    {"_id": code, "sequence": {"$lt": sequence}},
                    {"$set": {"sequence": sequence, "case": case.model_dump()}},
                )
                for code, (sequence, case) in newest.items()
            ],
            upsert=True,
        )
        return [None] * len(notes)

    async def summary(self, now: datetime) -> dict[str, Any]:
        """Count open, overdue and soon due cases, in all and by state, unit and category."""
        is_open = {"$not": [{"$in": ["$case.state", sorted(DONE)]}]}
        overdue = {"$and": [is_open, {"$lt": ["$case.due_at", now]}]}
        soon = {
            "$and": [
                is_open,
                {"$gte": ["$case.due_at", now]},
                {"$lt": ["$case.due_at", now + timedelta(hours=1)]},
            ]
        }
        figures = {
            "total": {"$sum": 1},
            "open": {"$sum": {"$cond": [is_open, 1, 0]}},
            "overdue": {"$sum": {"$cond": [overdue, 1, 0]}},
            "due_within_hour": {"$sum": {"$cond": [soon, 1, 0]}},
        }
        facets = {
            "all": [{"$group": {"_id": None, **figures}}],
            "by_state": [{"$group": {"_id": "$case.state", "total": {"$sum": 1}}}],
            "by_unit": [{"$group": {"_id": "$case.unit", **figures}}, {"$sort": {"_id": 1}}],
            "by_category": [
                {"$group": {"_id": "$case.category", **figures}},
                {"$sort": {"_id": 1}},
            ],
        }
        async for found in self.documents.aggregate([{"$facet": facets}]):
            return found
        return {}


DONE = {"resolved", "closed", "refused", "redirected", "withdrawn"}


def _delivery(document: Document) -> Delivery:
    return Delivery(
        id=document["_id"],
        event=document["event"],
        template=document["template"],
        channel=document["channel"],
        reporter=ReporterId(document["reporter"]),
        language=Language(document["language"]),
        code=document["code"],
        attempts=document["attempts"],
        facts=document["facts"],
    )
