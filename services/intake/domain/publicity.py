"""Which cases the map shows, how coarsely, and which are like a report that is being written. Pure.

Everything here looks at the coarse place alone, distances too: by asking often enough, nobody
finds out more of a place than the map shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.case import OPEN
from shared.events import CaseSnapshot, Place
from shared.geo import distance_m
from shared.vocabulary import CategoryId, State

PUBLIC_DECIMALS = 3  # of a degree: cells of about 110 m, a street corner and not a door
PRECISION_M = 80  # from the middle of such a cell to its corner

# Reports about persons are on no map, nor what waits for a person's look, nor what was no feedback.
NEVER = frozenset({CategoryId("service_attitude")})
SHOWN = frozenset(State) - {State.HELD, State.REFUSED, State.REDIRECTED, State.WITHDRAWN}
STILL_OPEN = OPEN - {State.HELD}


@dataclass(frozen=True)
class Nearby:
    """A public case and how far its coarse place is from where somebody stands, in metres."""

    case: CaseSnapshot
    distance_m: float


def public_place(place: Place) -> Place:
    """Return where the map shows a case."""
    return Place(lat=round(place.lat, PUBLIC_DECIMALS), lon=round(place.lon, PUBLIC_DECIMALS))


def is_public(case: CaseSnapshot) -> bool:
    """Say whether the map may show a case."""
    return (
        case.place is not None
        and not case.restricted
        and case.state in SHOWN
        and case.category not in NEVER
    )


def mark_of(case: CaseSnapshot, now: datetime) -> str:
    """Return what the map draws: `done`, `overdue`, `soon` (an hour is left) or `open`."""
    if case.state not in STILL_OPEN:
        return "done"
    due_at = case.counts_at
    if due_at < now:
        return "overdue"
    return "soon" if (due_at - now).total_seconds() <= 3600 else "open"  # noqa: PLR2004 - an hour


def alike(
    cases: Iterable[CaseSnapshot],
    here: Place,
    category: CategoryId | None,
    radius_m: float,
) -> list[Nearby]:
    """Return the open public cases within a radius, the same category first, then the nearest."""
    found = [Nearby(case, _distance(case, here)) for case in cases if is_public(case)]
    near = [
        each
        for each in found
        if each.distance_m <= radius_m + PRECISION_M and each.case.state in STILL_OPEN
    ]
    return sorted(near, key=lambda each: (each.case.category != category, each.distance_m))


def _distance(case: CaseSnapshot, here: Place) -> float:
    if case.place is None:
        return float("inf")
    there = public_place(case.place)
    return distance_m(here.lat, here.lon, there.lat, there.lon)
