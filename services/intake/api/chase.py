"""The written chase over HTTP: one call gives the list, the table or the letters."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from services.intake.accounts.domain import Principal
from services.intake.accounts.refusals import forbidden
from services.intake.api.answers import json_answer
from services.intake.api.desk import actor_of
from services.intake.chase import (
    Chase,
    ForeignChaseError,
    OverdueCases,
    chases,
    plain,
    report_by,
    scope,
    table,
)
from services.intake.domain.case import RuleBrokenError
from services.intake.domain.refusals import IN_THE_PAST
from services.intake.domain.rules import Rules
from services.intake.matter import Matter, issuer_of
from services.intake.names import Names
from services.intake.shelf import Shelf
from services.intake.views import local
from shared.instant import Instant
from shared.problems import not_found
from shared.vocabulary import LEADERS, OFFICE, UnitId

Current = Callable[..., Awaitable[Principal]]
PRIVATE = {"Cache-Control": "no-store"}
BINARY = {"schema": {"type": "string", "format": "binary"}}
ALSO: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": BINARY, "text/csv": {"schema": {"type": "string"}}}}
}


class Format(StrEnum):
    """As what the chase is wanted."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


@dataclass(frozen=True)
class Chasing:
    """What this route is made of; one letter is written at a time, since it takes a core."""

    overdue: OverdueCases
    shelf: Shelf
    clock: Callable[[], datetime]
    writing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    def names(self, rules: Rules) -> Names:
        """Return the names of today's regulation, and after it those of all other editions."""
        others = [each.regulation for each in self.shelf.book.all()]
        return Names([rules.regulation, *others])

    async def write(self, found: list[Chase], matter: Matter) -> bytes:
        """Write the letters, beside the event loop."""
        from services.intake.letter import letters  # noqa: PLC0415 - 57 MB of PDF library

        async with self.writing:
            return await asyncio.to_thread(letters, found, matter)


@dataclass(frozen=True)
class Asked:
    """Whom to chase, as what, and until when they are to report."""

    unit: Annotated[UnitId | None, Query(max_length=64, description="none: every body")] = None
    format: Annotated[Format, Query()] = Format.JSON
    report_by: Annotated[
        Instant | None, Query(description="until when to report; none: two working days")
    ] = None


def create_router(chasing: Chasing, current: Current) -> APIRouter:
    """Return the route `/desk/chase`; `current` finds out who calls."""
    router = APIRouter(prefix="/desk", tags=["Chase"])

    @router.get("/chase", summary="What is overdue, per unit: list, CSV or letters", responses=ALSO)
    async def chase(
        asked: Annotated[Asked, Depends()], principal: Annotated[Principal, Depends(current)]
    ) -> Response:
        """List open cases past their date as of now, for the Office, leaders and unit heads."""
        actor = actor_of(principal)
        try:
            unit = scope(actor, asked.unit)
        except ForeignChaseError as error:
            raise forbidden() from error
        now = chasing.clock()
        rules = chasing.shelf.now(now)
        matter = _matter(asked, rules, chasing.names(rules), now)
        if unit and not matter.names.knows(unit):
            raise not_found("đơn vị này", "this unit")
        cases = await chasing.overdue.read(unit, now)
        found = chases(cases, chasing.shelf.of, actor, now)
        match asked.format:
            case Format.JSON:
                return json_answer(_body(found, matter), headers=PRIVATE)
            case Format.CSV:
                body = table(found, matter.names, matter.zone)
                return _file(body, "text/csv; charset=utf-8", unit, matter)
            case Format.PDF:
                body = await chasing.write(found, matter)
                return _file(body, "application/pdf", unit, matter)

    return router


def _matter(asked: Asked, rules: Rules, names: Names, now: datetime) -> Matter:
    if asked.report_by and asked.report_by <= now:
        raise RuleBrokenError("report_by", "in_the_past", **IN_THE_PAST)
    return Matter(
        issuer=issuer_of(names.unit(OFFICE), names.unit(LEADERS)),
        regulation=rules.regulation.name.vi,
        names=names,
        as_of=now,
        report_by=asked.report_by or report_by(now, rules),
        zone=rules.calendar.zone,
    )


def _body(found: list[Chase], matter: Matter) -> dict[str, Any]:
    return {
        "as_of": local(matter.as_of, matter.zone),
        "report_by": local(matter.report_by, matter.zone),
        "items": [plain(each, matter.names, matter.zone) for each in found],
        "next": None,
    }


def _file(body: bytes, media_type: str, unit: UnitId | None, matter: Matter) -> Response:
    suffix = "csv" if media_type.startswith("text") else "pdf"
    on = matter.as_of.astimezone(matter.zone)
    name = f"don-doc-{unit or 'tat-ca'}-{on:%Y%m%d-%H%M}.{suffix}"
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
