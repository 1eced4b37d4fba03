"""What an inbox's search looks at, and what somebody types into it as a condition. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from shared.identity import read_code
from shared.regulation import Regulation
from shared.text import fold, words

MOST_WORDS = 10  # of a query; each is looked for in every text, and later ones narrow nothing
_CODE = re.compile(r"[A-Z0-9]{1,16}")
_TELLING = 3  # characters that are no accident anywhere in a code


def searchable(text: str, address: str | None) -> str:
    """Return a report's own words as they are searched: of its text, and of its address."""
    return f"{fold(text)} {fold(address)}" if address else fold(text)


def searched(typed: str, regulation: Regulation) -> Mapping[str, Any]:
    """Return the condition for what was typed: a code, a piece of one, or words in any order.

    A whole code is that case alone. Else each word begins a word of the text, of the address or
    of the unit's name, or is in the code; what stands in the text as it was typed is found too,
    and so is a piece of a code with its hyphens anywhere.

    Args:
        typed: What was typed; nothing but signs means every case.
        regulation: Names the units.
    """
    if code := read_code(typed):
        return {"_id": code}
    folded = words(typed)[:MOST_WORDS]
    ways: list[Mapping[str, Any]] = [
        {"content.folded": {"$regex": re.escape(fold(typed))}},
        *_in_code(typed),
    ]
    if folded:
        ways.append({"$and": [_said(word, regulation) for word in folded]})
    return {"$or": ways}


def _said(word: str, regulation: Regulation) -> Mapping[str, Any]:
    named = [
        unit.id
        for unit in regulation.units
        if any(each.startswith(word) for each in words(unit.name.vi))
    ]
    ways: list[Mapping[str, Any]] = [
        {"content.folded": {"$regex": f"(^| ){re.escape(word)}"}},
        *_in_code(word),
    ]
    if named:
        ways.append({"case.unit": {"$in": named}})
    return {"$or": ways}


def _in_code(typed: str) -> list[Mapping[str, Any]]:
    """Return the condition for a piece of a code, if it can be one; a short one begins a part."""
    piece = "".join(typed.upper().split()).replace("-", "")
    if not _CODE.fullmatch(piece):
        return []
    start = "" if len(piece) >= _TELLING else "(^|-)"
    return [{"_id": {"$regex": start + "-?".join(piece)}}]
