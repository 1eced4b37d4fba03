"""What officials call: the inbox, a case, and one route for every row of the command table."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from services.intake.accounts.domain import Principal
from services.intake.api.answers import (
    FILES,
    IdempotencyKey,
    checked,
    download,
    etag,
    json_answer,
    parsed,
    replayed,
    seen_version,
)
from services.intake.api.receipt import MEDIA_BODY
from services.intake.api.slots import Slots
from services.intake.archive import Archive, Variant
from services.intake.beyond import beyond
from services.intake.desk import Desk, Filters
from services.intake.domain.commands import Command
from services.intake.domain.decisions import COMMANDS, Spec, actions
from services.intake.domain.parties import Actor, Party
from services.intake.domain.report import MoreMediaIn
from services.intake.evidence import EvidenceLimits
from services.intake.shelf import Shelf
from services.intake.store import StoredCase
from services.intake.submission import Spool, read_submission
from services.intake.views import desk_row, desk_view
from shared.problems import not_found
from shared.vocabulary import Channel, State

Current = Callable[..., Awaitable[Principal]]


@dataclass(frozen=True)
class Counter:
    """What the officials' routes are made of."""

    desk: Desk
    archive: Archive
    shelf: Shelf
    limits: EvidenceLimits
    spool: Spool
    slots: Slots
    clock: Callable[[], datetime]

    def answer(
        self, stored: StoredCase, actor: Actor, status: int = 200, *, again: bool = False
    ) -> Response:
        """Return a case as this official sees it, with its version."""
        rules = self.shelf.of(stored.case.snapshot)
        view = desk_view(stored, actor, rules, self.clock())
        view["actions"] += beyond(stored.case, actor, rules)
        headers = {"ETag": etag(stored), "Cache-Control": "no-store", **replayed(again)}
        return json_answer(view, status, headers)


def actor_of(principal: Principal) -> Actor:
    """Return who acts, as the rules know them."""
    return Actor(principal.account, principal.role, principal.unit)


def create_router(counter: Counter, current: Current) -> APIRouter:
    """Return the routes below `/desk/cases`; `current` finds out who calls."""
    router = APIRouter(prefix="/desk/cases", tags=["Desk"])
    caller = Depends(current)

    @router.get("", summary="The inbox: own cases, the soonest deadline first")
    async def inbox(
        filters: Annotated[Filters, Depends(_filters)],
        principal: Principal = caller,
    ) -> Response:
        """List the cases in which the caller has a part."""
        actor = actor_of(principal)
        found, following = await counter.desk.inbox(actor, filters)
        now = counter.clock()
        items = [
            {
                **desk_row(each, counter.shelf.of(each.case.snapshot), now),
                "actions": actions(each.case, actor),
            }
            for each in found
        ]
        return json_answer({"items": items, "next": following})

    @router.get("/{code}", summary="A case, its clock, and what the caller may do")
    async def read(code: str, principal: Principal = caller) -> Response:
        """Show a case; `actions` is what this role may do in this state."""
        actor = actor_of(principal)
        return counter.answer(await counter.desk.find(code, actor), actor)

    @router.post(
        "/{code}/media",
        status_code=201,
        summary="Add photos or recordings",
        openapi_extra=MEDIA_BODY,
    )
    async def add_media(
        request: Request,
        code: str,
        idempotency_key: IdempotencyKey = None,
        principal: Principal = caller,
    ) -> Response:
        """Keep evidence of the work; its ids go into the result."""
        actor, key = actor_of(principal), checked(idempotency_key)
        with counter.slots.of(request):
            reading = read_submission(request, counter.limits, counter.spool, needs_report=False)
            async with reading as submission:
                told = parsed(submission.report, MoreMediaIn).media
                after = await counter.desk.add_evidence(code, submission, actor, told=told, key=key)
        return counter.answer(after.stored, actor, 201, again=after.replayed)

    @router.get(
        "/{code}/media/{media_id}",
        summary="A photo or a recording",
        response_class=Response,
        responses=FILES,
    )
    async def media(
        code: str,
        media_id: str,
        *,
        variant: Annotated[Variant, Query()] = Variant.PUBLIC,
        range_: Annotated[str, Header(alias="Range")] = "",
        principal: Principal = caller,
    ) -> Response:
        """Download the copy without metadata; the original is sealed like its reporter."""
        stored = await counter.desk.find(code, actor_of(principal))
        item = next((each for each in stored.content["media"] if each["id"] == media_id), None)
        if item is None or variant is Variant.ORIGINAL:
            raise not_found("tệp này", "this file")
        return await download(counter.archive, item, variant, range_)

    for name, spec in COMMANDS.items():
        if spec.parties - {Party.REPORTER}:
            _add_command(router, counter, current, (name, spec))
    return router


def _add_command(
    router: APIRouter, counter: Counter, current: Current, row: tuple[str, Spec[Any]]
) -> None:
    name, spec = row

    async def give(
        code: str,
        command: Command,
        if_match: Annotated[str, Header()] = "",
        idempotency_key: IdempotencyKey = None,
        *,
        principal: Principal = Depends(current),
    ) -> Response:
        actor, key = actor_of(principal), checked(idempotency_key)
        seen = seen_version(if_match)
        after = await counter.desk.act(code, name, command, actor, seen=seen, key=key)
        return counter.answer(after.stored, actor, again=after.replayed)

    give.__annotations__["command"] = spec.model  # what FastAPI reads, validates and describes
    give.__doc__ = spec.model.__doc__
    give.__name__ = name.replace("/", "_")
    router.add_api_route(f"/{{code}}/{name}", give, methods=["POST"], summary=spec.model.__doc__)


@dataclass(frozen=True)
class Paging:
    """Which part of a list, and from which end."""

    cursor: Annotated[str | None, Query(max_length=200)] = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50
    newest: Annotated[bool, Query(description="the latest deadline first")] = False


_SOUGHT = "beginnings of words in any order (text, address, unit), or a code or a piece of one"


def _filters(
    state: Annotated[str | None, Query(description="one or more, by commas")] = None,
    unit: Annotated[str | None, Query(max_length=64)] = None,
    category: Annotated[str | None, Query(max_length=64)] = None,
    overdue: Annotated[bool | None, Query()] = None,
    *,
    q: Annotated[str | None, Query(max_length=200, description=_SOUGHT)] = None,
    channel: Annotated[Channel | None, Query(description="how it came in")] = None,
    flag: Annotated[str | None, Query(max_length=64, description="like `emergency`")] = None,
    paging: Annotated[Paging, Depends()],
) -> Filters:
    known = {each.value for each in State}
    states = ",".join(each for each in (state or "").split(",") if each in known)
    return Filters(
        states or state,
        unit,
        category,
        overdue,
        q,
        channel=channel,
        flag=flag,
        **asdict(paging),
    )
