"""The audit over HTTP: who did what, for those who may read it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from services.intake.accounts.domain import Principal
from services.intake.accounts.domain import fold as fold_username
from services.intake.accounts.store import AccountStore
from services.intake.api.answers import MOST_NUMBER, json_answer
from services.intake.audit import Entry
from services.intake.privacy import PrivacyDesk
from services.intake.privacy.rules import AuditPage

Current = Callable[..., Awaitable[Principal]]
PRIVATE = {"Cache-Control": "no-store"}


class Order(StrEnum):
    """In which order a list comes."""

    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True)
class AuditRoom:
    """What this route is made of."""

    desk: PrivacyDesk
    accounts: AccountStore

    async def subject(self, typed: str | None) -> str | None:
        """Return what somebody means: a username stands for its account."""
        if not typed:
            return None
        account = await self.accounts.by_username(fold_username(typed))
        return account.id if account else typed

    async def shown(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        """Return entries with the names of the accounts in them, as they are called today."""
        ids = {name for each in entries for name in (each.actor, each.subject)}
        names = await self.accounts.names(ids)
        return [
            {
                **each.to_json(),
                "actor_name": names.get(each.actor),
                "subject_name": names.get(each.subject),
            }
            for each in entries
        ]


def create_router(room: AuditRoom, current: Current) -> APIRouter:
    """Return `GET /desk/audit`; `current` finds out which official calls."""
    router = APIRouter(tags=["Privacy"])

    @router.get("/desk/audit", summary="Who did what, hash-chained")
    async def audit(
        subject: Annotated[
            str | None, Query(max_length=200, description="a case code, an account, a username")
        ] = None,
        kind: Annotated[str | None, Query(max_length=80)] = None,
        after: Annotated[
            int, Query(ge=0, le=MOST_NUMBER, description="as `cursor`, for the oldest first")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        *,
        order: Annotated[Order, Query()] = Order.OLDEST,
        cursor: Annotated[
            int, Query(ge=0, le=MOST_NUMBER, description="`next` of the page before")
        ] = 0,
        principal: Annotated[Principal, Depends(current)],
    ) -> Response:
        """List entries of the audit; administrators see those about accounts only.

        `actor_name` and `subject_name` are what an account is called today; they are no part of
        what is hashed.
        """
        page = AuditPage(
            subject=await room.subject(subject),
            kind=kind,
            cursor=cursor or (after if order is Order.OLDEST else 0),
            limit=limit,
            newest_first=order is Order.NEWEST,
        )
        found, following = await room.desk.read_audit(principal, page)
        body = {"items": await room.shown(found), "next": following}
        return json_answer(body, headers=PRIVATE)

    return router
