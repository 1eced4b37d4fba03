"""The engine against a walk minute by minute, on random calendars around changes of the clock."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.calendar import Calendar, began_at, due_at, prove, working_time

MINUTE = timedelta(minutes=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS = 6  # what the walk can see
# a zone, and a day around which something happens to its clock
SCENES = [
    ("Asia/Ho_Chi_Minh", date(2026, 2, 14)),
    ("Europe/Berlin", date(2026, 3, 26)),  # 02:00 becomes 03:00
    ("Europe/Berlin", date(2026, 10, 22)),  # 03:00 becomes 02:00
    ("Australia/Lord_Howe", date(2026, 4, 2)),  # half an hour back
    ("America/Havana", date(2026, 3, 5)),  # midnight becomes 01:00
    ("America/Havana", date(2026, 10, 29)),  # 01:00 becomes midnight
    ("Asia/Beirut", date(2021, 10, 28)),  # midnight becomes 23:00
    ("Pacific/Apia", date(2011, 12, 27)),  # there was no 30 December
]
Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Scene:
    zone: str
    first: date
    mapping: dict[str, Any]
    calendar: Calendar

    def __repr__(self) -> str:
        return repr(self.mapping)

    @property
    def begin(self) -> datetime:
        return datetime(self.first.year, self.first.month, self.first.day, 12, tzinfo=UTC)

    @cached_property
    def open_minutes(self) -> list[datetime]:
        """Every minute of the scene in which the clock on the wall shows working time."""
        dates = (self.first + timedelta(days=number) for number in range(DAYS + 2))
        working = {on: working_minutes(self.mapping, on) for on in dates}
        return [
            at for at, (on, minute) in wall_minutes(self.zone, self.first) if working[on][minute]
        ]

    @cached_property
    def edges(self) -> list[datetime]:
        """The closings and openings inside the scene."""
        gaps = [(a + MINUTE, b) for a, b in pairwise(self.open_minutes) if b - a > MINUTE]
        return [edge for gap in gaps for edge in gap]


@cache
def wall_minutes(zone: str, first: date) -> list[tuple[datetime, tuple[date, int]]]:
    """Each minute of the scene, with local date and minute on a clock that is never set back."""
    shown: list[tuple[datetime, tuple[date, int]]] = []
    latest = (date.min, 0)
    at = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
    for _ in range(DAYS * 24 * 60):
        local = at.astimezone(ZoneInfo(zone))
        latest = max(latest, (local.date(), local.hour * 60 + local.minute))
        shown.append((at, latest))
        at += MINUTE
    return shown


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def working_minutes(mapping: dict[str, Any], on: date) -> list[bool]:
    shifts = mapping["special"].get(on, mapping["week"].get(WEEKDAYS[on.weekday()], []))
    if on in mapping["closed"]:
        shifts = []
    spans = [range(minutes(opens), minutes(closes)) for opens, closes in shifts]
    return [any(minute in span for span in spans) for minute in range(24 * 60)]


def open_pieces(scene: Scene, start: datetime, pauses: list[Interval]) -> Iterator[Interval]:
    """What is left of the open minutes after `start` and without the pauses."""
    moments = scene.open_minutes
    for minute in moments[bisect_right(moments, start - MINUTE) :]:
        pieces = [(max(minute, start), minute + MINUTE)]
        for stop, resume in pauses:
            if stop < minute + MINUTE and resume > minute:
                cut = (
                    [(a, min(b, stop)) for a, b in pieces],
                    [(max(a, resume), b) for a, b in pieces],
                )
                pieces = [(a, b) for side in cut for a, b in side if a < b]
        yield from pieces


def due_by_walking(
    scene: Scene, start: datetime, allowance: timedelta, pauses: list[Interval]
) -> datetime | None:
    left = allowance
    for begin, end in open_pieces(scene, start, pauses):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return None  # behind the scene


@st.composite
def days(draw: st.DrawFn) -> list[list[str]]:
    """Up to three intervals, possibly touching, possibly up to midnight."""
    count = draw(st.integers(0, 3))
    edge = st.one_of(st.integers(0, 96).map(lambda quarter: quarter * 15), st.integers(0, 24 * 60))
    edges = sorted(draw(st.lists(edge, min_size=2 * count, max_size=2 * count)))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [[f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}"] for a, b in pairs if a < b]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    zone, first = draw(st.sampled_from(SCENES))
    dates = [first + timedelta(days=number) for number in range(DAYS)]
    special = draw(st.dictionaries(st.sampled_from(dates), days(), max_size=3))
    closed = draw(st.lists(st.sampled_from(dates), max_size=2, unique=True))
    mapping = {
        "zone": zone,
        "week": draw(st.dictionaries(st.sampled_from(WEEKDAYS), days(), min_size=3)),
        "special": special,
        "closed": [on for on in closed if on not in special],
    }
    return Scene(zone, first, mapping, Calendar.parse(mapping))


@st.composite
def instants(draw: st.DrawFn, scene: Scene) -> datetime:
    """An instant of the scene: any, or on an edge of working time, or within a microsecond."""
    span = timedelta(days=DAYS)
    anywhere = st.timedeltas(timedelta(), span).map(lambda offset: scene.begin + offset)
    whole = st.integers(0, DAYS * 96).map(lambda q: scene.begin + q * 15 * MINUTE)
    at = draw(st.one_of(anywhere, whole))
    if scene.edges and draw(st.booleans()):
        nudge = timedelta(microseconds=draw(st.integers(-1, 1)))
        at = draw(st.sampled_from(scene.edges)) + nudge
    return at


@st.composite
def pauses_in(draw: st.DrawFn, scene: Scene) -> list[Interval]:
    count = draw(st.integers(0, 3))
    pauses = [sorted((draw(instants(scene)), draw(instants(scene)))) for _ in range(count)]
    return [(stop, resume) for stop, resume in pauses]


allowances = st.one_of(
    st.timedeltas(timedelta(microseconds=1), timedelta(hours=30)),
    st.integers(1, 120).map(lambda quarters: quarters * 15 * MINUTE),
)
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def has_hours(scene: Scene) -> bool:
    return any(scene.mapping["week"].values())


def utc_due_at(
    start: datetime, allowance: timedelta, calendar: Calendar, pauses: Iterable[Interval] = ()
) -> datetime:
    """In UTC, where instants can be subtracted and compared even while clocks change."""
    return due_at(start, allowance, calendar, pauses).astimezone(UTC)


@quick
@given(st.data())
def test_due_time_is_where_a_walk_minute_by_minute_arrives(data: st.DataObject) -> None:
    scene = data.draw(scenes().filter(has_hours))
    start, allowance = data.draw(instants(scene)), data.draw(allowances)
    pauses = data.draw(pauses_in(scene))

    walked = due_by_walking(scene, start, allowance, pauses)

    found = utc_due_at(start, allowance, scene.calendar, pauses)
    if walked is None:
        assert found > scene.begin + timedelta(days=DAYS)
    else:
        assert found == walked


@quick
@given(st.data())
def test_working_time_is_what_a_walk_minute_by_minute_counts(data: st.DataObject) -> None:
    scene = data.draw(scenes())
    start, end = sorted((data.draw(instants(scene)), data.draw(instants(scene))))
    pauses = data.draw(pauses_in(scene))
    pieces = open_pieces(scene, start, pauses)

    walked = sum((min(b, end) - a for a, b in pieces if a < end), timedelta())

    assert working_time(start, end, scene.calendar, pauses) == walked
    assert working_time(end, start, scene.calendar, pauses) == -walked


@quick
@given(st.data())
def test_clock_runs_when_the_walk_says_so(data: st.DataObject) -> None:
    scene = data.draw(scenes())
    at = data.draw(instants(scene)).replace(second=0, microsecond=0)
    moments = scene.open_minutes
    if at >= scene.begin + timedelta(days=DAYS):
        return

    assert scene.calendar.is_open(at) == (at in moments)
    if later := [moment for moment in moments if moment >= at]:
        assert scene.calendar.next_open(at).astimezone(UTC) == later[0]
        gaps = (a + MINUTE for a, b in pairwise(later) if b - a > MINUTE)
        if closing := next(gaps, None):
            assert scene.calendar.closing(at).astimezone(UTC) == closing


@quick
@given(st.data())
def test_due_time_and_working_time_are_inverse(data: st.DataObject) -> None:
    scene = data.draw(scenes().filter(has_hours))
    start, allowance = data.draw(instants(scene)), data.draw(allowances)
    pauses = data.draw(pauses_in(scene))
    due = utc_due_at(start, allowance, scene.calendar, pauses)

    assert working_time(start, due, scene.calendar, pauses) == allowance
    moment = timedelta(microseconds=1)
    assert working_time(start, due - moment, scene.calendar, pauses) == allowance - moment


@quick
@given(st.data())
def test_beginning_is_the_inverse_of_due_time(data: st.DataObject) -> None:
    scene = data.draw(scenes().filter(has_hours))
    start, allowance = data.draw(instants(scene)), data.draw(allowances)
    due = utc_due_at(start, allowance, scene.calendar)

    began = began_at(due, allowance, scene.calendar).astimezone(UTC)

    assert utc_due_at(began, allowance, scene.calendar) == due
    assert began == scene.calendar.next_open(start).astimezone(UTC)
    assert working_time(start, began, scene.calendar) == timedelta()


@quick
@given(st.data())
def test_later_starts_and_longer_allowances_are_never_due_earlier(data: st.DataObject) -> None:
    scene = data.draw(scenes().filter(has_hours))
    first, second = sorted((data.draw(instants(scene)), data.draw(instants(scene))))
    short, long = sorted((data.draw(allowances), data.draw(allowances)))
    pauses = data.draw(pauses_in(scene))
    none = timedelta()

    def due(start: datetime, allowance: timedelta) -> datetime:
        return utc_due_at(start, allowance, scene.calendar, pauses)

    assert due(first, short) <= due(second, short)
    assert due(first, none) <= due(first, short) <= due(first, long)


@quick
@given(st.data())
def test_allowances_add_up(data: st.DataObject) -> None:
    scene = data.draw(scenes().filter(has_hours))
    start = data.draw(instants(scene))
    first, second = data.draw(allowances), data.draw(allowances)
    pauses = data.draw(pauses_in(scene))
    due = utc_due_at(start, first, scene.calendar, pauses)

    assert utc_due_at(due, second, scene.calendar, pauses) == (
        utc_due_at(start, first + second, scene.calendar, pauses)
    )
    assert utc_due_at(due, timedelta(), scene.calendar, pauses) == due  # a boundary does not move


@quick
@given(st.data())
def test_working_times_add_up(data: st.DataObject) -> None:
    scene = data.draw(scenes())
    a, b, c = (data.draw(instants(scene)) for _ in range(3))
    pauses = data.draw(pauses_in(scene))

    def between(start: datetime, end: datetime) -> timedelta:
        return working_time(start, end, scene.calendar, pauses)

    assert between(a, b) + between(b, c) == between(a, c)
    assert between(a, b) == -between(b, a)
    assert abs(between(a, b)) <= abs(b - a)


@quick
@given(st.data())
def test_proof_is_open_time_without_pauses_that_adds_up(data: st.DataObject) -> None:
    scene = data.draw(scenes().filter(has_hours))
    start, allowance = data.draw(instants(scene)), data.draw(allowances)
    pauses = data.draw(pauses_in(scene))

    proof = prove(start, allowance, scene.calendar, pauses)

    assert sum((end - begin for begin, end in proof.intervals), timedelta()) == allowance
    assert proof.intervals[0][0] >= start
    assert proof.intervals[-1][1] == proof.due_at.astimezone(UTC)
    assert all(a < b <= c < d for (a, b), (c, d) in pairwise(proof.intervals))
    for begin, end in proof.intervals:
        assert scene.calendar.is_open(begin)
        assert working_time(begin, end, scene.calendar, pauses) == end - begin


@quick
@given(st.data())
def test_far_answers_do_not_depend_on_what_was_asked_before(data: st.DataObject) -> None:
    scene = data.draw(scenes().filter(has_hours))
    start, allowance = data.draw(instants(scene)), data.draw(allowances)
    due = utc_due_at(start, allowance, scene.calendar)
    fresh = Calendar.parse(scene.mapping)

    utc_due_at(start + timedelta(days=3_000), allowance, fresh)
    working_time(start - timedelta(days=3_000), start, fresh)

    assert utc_due_at(start, allowance, fresh) == due
