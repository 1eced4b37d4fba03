"""Random lives of cases, as intake would tell them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.events import (
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseRated,
    CaseRecategorised,
    CaseRefused,
    CaseReopened,
    CaseResolved,
    CaseSnapshot,
    CaseSubmitted,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    DeadlineSet,
    DirectiveGiven,
    EvidenceAdded,
    event_id,
    to_wire,
)
from shared.mongo import Entry
from shared.vocabulary import (
    Anonymity,
    CaseCode,
    CategoryId,
    Channel,
    Clock,
    Origin,
    State,
    UnitId,
)
from tests.builders import snapshot
from tests.contract.golden_events import example

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
UNITS = ("ward_1", "ward_2", "dept_health")
AREAS = ("ward_1", "ward_2", "ward_3", None)
CATEGORIES = ("environment", "urban_order", "food_safety")
MINUTE = timedelta(minutes=1)


@dataclass
class Story:
    """One case: its events in order."""

    told: list[tuple[datetime, CaseEvent, CaseSnapshot]] = field(default_factory=list)

    @property
    def case(self) -> CaseSnapshot:
        return self.told[-1][2]

    def tell(self, event: type[CaseEvent], at: datetime, said: dict[str, Any], **to: Any) -> None:
        case = self.case.model_copy(update=to)
        self.told.append((at, example(event).model_copy(update={"at": at, **said}), case))

    def entries(self) -> list[tuple[datetime, Entry]]:
        """The case's events, and its deadline's first one, each with its time."""
        code = self.case.code
        found = [
            (at, _entry(event, code, number, at, case))
            for number, (at, event, case) in enumerate(self.told, start=1)
        ]
        at = self.told[0][0]
        return [*found, (at, _entry(example(DeadlineSet), code, 1, at, None))]


def _entry(event: Any, code: str, number: int, at: datetime, case: CaseSnapshot | None) -> Entry:
    body = to_wire(event, subject=code, sequence=number, at=at, case=case)
    entity = event.type.partition(".")[0]
    return Entry(event_id(entity, code, number), event.type, body)


def begun(dice: random.Random, at: datetime, **changes: Any) -> Story:
    """A case that was just received."""
    limit = dice.choice((2, 4, 8))
    code = "".join(dice.choices(LETTERS, k=8))
    case = snapshot(
        **{
            "code": CaseCode(f"DL-{code[:4]}-{code[4:]}"),
            "category": CategoryId(dice.choice(CATEGORIES)),
            "area": dice.choice(AREAS),
            "channel": dice.choice(list(Channel)),
            "clock": dice.choice((Clock.WORKING, Clock.ELAPSED)),
            "received_at": at.replace(microsecond=0),
            "due_at": at.replace(microsecond=0) + timedelta(hours=limit),
            "limit_s": limit * 3600,
            "reporter": None,
            "anonymity": Anonymity.ANONYMOUS,
            **changes,
        }
    )
    event = example(CaseSubmitted).model_copy(update={"at": at})
    return Story([(at, event, case)])


def lived(dice: random.Random, at: datetime, until: datetime) -> Story:
    """A case and what became of it before `until`."""
    story = begun(dice, at)
    steps = (_assigned, _forwarded, _coordinated, _edited, _moved, _directed, _ended, _disputed)
    for step in steps:
        at += dice.uniform(1, 240) * MINUTE
        if at >= until or not step(story, dice, at):
            break
    return story


def _assigned(story: Story, dice: random.Random, at: datetime) -> bool:
    _assign(story, dice, at, by=None)
    return dice.random() < 0.9


def _assign(story: Story, dice: random.Random, at: datetime, **said: Any) -> None:
    to = {"unit": UnitId(dice.choice(UNITS)), "category": CategoryId(dice.choice(CATEGORIES))}
    story.tell(CaseAssigned, at, {**to, **said}, state=State.ASSIGNED, **to)


def _forwarded(story: Story, dice: random.Random, at: datetime) -> bool:
    if dice.random() < 0.3:
        story.tell(CaseForwarded, at, {}, state=State.AT_OFFICE, unit=UnitId("office"))
        if dice.random() < 0.7:  # the Office names the unit, and maybe another category
            _assign(story, dice, at + MINUTE / 2, by=UnitId("office"))
    return True


def _edited(story: Story, dice: random.Random, at: datetime) -> bool:
    if dice.random() < 0.3:
        category = CategoryId(dice.choice(CATEGORIES))
        origin = Origin.OFFICE
        by = dice.choice((UnitId("office"), None))
        limit_s = min(story.case.limit_s, dice.choice((2, 4, 8)) * 3600)  # the stricter one holds
        start = story.case.counted_from or story.case.received_at
        to = {"limit_s": limit_s, "due_at": start + timedelta(seconds=limit_s)}
        said = {"category": category, "by": by, **to}
        story.tell(CaseRecategorised, at, said, category=category, category_origin=origin, **to)
    return True


def _coordinated(story: Story, dice: random.Random, at: datetime) -> bool:
    """Others are needed: from the approval on another date counts, later or sooner."""
    if dice.random() < 0.4 and at <= story.case.due_at:
        expected = at + dice.uniform(10, 2000) * MINUTE
        said = {"expected_at": expected, "by": story.case.unit}
        story.tell(CoordinationProposed, at, said)
        story.tell(CoordinationApproved, at + MINUTE, said, expected_at=expected)
    return True


def _moved(story: Story, dice: random.Random, at: datetime) -> bool:
    previous = story.case.expected_at
    if previous and dice.random() < 0.6:
        expected = at + dice.uniform(10, 2000) * MINUTE
        said = {"expected_at": expected, "previous": previous, "by": story.case.unit, "unit": None}
        story.tell(CoordinationMoved, at, said, expected_at=expected)
    return True


def _directed(story: Story, dice: random.Random, at: datetime) -> bool:
    if dice.random() < 0.2:
        due = at + dice.uniform(10, 600) * MINUTE
        story.tell(DirectiveGiven, at, {"due_at": due}, directives_open=1, directive_due_at=due)
    return dice.random() < 0.8


def _ended(story: Story, dice: random.Random, at: datetime) -> bool:
    if dice.random() < 0.15:
        story.tell(CaseRefused, at, {}, state=State.REFUSED)
        return False
    if dice.random() < 0.5:
        story.tell(EvidenceAdded, at - MINUTE / 2, {"by": story.case.unit})
    _resolve(story, dice, at)
    if dice.random() < 0.2:
        story.tell(EvidenceAdded, at + MINUTE / 2, {"by": story.case.unit})
    if dice.random() < 0.5:
        at += MINUTE
        story.tell(CaseRated, at, {"score": dice.randint(1, 5)})
        story.tell(CaseClosed, at, {}, state=State.CLOSED)
        return False
    return True


def _resolve(story: Story, dice: random.Random, at: datetime) -> None:
    on_time = at.replace(microsecond=0) <= (story.case.expected_at or story.case.due_at)
    said = {"on_time": on_time, "outcome": dice.choice(("solved", "not_possible"))}
    story.tell(CaseResolved, at, said, state=State.RESOLVED, resolved_at=at, on_time=on_time)


def _disputed(story: Story, dice: random.Random, at: datetime) -> bool:
    due = at + timedelta(seconds=story.case.limit_s)
    again = {"counted_from": at, "resolved_at": None, "on_time": None, "due_at": due}
    again["expected_at"] = None  # a dispute has a promise of its own
    story.tell(CaseReopened, at, {"due_at": due}, state=State.REOPENED, disputes=1, **again)
    if dice.random() < 0.5:
        _resolve(story, dice, at + 30 * MINUTE)
    return False


def told(dice: random.Random, count: int, began: datetime, ended: datetime) -> list[Story]:
    """Cases that come all the time between two moments."""
    return [
        lived(dice, began + (ended - began) * (number / count), ended) for number in range(count)
    ]


def in_order_of_time(stories: Sequence[Story]) -> list[tuple[datetime, Entry]]:
    """All events as they happened; those of one case stay in their order."""
    every = [each for story in stories for each in story.entries()]
    return sorted(every, key=lambda each: each[0])


def now() -> datetime:
    return datetime.now(UTC)
