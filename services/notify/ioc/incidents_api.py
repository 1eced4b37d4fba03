"""The incidents over HTTP: which are open, and which cases they link."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from services.notify.admission import Admission
from services.notify.answers import answers
from services.notify.answers.centre import IncidentPage, Standing
from services.notify.ioc.incidents import Asked, Incident, IncidentStore, Place
from shared.instant import AskedInstant
from shared.problems import FieldError, invalid

INSIDE = ("version", "below_since", "said")


def create_router(
    store: IncidentStore, admission: Admission, clock: Callable[[], datetime]
) -> APIRouter:
    """Return the route `/ioc/incidents`."""
    router = APIRouter(prefix="/ioc", tags=["IOC"])

    @router.get(
        "/incidents",
        summary="Many reports of one category in one area at once",
        responses=answers(IncidentPage),
    )
    async def incidents(
        state: Annotated[Standing | None, Query(description="without: all")] = None,
        at: Annotated[AskedInstant | None, Query(description="as it was then")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        *,
        cursor: Annotated[str | None, Query(max_length=200, description="`next`")] = None,
        authorization: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        """List incidents, the latest raised first, with the codes of the cases that they link.

        `next` is the `cursor` of the next page, null on the last one.
        """
        await admission.ioc(authorization)
        now = clock()
        if at and at > now:
            raise invalid(FieldError("at", "in_the_future", "must not lie in the future"))
        is_open = None if state is None else state is Standing.OPEN
        asked = Asked(is_open, limit, at, _place(cursor) if cursor else None)
        found, following = await store.page(asked)
        return {"as_of": at or now, "items": [_shown(each) for each in found], "next": following}

    return router


def _place(cursor: str) -> Place:
    try:
        return Place.read(cursor)
    except ValueError as error:
        raise invalid(FieldError("cursor", "bad_cursor", "`next` of the page before")) from error


def _shown(incident: Incident) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(incident).items() if name not in INSIDE}
    state = Standing.OPEN if incident.closed_at is None else Standing.CLOSED
    return {**plain, "state": state.value}
