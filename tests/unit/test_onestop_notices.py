"""Who is told of a number or a dossier, in which words, and with what in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services.notify.domain import DeliveryState, Person, QuietHours
from services.notify.messages import TEMPLATES
from services.notify.onestop.notices import notice, warnings
from shared.events import Event, Received
from shared.events.onestop import (
    DOSSIER_EVENTS,
    Board,
    DossierPostponed,
    DossierSnapshot,
    DossierSupplementAsked,
    DueDateApproaching,
    DueDateEvent,
    DueDateMissed,
    TicketNearing,
)
from shared.vocabulary import DeskId, DossierState, Language, ProcedureId, ReporterId
from tests.unit.test_messages import MESSAGES, TOKENS

NOW = datetime(2026, 1, 12, 2, 0, tzinfo=UTC)
READER = ReporterId("r_0123456789abcdef01234567")
CODE, NUMBER = "HS-7K3Q-9M2F", "HS-260112-7K3Q-9M2F"
STATES = {
    "dossier.submitted.v1": DossierState.SUBMITTED,
    "dossier.received.v1": DossierState.RECEIVED,
    "dossier.supplement_asked.v1": DossierState.SUPPLEMENT,
    "dossier.supplemented.v1": DossierState.RECEIVED,
    "dossier.processing.v1": DossierState.PROCESSING,
    "dossier.ready.v1": DossierState.READY,
    "dossier.returned.v1": DossierState.RETURNED,
    "dossier.refused.v1": DossierState.REFUSED,
    "dossier.withdrawn.v1": DossierState.WITHDRAWN,
    "dossier.postponed.v1": DossierState.PROCESSING,
}
WITHOUT_DATE = {  # the clock stands, or has ended
    DossierState.SUPPLEMENT,
    DossierState.READY,
    DossierState.RETURNED,
    DossierState.REFUSED,
    DossierState.WITHDRAWN,
}


def dossier(
    kind: type[Event], language: Language, applicant: ReporterId | None = READER
) -> Received:
    snapshot = DossierSnapshot(
        number=NUMBER,
        procedure=ProcedureId("marital_status"),
        desk=DeskId("civil_status"),
        state=STATES[kind.type],
        through="online",
        submitted_at=NOW,
        due_at=datetime(2026, 1, 15, 2, 0, tzinfo=UTC),
        limit_s=86_400,
        calendar="vn-state",
        paused_at=NOW if kind is DossierSupplementAsked else None,
        applicant=applicant,
        language=language,
    )
    more = {"items": ("identity",), "reason": "not_eligible"}
    fields = {name: value for name, value in more.items() if name in kind.model_fields}
    event = kind(at=NOW, actor="u_clerk", dossier=snapshot, **fields)
    return _received(event, CODE)


def nearing(language: Language, visitor: ReporterId | None = READER) -> Received:
    board = Board(desk=DeskId("land"), on=date(2026, 1, 12))
    event = TicketNearing(
        at=NOW,
        actor="intake",
        ticket="t_1",
        label="B-007",
        board=board,
        ahead=3,
        visitor=visitor,
        language=language,
    )
    return _received(event, "land.2026-01-12")


def _received(event: Event, subject: str) -> Received:
    return Received(f"{subject}.1", event.type, subject, 1, NOW, event, None)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", DOSSIER_EVENTS, ids=lambda kind: kind.type)
def test_an_applicant_hears_of_every_change_with_the_number_the_due_time_and_a_link(
    kind: type[Event], language: Language
) -> None:
    owed = notice(dossier(kind, language), "dalat@2020-1", NOW)
    assert owed is not None
    assert owed.recipient == f"reporter:{READER}"

    subject, text = MESSAGES.render(owed)

    assert NUMBER in subject
    assert subject.partition("]")[2].split()[-1] not in {"dossier", "sơ"}  # what happened to it
    token = TOKENS.issue_for("dossier", CODE)
    assert f"https://dalat.example/onestop#d={NUMBER}&t={token}" in text
    assert ("15/01/2026" in text) is (STATES[kind.type] not in WITHOUT_DATE)
    assert len(MESSAGES.short(owed)["status"]) <= 30


@pytest.mark.parametrize("language", list(Language))
def test_a_visitor_is_reminded_with_how_many_are_ahead(language: Language) -> None:
    owed = notice(nearing(language), "dalat@2020-1", NOW)
    assert owed is not None

    subject, text = MESSAGES.render(owed)

    assert "B-007" in subject
    assert "3" in text
    link = "https://dalat.example/onestop"
    token = TOKENS.issue_for("ticket", "t_1")  # without it nobody could give the number back
    assert f"{link}#n=t_1&t={token}\n" in text
    assert MESSAGES.short(owed)["link"] == link


def test_who_left_no_address_is_told_nothing() -> None:
    assert notice(nearing(Language.ENGLISH, None), "dalat@2020-1", NOW) is None
    for kind in DOSSIER_EVENTS:
        assert notice(dossier(kind, Language.ENGLISH, None), "dalat@2020-1", NOW) is None


def test_every_template_of_the_counter_is_there_in_both_languages() -> None:
    names = {path.name for path in (TEMPLATES / "onestop").glob("*.txt")}

    assert names == {
        f"{name}.{each}.txt"
        for name in ("nearing", "dossier", "postponed", "desk_approaching", "desk_missed", "late")
        for each in ("vi", "en")
    }


@pytest.mark.parametrize(("language", "sorry"), [("vi", "Xin lỗi"), ("en", "sorry")])
def test_an_applicant_whose_result_comes_later_reads_an_apology_and_the_new_date(
    language: str, sorry: str
) -> None:
    heard = dossier(DossierPostponed, Language(language))
    assert isinstance(heard.event, DossierPostponed)
    new = datetime(2026, 2, 3, 2, 0, tzinfo=UTC)
    later = heard.event.dossier.model_copy(update={"promised_at": new})
    event = heard.event.model_copy(update={"dossier": later})

    owed = notice(replace(heard, event=event), "dalat@2020-1", NOW)
    assert owed is not None
    subject, text = MESSAGES.render(owed)

    assert sorry in subject
    assert "03/02/2026" in text
    assert "15/01/2026" not in text


def due(
    kind: type[DueDateEvent],
    applicant: ReporterId | None = READER,
    language: Language = Language.VIETNAMESE,
    **more: bool,
) -> Received:
    event = kind(
        number=NUMBER,
        procedure=ProcedureId("marital_status"),
        desk=DeskId("civil_status"),
        version=1,
        due_at=datetime(2026, 1, 15, 2, 0, tzinfo=UTC),
        applicant=applicant,
        language=language,
        **more,
    )
    return _received(event, CODE)


CLERKS = [Person("a_1", Language.VIETNAMESE, "a@x"), Person("a_2", Language.ENGLISH, "b@x")]
QUIET = QuietHours(time(22), time(6), ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.mark.parametrize("kind", [DueDateApproaching, DueDateMissed])
def test_every_clerk_reads_that_a_due_date_is_near_or_over(kind: type[DueDateEvent]) -> None:
    owed = warnings(due(kind), CLERKS, "dalat@2020-1", now=NOW, quiet=QUIET)

    assert [each.recipient for each in owed] == ["account:a_1", "account:a_2"]
    assert {each.unit for each in owed} == {"onestop"}
    for each in owed:
        subject, text = MESSAGES.render(each)
        assert NUMBER in subject
        assert "09:00" in text
        assert "15/01/2026" in text
        assert "https://dalat.example/desk/onestop\n" in text
        assert len(MESSAGES.short(each)["status"]) <= 30


def to_clerks(heard: Received) -> list[str]:
    """What the clerks read, in Vietnamese and in English."""
    owed = warnings(heard, CLERKS, "dalat@2020-1", now=NOW, quiet=QUIET)
    return [MESSAGES.render(each)[1] for each in owed]


def test_a_clerk_reads_whether_the_applicant_of_a_late_dossier_was_told() -> None:
    vi, en = to_clerks(due(DueDateMissed))
    unknown_vi, unknown_en = to_clerks(due(DueDateMissed, None))

    assert "Hệ thống đã gửi lời xin lỗi đến người nộp (nếu liên hệ được)." in vi
    assert "has been sent an apology, if they could be reached." in en
    assert "Người nộp không để lại địa chỉ: hãy báo và xin lỗi trực tiếp." in unknown_vi
    assert "đã gửi" not in unknown_vi
    assert "left no address: tell them yourself" in unknown_en
    assert "has been sent" not in unknown_en


@pytest.mark.parametrize("language", list(Language))
def test_a_new_date_is_promised_once(language: Language) -> None:
    """Another one cannot be given: neither is it promised, nor are the clerks asked for it."""

    def said(*, promised: bool) -> list[str]:
        late = notice(due(DueDateMissed, language=language, promised=promised), "dalat@2020-1", NOW)
        assert late
        near, missed = (
            due(kind, promised=promised) for kind in (DueDateApproaching, DueDateMissed)
        )
        return [MESSAGES.render(late)[1], *to_clerks(near), *to_clerks(missed)]

    new_date = ("new date", "ngày hẹn mới", "hẹn lại ngày")
    assert all(any(each in text for each in new_date) for text in said(promised=False))
    assert not any(each in text for each in new_date for text in said(promised=True))


def test_what_was_owed_by_an_older_version_can_still_be_written() -> None:
    late, reminder = (
        notice(due(DueDateMissed), "d", NOW),
        notice(nearing(Language.ENGLISH), "d", NOW),
    )
    assert late
    assert reminder
    older = [*warnings(due(DueDateMissed), CLERKS, "d", now=NOW, quiet=QUIET), late, reminder]
    for each in older:
        kept = {
            k: v for k, v in each.facts["onestop"].items() if k not in {"told", "again", "ticket"}
        }
        facts = {**each.facts, "regulation": "dalat@2020-1", "onestop": kept}

        _, text = MESSAGES.render(replace(each, facts=facts))

        assert "https://dalat.example/" in text


def test_a_clerk_who_sleeps_is_told_in_the_morning() -> None:
    night = NOW.replace(hour=20)
    [owed] = warnings(due(DueDateMissed), CLERKS[:1], "dalat@2020-1", now=night, quiet=QUIET)

    assert owed.next_at == datetime(2026, 1, 12, 23, 0, tzinfo=UTC)


def test_a_counter_without_clerks_is_seen_by_the_office() -> None:
    [owed] = warnings(due(DueDateMissed), [], "dalat@2020-1", now=NOW, quiet=QUIET)

    assert (owed.recipient, owed.state, owed.reason) == (
        "unit:onestop",
        DeliveryState.UNDELIVERABLE,
        "no_contact",
    )


def test_the_applicant_of_a_late_dossier_reads_an_apology_and_of_a_near_date_nothing() -> None:
    owed = notice(due(DueDateMissed), "dalat@2020-1", NOW)
    assert owed is not None

    subject, text = MESSAGES.render(owed)

    assert owed.recipient == f"reporter:{READER}"
    assert "Xin lỗi" in subject
    assert "15/01/2026" in text
    assert f"#d={NUMBER}&t=" in text
    assert notice(due(DueDateApproaching), "dalat@2020-1", NOW) is None
    assert notice(due(DueDateMissed, None), "dalat@2020-1", NOW) is None


def test_nothing_but_a_due_date_warns_the_counter() -> None:
    for kind in DOSSIER_EVENTS:
        heard = dossier(kind, Language.ENGLISH)
        assert warnings(heard, CLERKS, "dalat@2020-1", now=NOW, quiet=QUIET) == []
