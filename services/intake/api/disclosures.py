"""Disclosures over HTTP: the only routes on which content of a case leaves for a third party."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from services.intake.accounts.domain import Principal
from services.intake.api.answers import FILES, checked, json_answer, seen_version
from services.intake.api.desk import actor_of
from services.intake.disclosures.commands import Approve, Ask, Reject, Revoke
from services.intake.disclosures.content import watermark
from services.intake.disclosures.desk import Decision, DisclosureDesk, Shown
from services.intake.disclosures.model import Status
from services.intake.disclosures.package import Copy, marked_copy
from services.intake.disclosures.preview import preview
from services.intake.disclosures.view import disclosure_view
from services.intake.shelf import Shelf
from shared.problems import not_found

Current = Callable[..., Awaitable[Principal]]
PRIVATE = {"Cache-Control": "no-store"}
ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


@dataclass(frozen=True)
class Hatch:
    """What these routes are made of."""

    desk: DisclosureDesk
    shelf: Shelf
    clock: Callable[[], datetime]

    def answer(self, shown: Shown, status: int = 200, **headers: str) -> Response:
        """Return a disclosure with its version."""
        now = self.clock()
        view = disclosure_view(shown, self.shelf.now(now).calendar.zone, now)
        tag = f'"{shown.disclosure.sequence}"'
        return json_answer(view, status, {**PRIVATE, "ETag": tag, **headers})

    def answers(self, found: list[Shown]) -> Response:
        """Return a list of disclosures."""
        now = self.clock()
        zone = self.shelf.now(now).calendar.zone
        items = [disclosure_view(each, zone, now) for each in found]
        return json_answer({"items": items, "next": None}, headers=PRIVATE)


def create_router(hatch: Hatch, current: Current) -> APIRouter:
    """Return the routes below `/desk`; `current` finds out who calls."""
    router = APIRouter(prefix="/desk", tags=["Disclosures"])
    _add_requests(router, hatch, current)
    for name, command in (("approve", Approve), ("reject", Reject), ("revoke", Revoke)):
        _add_decision(router, hatch, current, (name, command))
    _add_preview(router, hatch, current)
    _add_package(router, hatch, current)
    return router


def _add_requests(router: APIRouter, hatch: Hatch, current: Current) -> None:
    caller = Depends(current)

    @router.post(
        "/cases/{code}/disclosures",
        status_code=201,
        summary="Ask the leaders to let content go to a third party",
    )
    async def ask(
        code: str,
        command: Ask,
        *,
        idempotency_key: Annotated[str | None, Header()] = None,
        principal: Principal = caller,
    ) -> Response:
        """Ask for consent; the reporter's identity only by itself, with its own justification."""
        checked(idempotency_key)
        shown = await hatch.desk.ask(code, command, actor_of(principal), idempotency_key)
        replayed = {"Idempotency-Replayed": "true"} if shown.replayed else {}
        return hatch.answer(shown, 201, **replayed)

    @router.get("/cases/{code}/disclosures", summary="What was asked of a case, and by whom")
    async def of_case(code: str, principal: Principal = caller) -> Response:
        """List the disclosures of a case, the oldest first, with every download."""
        return hatch.answers(await hatch.desk.of_case(code, actor_of(principal)))

    @router.get("/disclosures", summary="What waits for the leaders' consent")
    async def queue(
        state: Annotated[Status | None, Query(description="requested: what waits")] = None,
        *,
        principal: Principal = caller,
    ) -> Response:
        """List disclosures of all cases, the newest first; for the Office and the leaders."""
        status = state.value if state else None
        return hatch.answers(await hatch.desk.queue(actor_of(principal), status))


def _add_decision(
    router: APIRouter, hatch: Hatch, current: Current, row: tuple[str, type[Decision]]
) -> None:
    name, model = row

    async def decide(
        code: str,
        disclosure: str,
        command: Decision,
        *,
        if_match: Annotated[str, Header()] = "",
        principal: Principal = Depends(current),
    ) -> Response:
        seen = seen_version(if_match)
        actor = actor_of(principal)
        shown = await hatch.desk.decide(code, disclosure, command, actor, seen=seen)
        return hatch.answer(shown)

    decide.__annotations__["command"] = model  # what FastAPI reads, validates and describes
    decide.__doc__ = model.__doc__
    decide.__name__ = f"{name}_disclosure"
    path = f"/cases/{{code}}/disclosures/{{disclosure}}/{name}"
    router.add_api_route(path, decide, methods=["POST"], summary=model.__doc__)


def _add_preview(router: APIRouter, hatch: Hatch, current: Current) -> None:
    path = "/cases/{code}/disclosures/{disclosure}/preview"

    @router.get(path, summary="What the recipient would see, before it is agreed to")
    async def shown(
        code: str, disclosure: str, principal: Annotated[Principal, Depends(current)]
    ) -> Response:
        """Return the page of the package as a fragment with its style; the identity stays sealed.

        `files[]` says where each file of the page is as it would leave, pictures with the mark.
        """
        found = await hatch.desk.prospect(code, disclosure, actor_of(principal))
        base = f"/api/v1/desk/cases/{found.disclosure.code}/disclosures/{found.disclosure.id}"
        return json_answer(preview(found, f"{base}/preview"), headers=PRIVATE)

    @router.get(
        f"{path}/{{media_id}}",
        summary="A file as it would leave",
        response_class=Response,
        responses=FILES,
    )
    async def file(
        code: str,
        disclosure: str,
        media_id: str,
        principal: Annotated[Principal, Depends(current)],
    ) -> Response:
        """Return a picture with the recipient's mark, or a recording."""
        found = await hatch.desk.prospect(code, disclosure, actor_of(principal))
        item = next((each for each in found.media if each["id"] == media_id), None)
        if item is None:
            raise not_found("tệp này", "this file")
        copy = Copy(item, await hatch.desk.read(item))
        words = watermark(found.disclosure, found.grant, found.rules)
        body = await asyncio.to_thread(marked_copy, copy, words)
        kind = item["variants"]["public"]["media_type"]
        return Response(body, media_type=kind, headers=PRIVATE)


def _add_package(router: APIRouter, hatch: Hatch, current: Current) -> None:
    @router.get(
        "/cases/{code}/disclosures/{disclosure}/package",
        summary="What the leaders agreed to, for its recipient",
        response_class=Response,
        responses={200: ZIP},
    )
    async def package(
        code: str, disclosure: str, principal: Annotated[Principal, Depends(current)]
    ) -> Response:
        """Download the watermarked ZIP; the download is recorded before its first byte leaves."""
        made = await hatch.desk.package(code, disclosure, actor_of(principal))
        digest = base64.b64encode(bytes.fromhex(made.sha256)).decode()
        return Response(
            made.body,
            media_type="application/zip",
            headers={
                **PRIVATE,
                "Content-Disposition": f'attachment; filename="{made.name}"',
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530
            },
        )
