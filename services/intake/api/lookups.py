"""`POST /ioc/lookups`: the operations centre asks who reported, and says why."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.intake.accounts.domain import Principal
from services.intake.api.answers import json_answer
from services.intake.api.privacy import PRIVATE, Current, purpose_words
from services.intake.privacy.lookups import Lookups
from shared.identity import Purpose


class LookupIn(BaseModel):
    """Which case, and why; both are recorded. In the body: a code in a URL would be logged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=40)]
    purpose: Purpose


def create_router(lookups: Lookups, current: Current) -> APIRouter:
    """Return the route; `current` finds out which official calls."""
    router = APIRouter(prefix="/ioc", tags=["IOC"])
    caller = Depends(current)

    @router.post("/lookups", summary="The reporter behind a code, for a stated purpose")
    async def look_up(body: LookupIn, principal: Principal = caller) -> Response:
        """Open the sealed identity for the IOC or a leader; recorded, and its reporter sees it."""
        code, found = await lookups.look_up(body.code, principal, body.purpose)
        purpose = purpose_words(body.purpose)
        shown = {"code": code, **found.model_dump(mode="json"), "purpose": purpose}
        return json_answer(shown, headers=PRIVATE)

    return router
