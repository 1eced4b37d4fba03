"""Who is told of a number or a dossier, in which words, and with what in it."""

from datetime import UTC, date, datetime

import pytest

from services.notify.messages import TEMPLATES
from services.notify.onestop.notices import TOLD, notice
from shared.events import Event, Received
from shared.events.onestop import (
    DOSSIER_EVENTS,
    Board,
    DossierSnapshot,
    DossierSupplementAsked,
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
    "dossier.ready.v1": DossierState.READY,
    "dossier.refused.v1": DossierState.REFUSED,
}


def dossier(
    kind: type[Event], language: Language, applicant: ReporterId | None = READER
) -> Received:
    snapshot = DossierSnapshot(
        number=NUMBER,
        procedure=ProcedureId("marital_status"),
        desk=DeskId("civil_status"),
        state=STATES.get(kind.type, DossierState.PROCESSING),
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
@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.type)
def test_an_applicant_reads_the_number_the_due_time_and_a_link(
    kind: type[Event], language: Language
) -> None:
    owed = notice(dossier(kind, language), "dalat@2020-1", NOW)
    assert owed is not None
    assert owed.recipient == f"reporter:{READER}"

    subject, text = MESSAGES.render(owed)

    assert NUMBER in subject
    token = TOKENS.issue_for("dossier", CODE)
    assert f"https://dalat.example/onestop#d={NUMBER}&t={token}" in text
    assert ("15/01/2026" in text) is (kind is not DossierSupplementAsked)


@pytest.mark.parametrize("language", list(Language))
def test_a_visitor_is_reminded_with_how_many_are_ahead(language: Language) -> None:
    owed = notice(nearing(language), "dalat@2020-1", NOW)
    assert owed is not None

    subject, text = MESSAGES.render(owed)

    assert "B-007" in subject
    assert "3" in text


def test_who_left_no_address_is_told_nothing_and_so_is_nobody_of_the_rest() -> None:
    quiet = set(DOSSIER_EVENTS) - set(TOLD)

    assert notice(nearing(Language.ENGLISH, None), "dalat@2020-1", NOW) is None
    for kind in TOLD:
        assert notice(dossier(kind, Language.ENGLISH, None), "dalat@2020-1", NOW) is None
    for kind in quiet:
        assert notice(dossier(kind, Language.ENGLISH), "dalat@2020-1", NOW) is None


def test_every_template_of_the_counter_is_there_in_both_languages() -> None:
    names = {path.name for path in (TEMPLATES / "onestop").glob("*.txt")}

    assert names == {
        f"{name}.{each}.txt" for name in ("nearing", "dossier") for each in ("vi", "en")
    }
