"""What the screening found in a text: kept with the case as reasons and places, never as words."""

from typing import Any

from services.intake.store import StoredCase
from shared.screening import Screening
from shared.vocabulary import State

EXCERPT = 160  # letters: two lines of an inbox
BEFORE = 40  # letters in front of the first word that holds a text

Mark = dict[str, Any]


def marks_of(screening: Screening) -> list[Mark]:
    """Return the findings as a case keeps them; `from` and `to` count code points of the text."""
    return [
        {
            "kind": each.kind.value,
            "name": {"vi": each.name.vi, "en": each.name.en},
            "from": each.span[0],
            "to": each.span[1],
        }
        for each in screening.reasons
    ]


def flagged(stored: StoredCase) -> list[Mark]:
    """Return what was found in the text; cases from before this was kept have nothing."""
    return list(stored.content.get("flagged", ()))


def excerpt(stored: StoredCase) -> dict[str, Any]:
    """Return the first words of a text; of a held one the words around the first mark, and marks.

    The marks of a held text count from the beginning of its excerpt.
    """
    text: str = stored.content["text"]
    if stored.case.state is not State.HELD:
        return {"excerpt": text[:EXCERPT]}
    marks = flagged(stored)
    begin = max(0, min((each["from"] for each in marks), default=0) - BEFORE)
    dots = "…" if begin else ""
    shown = dots + text[begin : begin + EXCERPT]
    moved = len(dots) - begin
    inside = (
        {**each, "from": each["from"] + moved, "to": min(len(shown), each["to"] + moved)}
        for each in marks
    )
    return {"excerpt": shown, "flagged": [each for each in inside if each["from"] < each["to"]]}
