"""The counter's dossiers at the operations centre: as they stood, and what came out of them."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import orjson
import pytest

from services.notify.admission import Admission
from services.notify.ioc.projection import OnestopNewest
from services.notify.ioc.projection.base import Heard
from services.notify.onestop.api import Onestop
from services.notify.onestop.board import HallBoard
from services.notify.onestop.dossiers import Span
from services.notify.onestop.figures import OnestopFigures
from shared import mongo
from shared.events import Received
from shared.events.onestop import (
    Board,
    DossierEvent,
    DossierProcessing,
    DossierReady,
    DossierRefused,
    DossierReturned,
    DossierSnapshot,
    DossierSubmitted,
    DossierSupplementAsked,
    DossierSupplemented,
    TicketLeft,
)
from shared.vocabulary import DeskId, DossierState, Language, ProcedureId
from tests.unit.notify_events import NOON

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SMALL = 5


@pytest.fixture
async def figures(mongo_url: str, database_prefix: str) -> AsyncIterator[OnestopFigures]:
    client = mongo.connect(mongo_url)
    yield OnestopFigures(mongo.database(client, f"{database_prefix}_notify"))
    client.close()


def dossier(number: int, **changes: Any) -> DossierSnapshot:
    plain: dict[str, Any] = {
        "number": f"HS-260112-{number:04}",
        "procedure": ProcedureId("house_permit"),
        "desk": DeskId("construction"),
        "state": DossierState.PROCESSING,
        "through": "online",
        "submitted_at": NOON - 3 * DAY,
        "due_at": NOON,
        "limit_s": 28_800,
        "calendar": "vn-state",
        "language": Language.VIETNAMESE,
    }
    return DossierSnapshot(**{**plain, **changes})


KINDS: dict[DossierState, type[DossierEvent]] = {
    DossierState.SUBMITTED: DossierSubmitted,
    DossierState.SUPPLEMENT: DossierSupplementAsked,
    DossierState.RECEIVED: DossierSupplemented,
    DossierState.PROCESSING: DossierProcessing,
    DossierState.READY: DossierReady,
    DossierState.REFUSED: DossierRefused,
    DossierState.RETURNED: DossierReturned,
}


def heard(
    number: int, sequence: int = 3, time: datetime = NOON - 2 * DAY, **changes: Any
) -> Received:
    seen = dossier(number, **changes)
    said = {name: () for name in ("items",) if "items" in KINDS[seen.state].model_fields}
    said |= {"reason": "not_eligible"} if seen.state is DossierState.REFUSED else {}
    event = KINDS[seen.state](at=time, actor="u_clerk", dossier=seen, **said)
    return Received(
        id=f"d{number}.dossier.{sequence}",
        type=event.type,
        subject=f"d{number}",
        sequence=sequence,
        time=time,
        event=event,
        case=None,
    )


async def test_a_dossier_is_overdue_from_the_second_after_its_due_time(figures: OnestopFigures):
    await figures.note(heard(1))
    await figures.note(heard(2, due_at=NOON + DAY))
    await figures.note(heard(3, state=DossierState.SUPPLEMENT, paused_at=NOON))
    await figures.note(heard(4, state=DossierState.RETURNED, ready_at=NOON, on_time=True))
    await figures.note(heard(5, state=DossierState.READY, ready_at=NOON, on_time=False))

    at = await figures.dossier_figures(Span(NOON), 1)
    after = await figures.dossier_figures(Span(NOON + timedelta(seconds=1)), 1)

    assert (at["overdue"], after["overdue"]) == (0, 1)
    assert (after["open"], after["waiting_for_papers"]) == (3, 1)
    assert (after["decided"], after["on_time"], after["late"]) == (2, 1, 1)
    assert after["by_desk"][0]["desk"] == "construction"
    assert after["by_desk"][0]["overdue"] == 1


TODAY, TOMORROW = NOON.date(), NOON.date() + timedelta(days=1)


def ticket(
    on: date, sequence: int, at: datetime = NOON, desk: str = "land", **counts: int
) -> Received:
    board = Board.model_validate({"desk": desk, "on": on, **counts})
    event = TicketLeft(at=at, actor="visitor", ticket="t_1", label="B-001", board=board)
    subject = f"{desk}.{on}"
    return Received(f"{subject}.{sequence}", event.type, subject, sequence, at, event, None)


def counter_of(figures: OnestopFigures, hall: HallBoard) -> Onestop:
    zone, admission = ZoneInfo("Asia/Ho_Chi_Minh"), cast("Admission", None)
    return Onestop(figures, hall, admission, zone, SMALL, lambda: NOON, _no_mark)


async def _no_mark(_moment: datetime) -> dict[str, Any]:
    return {}


async def test_after_closing_the_day_that_is_worked_off_is_shown_before_the_next(
    figures: OnestopFigures,
):
    hall = HallBoard(figures, lambda: TODAY)
    counter = counter_of(figures, hall)
    assert await counter.day(None) == TODAY
    await figures.note(ticket(TODAY, 80, waiting=19))
    await figures.note(ticket(TOMORROW, 1, waiting=1))

    await hall.prime()

    assert [orjson.loads(each.body)["waiting"] for each in hall.shown()] == [19]
    assert await counter.day(None) == TODAY
    assert await counter.day(TOMORROW) == TOMORROW
    await figures.note(ticket(TODAY, 81))
    assert await counter.day(None) == TOMORROW


async def test_the_desks_of_any_past_moment_are_those_of_then(figures: OnestopFigures):
    """A queue's handler hears events in any order, twice, and the projector hears them again."""
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    news: list[Received] = []
    for desk in ("land", "social"):
        at = NOON - 9 * HOUR
        for sequence in range(1, 40):
            at += dice.choice((0, 1, 20)) * timedelta(minutes=1)
            news.append(ticket(TODAY, sequence, at, desk, waiting=dice.randint(0, 9)))
    shuffled = [*news, *dice.sample(news, 20)]
    dice.shuffle(shuffled)
    for start in range(0, len(shuffled), 30):
        await figures.note_each(shuffled[start : start + 30])

    for moment in [NOON - 9 * HOUR * dice.random() for _ in range(6)]:
        wanted: dict[str, int] = {}
        for each in news:  # in the order of their sequence
            if each.time <= moment:
                assert isinstance(each.event, TicketLeft)
                wanted[each.event.board.desk] = each.event.board.waiting
        found = await figures.boards(TODAY, moment)
        assert {each.desk: each.waiting for each in found} == wanted, (seed, moment)
    assert await figures.boards(TODAY, NOON - 10 * HOUR) == []


async def test_the_day_that_was_worked_off_is_that_of_the_moment(figures: OnestopFigures):
    counter = counter_of(figures, HallBoard(figures, lambda: TODAY))
    for each in (
        ticket(TODAY, 1, NOON - 3 * HOUR, waiting=1),
        ticket(TOMORROW, 1, NOON - 2 * HOUR, waiting=1),
        ticket(TODAY, 2, NOON - HOUR),
        ticket(TOMORROW + 9 * DAY, 1, NOON + DAY, waiting=1),
    ):
        await figures.note(each)

    days = [await counter.day(None, NOON - hours * HOUR) for hours in (4, 3, 2, 1)]

    assert days == [TODAY, TODAY, TODAY, TOMORROW]
    assert await counter.day(None, NOON + 2 * DAY) == TOMORROW + 9 * DAY


@dataclass
class Life:
    """A dossier's events, and an account of it that knows nothing of steps."""

    told: list[Received]

    def at(self, moment: datetime) -> DossierSnapshot | None:
        known = [each.event for each in self.told if each.time <= moment]
        last = known[-1] if known else None
        return last.dossier if isinstance(last, DossierEvent) else None

    def decided_at(self) -> datetime | None:
        last = (DossierState.READY, DossierState.REFUSED)
        found = [e.time for e in self.told if self.at(e.time).state in last]  # type: ignore[union-attr]
        return found[0] if found else None


def lived(dice: random.Random, number: int) -> Life:
    """A dossier from three days on: papers asked for and brought, examined, and an end."""
    at = NOON - dice.uniform(0, 72) * HOUR
    desk = DeskId(dice.choice(("construction", "land", "justice")))
    now: dict[str, Any] = {"desk": desk, "submitted_at": at, "due_at": at + 20 * HOUR}
    told: list[Received] = []

    def tell(state: DossierState, **changes: Any) -> None:
        now.update(state=state, **changes)
        told.append(heard(number, len(told) + 1, at, **now))

    tell(DossierState.SUBMITTED)
    states = (DossierState.SUPPLEMENT, DossierState.RECEIVED, DossierState.PROCESSING)
    for state in (*states, DossierState.READY, DossierState.RETURNED):
        at += dice.uniform(0.1, 12) * HOUR
        if state is DossierState.SUPPLEMENT:
            tell(state, paused_at=at)
        elif state is DossierState.RECEIVED:
            tell(state, paused_at=None, due_at=now["due_at"] + 3 * HOUR)
        elif state is DossierState.READY and dice.random() < 0.3:
            tell(DossierState.REFUSED, on_time=at <= now["due_at"])
            break
        elif state is DossierState.READY:
            tell(state, ready_at=at, on_time=at <= now["due_at"])
        else:
            tell(state)
        if dice.random() < 0.1:
            break
    return Life(told)


def counted(lives: list[Life], span: Span, desk: str | None = None) -> dict[str, int]:
    """Count by hand what the figures say of a span."""
    found = dict.fromkeys(("total", "open", "overdue", "waiting_for_papers", "on_time", "late"), 0)
    for life in lives:
        seen = life.at(span.moment)
        if seen is None or desk not in (None, seen.desk):
            continue
        done = {DossierState.READY, DossierState.REFUSED, DossierState.RETURNED}
        paused = seen.state is DossierState.SUPPLEMENT
        found["total"] += 1
        found["open"] += seen.state not in done
        found["waiting_for_papers"] += paused
        found["overdue"] += seen.state not in done and not paused and seen.due_at < span.moment
        at = life.decided_at()
        inside = at and at <= span.moment
        inside = inside and (span.since is None or at >= span.since)
        if inside and (span.until is None or at < span.until):
            found["on_time" if seen.on_time else "late"] += 1
    return found


SPANS = [
    pytest.param(Span(NOON + 9 * DAY), id="all that there was"),
    pytest.param(Span(NOON - DAY), id="as it was"),
    pytest.param(Span(NOON + 9 * DAY, NOON - DAY, NOON), id="what came out of a day"),
    pytest.param(Span(NOON - 12 * HOUR, NOON - DAY, NOON), id="of half a day, as it was then"),
    pytest.param(Span(NOON + 9 * DAY, NOON - 5 * HOUR), id="since"),
    pytest.param(Span(NOON + 9 * DAY, None, NOON - DAY), id="until"),
    pytest.param(Span(NOON - 9 * DAY), id="before the first"),
]


@pytest.mark.parametrize("span", SPANS)
async def test_dossiers_of_any_moment_and_period_equal_the_account(
    figures: OnestopFigures, span: Span
):
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    lives = [lived(dice, number) for number in range(60)]
    news = [each for life in lives for each in life.told]
    dice.shuffle(news)  # the queue keeps no order between its consumers
    for start in range(0, len(news), 50):
        await figures.note_each(news[start : start + 50])

    shown = await figures.dossier_figures(span, 1)

    for row, desk in [(shown, None), *((each, each["desk"]) for each in shown["by_desk"])]:
        wanted = counted(lives, span, desk)
        assert {name: row[name] for name in wanted} == wanted, (seed, desk)
        assert row["decided"] == wanted["on_time"] + wanted["late"]
    assert sum(each["total"] for each in shown["by_desk"]) == shown["total"]
    assert sum(shown["by_state"].values()) == shown["total"]


async def test_steps_that_are_heard_twice_or_by_two_are_kept_once(figures: OnestopFigures):
    life = lived(random.Random(4), 1)
    projection = OnestopNewest(figures)
    for _ in range(2):
        await figures.note_each(life.told[::-1])
        await projection.apply([Heard(n, each) for n, each in enumerate(life.told)], 1)

    found = await figures.dossiers.load("d1")

    assert found
    assert [each["n"] for each in found["steps"]] == list(range(1, len(life.told) + 1))
    assert found["sequence"] == len(life.told)


async def test_one_of_which_only_the_newest_is_known_is_counted_as_it_stands(
    figures: OnestopFigures,
):
    await figures.note(heard(1, state=DossierState.READY, ready_at=NOON - DAY, on_time=True))
    await figures.note(heard(2, state=DossierState.REFUSED, on_time=False))
    await figures.dossiers.update_each(
        [({"_id": each}, {"$unset": {"steps": ""}}) for each in ("d1", "d2")]
    )

    whole = await figures.dossier_figures(Span(NOON), 1)
    day = await figures.dossier_figures(Span(NOON, NOON - 2 * DAY, NOON), 1)

    assert (whole["total"], whole["on_time"], whole["late"]) == (2, 1, 1)
    assert (day["total"], day["on_time"], day["late"]) == (2, 1, 0)


async def test_what_came_of_a_few_dossiers_is_withheld(figures: OnestopFigures):
    desks = ["land"] * 9 + ["justice"] * 2 + ["construction"] * 6
    for number, desk in enumerate(desks):
        done = {"state": DossierState.READY, "ready_at": NOON, "on_time": number % 2 == 0}
        await figures.note(heard(number, desk=DeskId(desk), **done))

    shown = await figures.dossier_figures(Span(NOON), SMALL)

    told = {each["desk"]: (each["decided"], each["on_time"]) for each in shown["by_desk"]}
    # with the two of one desk the six of another: else they followed from the total
    assert told == {"land": (9, 5), "justice": (2, None), "construction": (6, None)}
    assert (shown["on_time"], shown["late"], shown["withheld"]) == (9, 8, [])
    names = ["on_time", "late", "on_time_share"]
    assert [each["withheld"] for each in shown["by_desk"]] == [names, names, []]
