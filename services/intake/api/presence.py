"""Who else has a case open now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from services.intake.accounts.domain import Principal
from services.intake.accounts.store import AccountStore
from services.intake.api.answers import json_answer
from services.intake.api.desk import actor_of
from services.intake.desk import Desk
from services.intake.domain.parties import Actor
from services.intake.presence import BEAT, LASTS, Presences, Present

Current = Callable[..., Awaitable[Principal]]
PRIVATE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Company:
    """What these routes are made of."""

    desk: Desk
    presences: Presences
    accounts: AccountStore

    async def seen_by(self, actor: Actor, others: list[Present]) -> list[dict[str, Any]]:
        """Return the others by role and unit; by name only who is of the same unit."""
        colleagues = [each.account for each in others if actor.unit and each.unit == actor.unit]
        names = await self.accounts.names(colleagues)
        return [
            {"role": each.role.value, "unit": each.unit, "name": names.get(each.account)}
            for each in others
        ]


def create_router(company: Company, current: Current) -> APIRouter:
    """Return `PUT` and `DELETE /desk/cases/{code}/presence`."""
    router = APIRouter(prefix="/desk/cases", tags=["Desk"])

    @router.put("/{code}/presence", summary="I have this case open; who else has?")
    async def here(code: str, principal: Annotated[Principal, Depends(current)]) -> Response:
        """Say it anew every `beat_s` seconds; without a word it is over after `lasts_s`."""
        actor = actor_of(principal)
        stored = await company.desk.find(code, actor)
        others = await company.presences.here(stored.case.code, actor)
        body = {
            "others": await company.seen_by(actor, others),
            "beat_s": BEAT.total_seconds(),
            "lasts_s": LASTS.total_seconds(),
        }
        return json_answer(body, headers=PRIVATE)

    @router.delete("/{code}/presence", status_code=204, summary="I have closed this case")
    async def gone(code: str, principal: Annotated[Principal, Depends(current)]) -> Response:
        """Be shown to nobody any more, at once."""
        actor = actor_of(principal)
        stored = await company.desk.find(code, actor)
        await company.presences.gone(stored.case.code, actor)
        return Response(status_code=204)

    return router
