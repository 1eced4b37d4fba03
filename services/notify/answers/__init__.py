"""What notify answers, as OpenAPI describes it.

Declared, not enforced: a large answer is not validated a second time on its way out. That answers
and models agree is what `tests/e2e/test_answers.py` holds against a running stack.
"""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict

STREAM: Final = "text/event-stream"


class Answer(BaseModel):
    """A part of an answer; fields may be added at any time, those that are here stay."""

    model_config = ConfigDict(frozen=True)


def answers(model: type[Answer], status: int = 200, words: str = "") -> dict[int | str, Any]:
    """Return what a route takes as `responses`: its answer is described by `model`."""
    return {status: {"model": model, **({"description": words} if words else {})}}


def streams(words: str) -> dict[int | str, Any]:
    """Return what a route takes as `responses` that never ends: Server-Sent Events."""
    schema = {"type": "string", "description": words}
    return {200: {"description": words, "content": {STREAM: {"schema": schema}}}}
