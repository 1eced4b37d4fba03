"""Builders: a valid thing in one call, with only what the test is about named."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from shared.calendar import Calendar, load_calendar
from shared.events import CaseEvent, CaseSnapshot, Received, RoutingDecided, event_id
from shared.regulation import Regulation, load_regulation
from shared.settings import RULES
from shared.vocabulary import (
    Anonymity,
    CaseCode,
    CategoryId,
    Channel,
    Clock,
    Language,
    Origin,
    ReporterId,
    ReporterKind,
    RuleId,
    State,
    UnitId,
)

CODE = CaseCode("DL-7K3Q-9M2F")
RECEIVED = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)  # Monday 08:00 in Đà Lạt


@cache
def dalat() -> Regulation:
    return load_regulation(RULES / "regulations" / "dalat.yaml")


@cache
def five_wards() -> Regulation:
    return load_regulation(RULES / "regulations" / "lamdong-5-wards.yaml")


@cache
def state_calendar() -> Calendar:
    return load_calendar(RULES / "calendars" / "vn-state.yaml")


def snapshot(**changes: Any) -> CaseSnapshot:
    plain: dict[str, Any] = {
        "code": CODE,
        "state": State.SUBMITTED,
        "category": CategoryId("urban_order"),
        "category_origin": Origin.REPORTER,
        "unit": None,
        "monitoring_unit": None,
        "area": None,
        "place": None,
        "channel": Channel.WEB,
        "received_at": RECEIVED,
        "due_at": datetime(2026, 1, 12, 3, 0, tzinfo=UTC),
        "limit_s": 7200,
        "clock": Clock.WORKING,
        "regulation": "dalat@2020-1",
        "calendar": "vn-state",
        "reporter": ReporterId("r_0123456789abcdef01234567"),
        "reporter_kind": ReporterKind.RESIDENT,
        "anonymity": Anonymity.OPEN,
        "language": Language.VIETNAMESE,
    }
    return CaseSnapshot(**{**plain, **changes})


def decision(**changes: Any) -> RoutingDecided:
    plain: dict[str, Any] = {
        "code": CODE,
        "case_sequence": 1,
        "unit": UnitId("ward_1"),
        "monitoring_unit": UnitId("urban_order_team"),
        "rule": RuleId("urban_order"),
        "category": CategoryId("urban_order"),
        "category_origin": Origin.REPORTER,
    }
    return RoutingDecided(**{**plain, **changes})


def received(event: CaseEvent, case: CaseSnapshot, sequence: int) -> Received:
    return Received(
        id=event_id("case", case.code, sequence),
        type=event.type,
        subject=case.code,
        sequence=sequence,
        time=event.at,
        event=event,
        case=case,
    )
