"""What reporters call: send a report, follow it, see its evidence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from services.intake.archive import Archive, Variant
from services.intake.domain.receive import Rules
from services.intake.domain.report import ReportIn
from services.intake.evidence import EvidenceLimits
from services.intake.reception import Answer, Reception
from services.intake.refusals import bad_range, bad_token, busy, gone, key_malformed, problem_of
from services.intake.store import CaseStore, StoredCase
from services.intake.submission import read_submission
from services.intake.views import own_view, public_view, timeline
from shared.errors import CivicError
from shared.identity import TrackingTokens, read_code
from shared.problems import field_error, invalid, language_of, not_found

KEY = re.compile(r"[\x21-\x7e]{1,255}")
RANGE = re.compile(r"bytes=(\d{1,12})-(\d{0,12})")


class Slots:
    """Uploads at once; one more is told to come back instead of filling memory and disk."""

    def __init__(self, free: int) -> None:
        self._free = free

    def __enter__(self) -> None:
        """Take a slot; all taken is a problem, 429."""
        if self._free <= 0:
            raise busy()
        self._free -= 1

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._free += 1


@dataclass(frozen=True)
class Front:
    """What the reporters' routes are made of."""

    reception: Reception
    store: CaseStore
    archive: Archive
    tokens: TrackingTokens
    rules: Rules
    limits: EvidenceLimits
    spool: Path
    slots: Slots

    async def receive(self, request: Request, key: str | None) -> Answer:
        """Read a report from the request and take it in; every refusal is a problem."""
        if key is not None and not KEY.fullmatch(key):
            raise key_malformed()
        try:
            with self.slots:
                async with read_submission(request, self.limits, self.spool) as submission:
                    report = _parse(submission.report)
                    return await self.reception.take(report, submission, key)
        except ClientDisconnect as error:
            raise gone() from error
        except CivicError as error:
            raise problem_of(error, language_of(request)) from error

    async def find(self, typed: str) -> StoredCase:
        """Return the case with the code that somebody typed; none is a problem, 404."""
        code = read_code(typed)
        stored = await self.store.load(code) if code else None
        if stored is None:
            raise not_found("phản ánh này", "this report")
        return stored

    def owns(self, stored: StoredCase, authorization: str) -> bool:
        """Say whether the caller showed this case's token; a wrong one is a problem, 401."""
        if not authorization:
            return False
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not self.tokens.valid(stored.case.code, token.strip()):
            raise bad_token()
        return True


Authorization = Annotated[str, Header(description="Bearer <tracking_token>")]


def create_router(front: Front) -> APIRouter:
    """Return the routes below `/reports`."""
    router = APIRouter(prefix="/reports", tags=["Reports"])

    @router.post("", status_code=201, summary="Send a report", openapi_extra=_POST_BODY)
    async def send(
        request: Request, idempotency_key: Annotated[str | None, Header()] = None
    ) -> Response:
        """Take a report with photos and sound in; 201 means that all of it is durable."""
        answer = await front.receive(request, idempotency_key)
        headers = {"Location": answer.body["links"]["self"], "Cache-Control": "no-store"}
        if answer.replayed:
            headers["Idempotency-Replayed"] = "true"
        return _json(answer.body, 201, headers)

    @router.get("/{code}", summary="A report: the public view, or the reporter's own")
    async def read(request: Request, code: str, authorization: Authorization = "") -> Response:
        """Show where a report stands; with its tracking token, all of it."""
        stored = await front.find(code)
        request.scope["civic.case"] = stored.case.code
        headers = {"Cache-Control": "no-store", "Vary": "Authorization"}
        if front.owns(stored, authorization):
            base = f"/api/v1/reports/{stored.case.code}/media"
            return _json(own_view(stored, front.rules, base), 200, headers)
        return _json(public_view(stored, front.rules), 200, headers)

    @router.get("/{code}/events", summary="The steps of a report")
    async def events(code: str, authorization: Authorization = "") -> Response:
        """List every step in order, in words."""
        stored = await front.find(code)
        front.owns(stored, authorization)
        body = {"items": timeline(stored, front.rules), "next": None}
        return _json(body, 200, {"Cache-Control": "no-store"})

    @router.get("/{code}/media/{media_id}", summary="A photo or a recording")
    async def media(
        code: str,
        media_id: str,
        variant: Annotated[Variant, Query()] = Variant.PUBLIC,
        *,
        authorization: Authorization = "",
        range_: Annotated[str, Header(alias="Range")] = "",
    ) -> Response:
        """Download a copy without metadata, or the sealed original; the reporter's token only."""
        stored = await front.find(code)
        item = next((each for each in stored.content["media"] if each["id"] == media_id), None)
        if not front.owns(stored, authorization) or item is None:
            raise not_found("tệp này", "this file")
        return await _download(front.archive, item, variant, range_)

    return router


def _parse(report: Mapping[str, Any]) -> ReportIn:
    try:
        return ReportIn.model_validate(report)
    except ValidationError as error:
        raise invalid(*map(field_error, error.errors())) from error


async def _download(
    archive: Archive, item: Mapping[str, Any], variant: Variant, range_: str
) -> Response:
    stored = item["variants"].get(variant.value)
    if stored is None:
        raise not_found("tệp này", "this file")
    size: int = stored["size_bytes"]
    start, end = _span(range_, size)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=86400, immutable",
        "Content-Length": str(end - start),
        "Content-Disposition": f'attachment; filename="{item["id"]}.{stored["suffix"]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if range_:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(
        await archive.read(stored["object"], start, end - start),
        status_code=206 if range_ else 200,
        media_type=stored["media_type"],
        headers=headers,
    )


def _span(range_: str, size: int) -> tuple[int, int]:
    """Return the half-open span of bytes that a Range header asks for; the whole without one."""
    if not range_:
        return 0, size
    found = RANGE.fullmatch(range_.strip())
    start = int(found[1]) if found else size
    if start >= size:
        raise bad_range(size)
    return start, min(int(found[2]) + 1, size) if found and found[2] else size


def _json(body: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type="application/json",
        headers=dict(headers),
    )


_POST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ReportIn"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["report"],
                    "properties": {
                        "report": {"$ref": "#/components/schemas/ReportIn"},
                        "media": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                },
                "encoding": {"report": {"contentType": "application/json"}},
            },
        },
    }
}
