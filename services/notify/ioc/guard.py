"""The small-number guard: of a few cases nobody says what became of them. Pure.

Where work stands (received, open, overdue, finished) is said of any number of cases: a centre works
by it. How single cases ended, what their reporters thought of it and how a clerk was rated is said
of `small` or more together, and never so that the few that are left out follow by subtraction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Guarded:
    """Fields that are null while few stand behind them.

    Attributes:
        behind: The field that says how many do.
        fields: Those that speak of single ones.
        adds_up: Whether the values of the rows give that of all: then one more row is withheld
            where the total would give away the few.
    """

    behind: str
    fields: tuple[str, ...]
    adds_up: bool = True


def hidden(counts: Sequence[int], small: int) -> frozenset[int]:
    """Return the places of the rows that are withheld, where the total of all is shown.

    Those of fewer than `small`; and if together they are still too few, so that the total less the
    other rows would tell of them, the next larger ones until they are enough.
    """
    order = sorted((n for n, count in enumerate(counts) if count > 0), key=lambda n: (counts[n], n))
    found: set[int] = set()
    behind = 0
    for place in order:
        if counts[place] >= small and (not found or behind >= small):
            break
        found.add(place)
        behind += counts[place]
    return frozenset(found)


def one(row: Mapping[str, Any], guarded: Iterable[Guarded], small: int) -> Row:
    """Return a row that stands alone, or a total: with `withheld`, the names of what is null."""
    few = [name for each in guarded if 0 < row[each.behind] < small for name in each.fields]
    return _without(row, few)


def table(rows: Sequence[Mapping[str, Any]], guarded: Sequence[Guarded], small: int) -> list[Row]:
    """Return the rows of a table whose total is shown."""
    few: list[list[str]] = [[] for _ in rows]
    for each in guarded:
        counts = [row[each.behind] for row in rows]
        places = [n for n, count in enumerate(counts) if 0 < count < small]
        for place in hidden(counts, small) if each.adds_up else places:
            few[place] += each.fields
    return [_without(row, names) for row, names in zip(rows, few, strict=True)]


def _without(row: Mapping[str, Any], names: Sequence[str]) -> Row:
    kept = {name: None if name in names else value for name, value in row.items()}
    return {**kept, "withheld": list(names)}
