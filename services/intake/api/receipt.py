"""What the ways in take and answer, as the OpenAPI document shows it; declared, not enforced.

That the answers are what is said here is what `tests/e2e/test_answers.py` holds against a stack.
"""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.vocabulary import Clock, State

_MORE: Final = {"$ref": "#/components/schemas/MoreMediaIn"}
_FILES: Final = {"type": "array", "items": {"type": "string", "format": "binary"}}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Words(_Part):
    """A text for people, in both languages."""

    vi: str
    en: str


class EmergencyCall(_Part):
    """A number to call at once instead of waiting."""

    number: str
    name: Words
    because: list[str] = Field(description="Words of the report, or its category.")


class Links(_Part):
    """Where the report is from now on."""

    self: str
    events: str
    page: str


class Receipt(_Part):
    """What the sender of a report is answered; the same again under the same key."""

    code: str
    state: State
    category: str | None
    unit: None
    received_at: datetime
    due_at: datetime
    limit_hours: float
    clock: Clock
    promise: Words
    flags: list[str]
    emergency: list[EmergencyCall]
    tracking_token: str = Field(description="Shows all of the report; kept by its sender alone.")
    links: Links
    reword: Words | None = Field(default=None, description="Only of a report that is held.")


RECEIPT: Final[dict[int | str, dict[str, Any]]] = {201: {"model": Receipt}}


def body_of(model: str) -> dict[str, Any]:
    """Return how the OpenAPI document shows a report that comes as JSON, or with its files."""
    report = {"$ref": f"#/components/schemas/{model}"}
    form = {
        "schema": {
            "type": "object",
            "required": ["report"],
            "properties": {"report": report, "media": _FILES},
        },
        "encoding": {"report": {"contentType": "application/json"}},
    }
    content = {"application/json": {"schema": report}, "multipart/form-data": form}
    return {"requestBody": {"required": True, "content": content}}


REPORT_BODY: Final = body_of("ReportIn")
MEDIA_BODY: Final = {  # files that come later; what is said of them may be left out
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["media"],
                    "properties": {"report": _MORE, "media": _FILES},
                },
                "encoding": {"report": {"contentType": "application/json"}},
            }
        },
    }
}
