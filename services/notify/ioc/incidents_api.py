"""The incidents over HTTP: which are open, and which cases they link."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from services.notify.admission import Admission
from services.notify.ioc.incidents import Incident, IncidentStore

INSIDE = ("version", "below_since")


class Standing(StrEnum):
    """Whether an incident goes on."""

    OPEN = "open"
    CLOSED = "closed"


def create_router(
    store: IncidentStore, admission: Admission, clock: Callable[[], datetime]
) -> APIRouter:
    """Return the route `/ioc/incidents`."""
    router = APIRouter(prefix="/ioc", tags=["IOC"])

    @router.get("/incidents", summary="Many reports of one category in one area at once")
    async def incidents(
        state: Annotated[Standing | None, Query(description="without: all")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        *,
        authorization: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        """List incidents, the latest raised first, with the codes of the cases that they link."""
        await admission.ioc(authorization)
        is_open = None if state is None else state is Standing.OPEN
        found = await store.newest(is_open=is_open, limit=limit)
        return {"as_of": clock(), "items": [_shown(each) for each in found], "next": None}

    return router


def _shown(incident: Incident) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(incident).items() if name not in INSIDE}
    state = Standing.OPEN if incident.closed_at is None else Standing.CLOSED
    return {**plain, "state": state.value}
