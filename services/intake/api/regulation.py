"""The living regulation: an administrator tries a new edition, and then publishes it."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from services.intake.accounts.domain import Principal
from services.intake.api.answers import json_answer
from services.intake.domain.legislation import Difference, differences
from services.intake.domain.rules import Rules
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from shared.instant import Day
from shared.problems import FieldError, Problem, invalid
from shared.rulebook import Edition
from shared.rulebook_store import RulebookStore, VersionTakenError
from shared.rulefile import RuleFileError
from shared.vocabulary import Role, State

MOST_BYTES = 2**20  # ten times the sample; a rule file is written by hand
MOST_CASES = 2000  # compared in a dry run; the newest come first
MOST_SHOWN = 200
OPEN_STATES = [
    each.value
    for each in State
    if each not in {State.RESOLVED, State.CLOSED, State.REFUSED, State.REDIRECTED, State.WITHDRAWN}
]

BODY = {
    "requestBody": {
        "required": True,
        "description": "The rule file, UTF-8.",
        "content": {"application/yaml": {"schema": {"type": "string"}}},
    }
}

Current = Callable[..., Awaitable[Principal]]


def create_router(
    editions: RulebookStore,
    shelf: Shelf,
    store: CaseStore,
    *,
    current: Current,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Return the routes below `/admin/regulation`."""
    router = APIRouter(prefix="/admin/regulation", tags=["Administration"])
    caller = Depends(current)

    @router.get("", summary="The edition in force, and all others")
    async def read(principal: Principal = caller) -> Response:
        """Show the text of the edition in force, and when each one takes effect."""
        _only_administrators(principal)
        edition = shelf.book.current(clock())
        listed = [_listed(each) for each in shelf.book.all()]
        return json_answer({**_listed(edition), "text": edition.text, "editions": listed})

    @router.put(
        "",
        summary="Try a new edition; publish it with the digest of the trial",
        openapi_extra=BODY,
    )
    async def put(
        request: Request,
        effective_from: Annotated[
            Day | None, Query(description="local day; today if absent")
        ] = None,
        confirm: Annotated[str, Query(max_length=64)] = "",
        principal: Principal = caller,
    ) -> Response:
        """Answer a dry run: which open cases would route or expire otherwise.

        The body is the rule file (YAML). Sent again with `confirm` set to the trial's digest, it is
        published; open cases keep the edition under which they were promised.
        """
        _only_administrators(principal)
        now = clock()
        edition = await _read(request, shelf, effective_from, by=principal.account, now=now)
        digest = hashlib.sha256(f"{edition.effective_from}\n{edition.text}".encode()).hexdigest()
        if confirm and confirm != digest:
            raise _other_text()
        if confirm:
            await _publish(editions, edition)
            return json_answer({**_listed(edition), "published": True}, 201)
        found = await _differences(store, shelf, edition)
        return json_answer({**_listed(edition), "published": False, "digest": digest, **found})

    return router


async def _read(
    request: Request, shelf: Shelf, effective_from: date | None, *, by: str, now: datetime
) -> Edition:
    body = await _body(request)
    today = shelf.now(now).local_day(now)
    begins = effective_from or today
    if begins < today:
        raise invalid(FieldError("effective_from", "in_the_past", "today or later"))
    try:
        text = body.decode()
        edition = shelf.book.read(text, effective_from=begins, at=now, by=by)
    except UnicodeDecodeError as error:
        raise invalid(FieldError("body", "invalid_utf8", "a rule file is UTF-8")) from error
    except RuleFileError as error:
        raise invalid(FieldError(f"line {error.line}", "contradiction", error.message)) from error
    if shelf.book.knows(edition.name) and shelf.book.of(edition.name).text != text:
        raise _version_taken(edition.name)
    return edition


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            too_large = FieldError("body", "too_large", f"at most {MOST_BYTES} bytes")
            raise invalid(too_large, status=413)
    return bytes(body)


async def _publish(editions: RulebookStore, edition: Edition) -> None:
    try:
        await editions.publish(edition)
    except VersionTakenError as error:
        raise _version_taken(edition.name) from error


async def _differences(store: CaseStore, shelf: Shelf, edition: Edition) -> dict[str, Any]:
    cases = await store.snapshots(
        {"case.state": {"$in": OPEN_STATES}}, sort=[("case.received_at", -1)], limit=MOST_CASES
    )
    after = Rules(edition.regulation, edition.calendar)
    found: list[Difference] = []
    for snapshot in cases:
        found += differences(snapshot, shelf.of(snapshot), after, edition.effective_from)
    return {
        "open_cases": len(cases),
        "would_route_otherwise": sum(each.what == "unit" for each in found),
        "would_expire_otherwise": sum(each.what == "due_at" for each in found),
        "differences": [each.plain() for each in found[:MOST_SHOWN]],
    }


def _listed(edition: Edition) -> dict[str, Any]:
    return {
        "version": edition.name,
        "effective_from": edition.effective_from.isoformat(),
        "published_at": edition.published_at.isoformat(),
        "published_by": edition.published_by,
        "calendar": edition.calendar.version,
    }


def _only_administrators(principal: Principal) -> None:
    if principal.role is not Role.ADMINISTRATOR:
        raise Problem(
            403,
            "forbidden",
            vi="Chỉ quản trị viên được thay đổi quy chế.",
            en="Only an administrator changes the regulation.",
        )


def _version_taken(name: str) -> Problem:
    return Problem(
        409,
        "version_taken",
        vi=f"Phiên bản {name} đã ban hành và không thể sửa. Vui lòng đặt phiên bản mới.",
        en=f"The version {name} is published and is never altered. Please give it a new version.",
    )


def _other_text() -> Problem:
    return Problem(
        412,
        "not_what_was_tried",
        vi="Nội dung khác với bản đã chạy thử. Vui lòng chạy thử lại.",
        en="This is not what was tried. Please try it again first.",
    )
