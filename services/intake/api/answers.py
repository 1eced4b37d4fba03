"""Answers that several routes give: JSON, versions, and files in ranges."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Header, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ValidationError

from services.intake.api.ranges import span
from services.intake.archive import Archive, Variant
from services.intake.refusals import bad_version, key_malformed
from services.intake.store import StoredCase
from shared.problems import field_error, invalid, not_found

Sent = TypeVar("Sent", bound=BaseModel)
KEY = re.compile(r"[\x21-\x7e]{1,255}")
IdempotencyKey = Annotated[str | None, Header(description="the same again is done once")]
MOST_NUMBER = 2**53  # of an entry of the audit: what every client can read, and the database
VERSION = re.compile(r'(?:W/)?"?(\d{1,9})"?')
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILE = {"content": {"image/*": _BINARY, "audio/*": _BINARY}}
FILES: dict[int | str, dict[str, Any]] = {  # what `download` answers, for the OpenAPI document
    200: {"description": "The whole file.", **_FILE},
    206: {"description": "The range that was asked for.", **_FILE},
}


def checked(key: str | None) -> str | None:
    """Return an idempotency key as it was sent; one that is none is a problem, 422."""
    if key is not None and not KEY.fullmatch(key):
        raise key_malformed()
    return key


def replayed(again: bool) -> dict[str, str]:  # noqa: FBT001 - a fact, not a switch
    """Return the header that says that nothing was done a second time."""
    return {"Idempotency-Replayed": "true"} if again else {}


def parsed(sent: Mapping[str, Any], model: type[Sent]) -> Sent:
    """Return what a submission's JSON says; what breaks the model is a problem, field by field."""
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise invalid(*map(field_error, error.errors())) from error


def json_answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON answer."""
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type="application/json",
        headers=dict(headers or {}),
    )


def etag(stored: StoredCase) -> str:
    """Return the version of a case as an entity tag."""
    return f'"{stored.case.sequence}"'


def seen_version(if_match: str) -> int | None:
    """Return the version that an If-Match header names; None when it names none."""
    if not if_match or if_match.strip() == "*":
        return None
    found = VERSION.fullmatch(if_match.strip())
    if found is None:
        raise bad_version()
    return int(found[1])


async def download(
    archive: Archive, item: Mapping[str, Any], variant: Variant, range_: str
) -> Response:
    """Return a piece of evidence, or the range of it that was asked for, as an attachment."""
    stored = item["variants"].get(variant.value)
    if stored is None:
        raise not_found("tệp này", "this file")
    size: int = stored["size_bytes"]
    part = span(range_, size)
    start, end = part or (0, size)
    headers = {
        "Accept-Ranges": "bytes",
        # an original is shown for a stated purpose, and each look is noted: none from a cache
        "Cache-Control": "no-store" if variant is Variant.ORIGINAL else "private, max-age=3600",
        "Vary": "Authorization",  # what one person's browser keeps answers nobody else's token
        "Content-Length": str(end - start),
        "Content-Disposition": f'attachment; filename="{item["id"]}.{stored["suffix"]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(
        await archive.read(stored["object"], start, end - start),
        status_code=206 if part else 200,
        media_type=stored["media_type"],
        headers=headers,
    )
