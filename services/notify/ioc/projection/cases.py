"""The journeys of cases: what the figures are counted from."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.notify.ioc.figures import Pipeline
from services.notify.ioc.journey import Step, Worked, begun, step
from services.notify.ioc.projection.base import Heard
from shared.events import CaseEvent
from shared.mongo import Change, Database, Document, Documents, Index

NAME = "journeys"
ROUNDS = 20  # of another projector's write in between, and something is wrong


class CaseJourneys:
    """One document per case: its steps in order, written by compare-and-set on the sequence."""

    def __init__(self, base: Database, worked: Worked) -> None:
        self.documents = Documents(
            base, NAME, (Index(("received_at",)), Index(("category", "area", "received_at")))
        )
        self.collections = (self.documents,)
        self._worked = worked

    def concerns(self, kind: str) -> bool:
        """Cases only."""
        return kind.startswith("case.")

    async def apply(self, heard: Sequence[Heard], generation: int) -> None:
        """Add the steps that are not there yet.

        Raises:
            OutageError: not all of them are stored.
        """
        by_case: dict[str, list[Heard]] = {}
        for each in heard:
            if each.received.case is not None:
                by_case.setdefault(each.received.subject, []).append(each)
        for _ in range(ROUNDS):
            # Read again after the write: where another projector was faster, or died half-way.
            found = await self.documents.find(
                {"_id": {"$in": sorted(by_case)}},
                limit=len(by_case) or 1,
                fields=("sequence", "generation", "last"),
            )
            known = {each["_id"]: each for each in found}
            changes = [
                change
                for code, events in by_case.items()
                if (change := self._change(code, known.get(code), events, generation))
            ]
            if not changes:
                return
            await self.documents.update_each(changes, upsert=True)

    async def answer(self, pipeline: Pipeline) -> AsyncIterator[Document]:
        """Yield what a pipeline of figures gives."""
        async for document in self.documents.aggregate(pipeline):
            yield document

    async def oldest(self) -> datetime | None:
        """Return when the first case that is known was received."""
        found = await self.documents.find(
            {}, sort=[("received_at", 1)], limit=1, fields=("received_at",)
        )
        return found[0]["received_at"] if found else None

    def _change(
        self, code: str, known: Mapping[str, Any] | None, events: Sequence[Heard], generation: int
    ) -> Change | None:
        """Return the write that adds what is new of a case, or None."""
        anew = known is None or (
            known["generation"] < generation and events[0].received.sequence == 1
        )
        sequence = 0 if anew else known["sequence"] if known else 0
        last: Mapping[str, Any] = begun() if anew or not known else known["last"]
        steps: list[Step] = []
        for each in events:
            if each.received.sequence > sequence:
                last = self._step(last, each)
                sequence = each.received.sequence
                steps.append(dict(last))
        if not steps:
            return None
        first = events[0].received.case
        assert first is not None  # noqa: S101 - apply() sorts out events without a case
        fields = {
            "sequence": sequence,
            "last": dict(last),
            "received_at": first.received_at,
            "category": last["category"],
            "area": last["area"],
            "generation": generation,
        }
        if known is None:
            return {"_id": code, "sequence": {"$lt": 1}}, {"$set": {**fields, "steps": steps}}
        same = {"_id": code, "sequence": known["sequence"], "generation": known["generation"]}
        if anew:
            return same, {"$set": {**fields, "steps": steps}}
        kept = {"generation": known["generation"]}
        return same, {"$set": {**fields, **kept}, "$push": {"steps": {"$each": steps}}}

    def _step(self, last: Mapping[str, Any], heard: Heard) -> Step:
        received = heard.received
        event = received.event if isinstance(received.event, CaseEvent) else None
        assert received.case is not None  # noqa: S101 - as above
        return step(
            last,
            received.sequence,
            event,
            received.case,
            at=received.time,
            worked=self._worked,
        )
