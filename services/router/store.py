"""How a routing decision is stored: one document per case, with the event it owes."""

from collections.abc import AsyncGenerator
from datetime import datetime

from shared.events import RoutingDecided, event_id, to_wire
from shared.mongo import Aggregates, Database, Entry, Tail

DECISIONS = "decisions"
PAGE = 200


class RoutingStore:
    """Decisions in MongoDB, by case code."""

    def __init__(self, base: Database) -> None:
        self.aggregates = Aggregates(base, DECISIONS)

    async def save_decision(self, decision: RoutingDecided, cause: str, at: datetime) -> Tail:
        """Store the first decision about a case; return what is to be published.

        Raises:
            DuplicateError: the case is decided already, and its event is owed or published.
        """
        sequence = 1
        entry = _entry(decision, sequence, at)
        document = {
            "_id": decision.code,
            "decision": decision.model_dump(),
            "cause": cause,
            "decided_at": at,
            "sequence": sequence,
        }
        return await self.aggregates.create(document, [entry], at)

    async def decided(self) -> AsyncGenerator[tuple[str, int, Entry]]:
        """Yield every decision: its case, its version, and the event that said it."""
        last = ""
        while page := await self.aggregates.find(
            {"_id": {"$gt": last}}, sort=[("_id", 1)], limit=PAGE
        ):
            last = page[-1]["_id"]
            for document in page:
                decision = RoutingDecided.model_validate(document["decision"])
                entry = _entry(decision, document["sequence"], document["decided_at"])
                yield document["_id"], document["version"], entry


def _entry(decision: RoutingDecided, sequence: int, at: datetime) -> Entry:
    return Entry(
        event_id("routing", decision.code, sequence),
        decision.type,
        to_wire(decision, subject=decision.code, sequence=sequence, at=at),
    )
