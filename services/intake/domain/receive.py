"""From a report to a case: what is promised, what is told to the router, what is flagged. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.domain.case import Case, Fact
from services.intake.domain.report import Position, ReportIn
from services.intake.domain.rules import Rules
from shared.areas import elsewhere, resolve
from shared.deadline import Deadline
from shared.events import CaseHeld, CaseSnapshot, CaseSubmitted, MediaCount, Place, Suggestion
from shared.promise import promise
from shared.regulation import Duty, EmergencyHint
from shared.screening import Kind, Screening, reword
from shared.suggestion import suggest
from shared.vocabulary import (
    Anonymity,
    AreaId,
    CaseCode,
    CategoryId,
    MediaKind,
    Origin,
    ReporterId,
    State,
    UnitId,
)

UNCLASSIFIED = CategoryId("other")  # the promise until somebody has named the category
SERVICE_ATTITUDE = CategoryId("service_attitude")
COARSE_DECIMALS = 4  # about ten metres: enough to find a pothole, not a door


@dataclass(frozen=True)
class Arrival:
    """What is known about a report besides its words.

    Attributes:
        code: The new case's code.
        received_at: Server time, whole seconds: the clock starts here.
        media: Kinds of the files that arrived.
        position: Where it is, by the reporter, a photo or the manifest.
        reporter: Reference into the vault; None when nothing was left.
        actor: Who entered it: the reporter, an operator's account, a machine's key.
        by: The operator's unit.
    """

    code: CaseCode
    received_at: datetime
    media: Sequence[MediaKind]
    position: Position | None
    reporter: ReporterId | None
    actor: str = "reporter"
    by: UnitId | None = None


@dataclass(frozen=True)
class Receipt:
    """A new case, its first facts, and what its reporter is told at once."""

    case: Case
    facts: Sequence[Fact]
    answer: Mapping[str, Any]


def receive(report: ReportIn, arrival: Arrival, rules: Rules, screening: Screening) -> Receipt:
    """Open a case for a report that keeps the rules.

    A hit of the screening holds the report for a person of the Office. It is never dropped, and
    its clock runs: a flood reported with a swear word is still a flood.
    """
    category = CategoryId(report.category) if report.category else None
    guess = None if category else suggest(report.text, rules.regulation)
    emergency = rules.regulation.emergency_numbers(category, report.text)
    due = rules.deadline(category or UNCLASSIFIED, arrival.received_at)
    flags = tuple(sorted({*_flags(report, arrival, emergency, rules), *screening.flags}))
    about = _mentions(report, category or (guess.category if guess else None), rules)
    case = Case(snapshot=_snapshot(report, arrival, due, rules, flags=flags, about=about))
    event = CaseSubmitted(
        at=arrival.received_at,
        actor=arrival.actor,
        by=arrival.by,
        stated_area=_stated_area(report, arrival.received_at, rules),
        suggestion=Suggestion(
            category=guess.category, confidence=guess.confidence, keywords=guess.keywords
        )
        if guess
        else None,
        mentions=about,
    )
    answer = _answer(case.snapshot, due, emergency, rules)
    if not screening.hold:
        return Receipt(case, [Fact(event)], answer)
    words = reword(screening)
    held = CaseHeld(at=arrival.received_at, actor="screening", reasons=("abuse",))
    found = [finding.typed for finding in screening.of(Kind.ABUSE)]
    return Receipt(
        case,
        [Fact(event), Fact(held, {"found": found})],
        {**answer, "state": State.HELD.value, "reword": {"vi": words.vi, "en": words.en}},
    )


def _snapshot(
    report: ReportIn,
    arrival: Arrival,
    due: Deadline,
    rules: Rules,
    *,
    flags: tuple[str, ...],
    about: tuple[UnitId, ...],
) -> CaseSnapshot:
    kinds = list(arrival.media)
    return CaseSnapshot(
        code=arrival.code,
        state=State.SUBMITTED,
        category=CategoryId(report.category) if report.category else None,
        category_origin=Origin.REPORTER if report.category else None,
        unit=None,
        monitoring_unit=None,
        area=None,
        place=_coarse(arrival.position),
        channel=report.channel,
        received_at=arrival.received_at,
        due_at=due.due_at,
        limit_s=due.limit_s,
        clock=due.clock,
        regulation=f"{rules.regulation.id}@{rules.regulation.version}",
        calendar=rules.calendar.version,
        flags=flags,
        about=about,
        media=MediaCount(image=kinds.count(MediaKind.IMAGE), audio=kinds.count(MediaKind.AUDIO)),
        reporter=arrival.reporter,
        reporter_kind=report.reporter.kind,
        anonymity=report.reporter.anonymity,
        language=report.reporter.language,
    )


def _coarse(position: Position | None) -> Place | None:
    if position is None:
        return None
    lat = round(position.lat, COARSE_DECIMALS)
    return Place(lat=lat, lon=round(position.lon, COARSE_DECIMALS))


def _flags(
    report: ReportIn, arrival: Arrival, emergency: Sequence[EmergencyHint], rules: Rules
) -> tuple[str, ...]:
    flags: set[str] = set()
    if any(hint.keywords for hint in emergency):
        flags.add("emergency")
    if report.category:
        evidence = rules.regulation.category(CategoryId(report.category)).evidence
        if evidence.report is Duty.REQUIRED and not arrival.media:
            flags.add("evidence_missing")
    if report.reporter.anonymity is not Anonymity.OPEN:
        flags.add("identity_sealed")
    return tuple(sorted(flags))


def _stated_area(report: ReportIn, at: datetime, rules: Rules) -> AreaId | None:
    """Take the stated area, and where that says nothing the address; one outside says enough."""
    on = rules.local_day(at)
    address = report.location.address if report.location else None
    for stated in filter(None, (report.area, address)):
        area = resolve(stated, rules.regulation, on)
        if area or elsewhere(stated, rules.regulation):
            return area
    return None


def _mentions(report: ReportIn, category: CategoryId | None, rules: Rules) -> tuple[UnitId, ...]:
    """Name the units that a report is about: only a report about staff names one by its text.

    A heap of rubbish in front of a ward's office is not a report about the ward.
    """
    about = [UnitId(report.about_unit)] if report.about_unit else []
    if category == SERVICE_ATTITUDE:
        about += rules.regulation.mentions(report.text)
    return tuple(dict.fromkeys(about))


def _answer(
    snapshot: CaseSnapshot, due: Deadline, emergency: Sequence[EmergencyHint], rules: Rules
) -> dict[str, Any]:
    words = promise(
        snapshot.received_at,
        due.due_at,
        limit=due.limit,
        clock=due.clock,
        calendar=rules.calendar,
    )
    zone = rules.calendar.zone
    return {
        "code": snapshot.code,
        "state": snapshot.state.value,
        "category": snapshot.category,
        "unit": None,
        "received_at": snapshot.received_at.astimezone(zone).isoformat(),
        "due_at": due.due_at.astimezone(zone).isoformat(),
        "limit_hours": due.limit_s / 3600,
        "clock": due.clock.value,
        "promise": {"vi": words.vi, "en": words.en},
        "flags": list(snapshot.flags),
        "emergency": [
            {
                "number": hint.number,
                "name": {"vi": hint.name.vi, "en": hint.name.en},
                "because": list(hint.keywords) or [hint.category],
            }
            for hint in emergency
        ],
    }
