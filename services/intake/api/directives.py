"""The leaders' view of their directives over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from services.intake.accounts.domain import Principal
from services.intake.accounts.refusals import forbidden
from services.intake.api.answers import json_answer
from services.intake.api.desk import actor_of
from services.intake.directives import SEES_ALL, Directives, Given
from services.intake.shelf import Shelf
from services.intake.views import local

Current = Callable[..., Awaitable[Principal]]
PRIVATE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Instructing:
    """What this route is made of."""

    directives: Directives
    shelf: Shelf
    clock: Callable[[], datetime]

    def row(self, given: Given, now: datetime) -> dict[str, Any]:
        """Return a directive as a line of the list, in the city's time."""
        zone = self.shelf.now(now).calendar.zone
        each, case = given.directive, given.case.snapshot

        def at(when: datetime | None) -> str | None:
            return local(when, zone) if when else None

        return {
            "id": each.id,
            "code": case.code,
            "category": case.category,
            "state": case.state.value,
            "addressee": each.addressee,
            "text": each.text,
            "given_at": at(each.given_at),
            "due_at": at(each.due_at),
            "acknowledged_at": at(each.acknowledged_at),
            "fulfilled_at": at(each.fulfilled_at),
            "answer": each.answer,
            "overdue": given.overdue(now),
        }


def create_router(instructing: Instructing, current: Current) -> APIRouter:
    """Return the route `/desk/directives`; `current` finds out who calls."""
    router = APIRouter(prefix="/desk", tags=["Desk"])

    @router.get("/directives", summary="The leaders' directives, overdue ones first")
    async def directives(principal: Annotated[Principal, Depends(current)]) -> Response:
        """List what is not carried out, and what was lately, for leaders and the Office."""
        actor = actor_of(principal)
        if actor.role not in SEES_ALL:
            raise forbidden()
        now = instructing.clock()
        found = await instructing.directives.read(actor, now)
        return json_answer(
            {"items": [instructing.row(each, now) for each in found]}, headers=PRIVATE
        )

    return router
