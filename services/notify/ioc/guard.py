"""The small-number guard: of a few cases nobody says what became of them. Pure.

Where work stands (received, open, overdue, finished) is said of any number of cases: a centre works
by it. How single cases ended, what their reporters thought of it and how a clerk was rated is said
of `small` or more together, and never so that the few that are left out follow by subtraction.

All that one answer says of such a field, if it withholds it anywhere, is said of groups of `small`
or more that have no case in common: the rows of one table that are told, and, by the total, all of
its other rows together. Who exchanges what became of two cases of one group changes nothing that
is shown, neither sum nor mean nor median. So of fewer than `small` nothing follows, also for
somebody who knows which case stands in which row, unless all of a group that they are part of ended
alike: then the figure of that group says so of each. Of an answer with several tables of the same
cases that leaves one that tells the field: a row of another one would cut through the groups.
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
            where the total would give away the few. Beside other tables that is always done: the
            greatest of two rows that share cases tell of the few in which they differ.
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


def withheld(tables: Sequence[Sequence[int]], small: int) -> list[frozenset[int]]:
    """Return for each of several tables of the same cases the places of its rows that are withheld.

    The total is shown too. Where no table has a row of a few, that is none. Else one table goes on
    telling, the first that divides the cases and can tell a row; one that does not divide them
    says what the total says.
    """
    alone = [hidden(counts, small) for counts in tables]
    if not any(alone):
        return alone
    filled = [frozenset(n for n, count in enumerate(counts) if count > 0) for counts in tables]
    telling = (n for n, rows in enumerate(filled) if len(rows) > 1 and alone[n] < rows)
    told = next(telling, None)
    return [
        alone[n] if n == told or len(rows) <= 1 else rows  # of nobody nothing is withheld
        for n, rows in enumerate(filled)
    ]


def one(row: Mapping[str, Any], guarded: Iterable[Guarded], small: int) -> Row:
    """Return a row that stands alone, or a total: with `withheld`, the names of what is null."""
    few = [name for each in guarded if 0 < row[each.behind] < small for name in each.fields]
    return _without(row, few)


def table(rows: Sequence[Mapping[str, Any]], guarded: Sequence[Guarded], small: int) -> list[Row]:
    """Return the rows of a table that stands alone with its total."""
    few: list[list[str]] = [[] for _ in rows]
    for each in guarded:
        counts = [row[each.behind] for row in rows]
        places = [n for n, count in enumerate(counts) if 0 < count < small]
        for place in hidden(counts, small) if each.adds_up else places:
            few[place] += each.fields
    return [_without(row, names) for row, names in zip(rows, few, strict=True)]


def together(
    tables: Sequence[Sequence[Mapping[str, Any]]], guarded: Sequence[Guarded], small: int
) -> list[list[Row]]:
    """Return the rows of several tables of the same cases, which are shown with their total."""
    few: list[list[list[str]]] = [[[] for _ in rows] for rows in tables]
    for each in guarded:
        counts = [[row.get(each.behind, 0) for row in rows] for rows in tables]
        for names, places in zip(few, withheld(counts, small), strict=True):
            for place in places:
                names[place] += each.fields
    return [
        [_without(row, gone) for row, gone in zip(rows, names, strict=True)]
        for rows, names in zip(tables, few, strict=True)
    ]


def _without(row: Mapping[str, Any], names: Sequence[str]) -> Row:
    kept = {name: None if name in names else value for name, value in row.items()}
    return {**kept, "withheld": list(names)}
