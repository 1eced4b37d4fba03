"""Instants and days that people send: those that arithmetic and the database survive."""

import pytest
from pydantic import TypeAdapter, ValidationError

from services.intake.cursors import BadCursorError, after_due, due_cursor
from services.notify.ioc.incidents import Place as IncidentPlace
from services.notify.ioc.open_cases import Place as CasePlace
from shared.instant import EARLIEST, AskedInstant, Day, Instant, read_instant

ENDS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00")  # in UTC they are no dates


@pytest.mark.parametrize("text", ENDS)
def test_the_ends_of_the_calendar_are_refused_everywhere(text: str) -> None:
    for kind in (Instant, AskedInstant):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(text)
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(text[:10])
    with pytest.raises(ValueError, match="between"):
        read_instant(text)
    with pytest.raises(ValueError, match="between"):
        CasePlace.read(f"2026-01-12T05:00:00Z~{text}~DL-1")
    with pytest.raises(ValueError, match="between"):
        CasePlace.read(f"{text}~2026-01-12T05:00:00Z~DL-1")
    with pytest.raises(ValueError, match="between"):
        IncidentPlace.read(f"{text}~i_1")


def test_a_cursor_of_a_list_with_such_a_due_time_is_none_of_ours() -> None:
    good = due_cursor(EARLIEST, "x")
    assert after_due("due_at", good)["$or"]

    with pytest.raises(BadCursorError):
        after_due("due_at", due_cursor(EARLIEST.replace(year=1), "x"))


def test_a_plus_that_became_a_blank_in_an_address_is_meant() -> None:
    for read in (TypeAdapter(AskedInstant).validate_python, read_instant):
        assert read("2026-01-12T12:00:00 07:00").isoformat() == "2026-01-12T12:00:00+07:00"
    with pytest.raises(ValueError, match="offset"):
        read_instant("2026-01-12T12:00:00")
