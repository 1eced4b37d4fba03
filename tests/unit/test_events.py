"""Events on the wire: what is read, what is refused and with which words."""

import json
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import PermanentError
from shared.events import (
    EVENTS,
    CaseEvent,
    CaseSubmitted,
    Received,
    RoutingDecided,
    event_id,
    to_wire,
)
from tests.builders import CODE, RECEIVED, decision, snapshot

SUBMITTED = CaseSubmitted(at=RECEIVED, actor="reporter")
BODY = to_wire(SUBMITTED, subject=CODE, sequence=1, at=RECEIVED, case=snapshot())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """Return a good envelope with one thing wrong."""
    envelope = orjson.loads(BODY)
    change(envelope)
    return orjson.dumps(envelope)


def test_what_was_written_is_read() -> None:
    assert Received.from_wire(BODY) == Received(
        id="DL-7K3Q-9M2F.case.1",
        type="case.submitted.v1",
        subject=CODE,
        sequence=1,
        time=RECEIVED,
        event=SUBMITTED,
        case=snapshot(),
    )


def test_an_event_without_a_case_has_none() -> None:
    body = to_wire(decision(), subject=CODE, sequence=1, at=RECEIVED)
    received = Received.from_wire(body)

    assert isinstance(received.event, RoutingDecided)
    assert received.case is None


def test_every_copy_of_an_event_has_the_same_identity_and_no_two_events_share_one() -> None:
    assert event_id("case", CODE, 1) == "DL-7K3Q-9M2F.case.1"
    ids = {
        event_id(entity, code, n)
        for entity in ("case", "routing", "deadline")
        for code in (CODE, "DL-2345-678B")
        for n in (1, 2, 11)
    }
    assert len(ids) == 18


def test_instants_keep_their_moment_in_any_zone() -> None:
    local = RECEIVED.astimezone(timezone(timedelta(hours=7)))
    body = to_wire(SUBMITTED, subject=CODE, sequence=1, at=local, case=snapshot(received_at=local))

    received = Received.from_wire(body)

    assert received.time == RECEIVED
    assert received.case
    assert received.case.received_at == RECEIVED


def test_of_an_unknown_type_the_snapshot_still_counts() -> None:
    received = Received.from_wire(changed(lambda e: e.update(type="case.painted.v1")))

    assert received.event is None
    assert received.case == snapshot()
    assert received.type == "case.painted.v1"


def test_a_sequence_may_be_a_text_as_other_tools_write_it() -> None:
    """The CloudEvents extension `sequence` is a String."""
    assert Received.from_wire(changed(lambda e: e.update(sequence="12"))).sequence == 12


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"\xff\xfe", "not JSON", id="bytes"),
        pytest.param(b"{", "not JSON", id="cut short"),
        pytest.param(b"[" * 2000, "not JSON", id="too deep"),
        pytest.param(b"[]", "envelope: model_type", id="a list"),
        pytest.param(b"null", "envelope: model_type", id="null"),
        pytest.param(b"{}", "id: missing; type: missing; subject: missing", id="nothing in it"),
        pytest.param(changed(lambda e: e.pop("id")), "schema: id: missing", id="no id"),
        pytest.param(changed(lambda e: e.update(id=7)), "id: string_type", id="a number as id"),
        pytest.param(
            changed(lambda e: e.update(type=[])), "type: string_type", id="a list as type"
        ),
        pytest.param(changed(lambda e: e.update(sequence=0)), "sequence: greater", id="sequence 0"),
        pytest.param(changed(lambda e: e.update(sequence=1e30)), "sequence", id="sequence 1e30"),
        pytest.param(changed(lambda e: e.update(sequence=1.5)), "sequence: int", id="half a step"),
        pytest.param(
            changed(lambda e: e.update(time="2026-01-12T08:00:00")),
            "time: timezone_aware",
            id="a time without a zone",
        ),
        pytest.param(changed(lambda e: e.update(time="today")), "time: datetime", id="no time"),
        pytest.param(changed(lambda e: e.update(data=[])), "data: dict_type", id="a list as data"),
        pytest.param(changed(lambda e: e["data"].pop("actor")), "actor: missing", id="no actor"),
        pytest.param(changed(lambda e: e["data"].pop("case")), "case: missing", id="no snapshot"),
        pytest.param(
            changed(lambda e: e["data"].update(case={})), "code: missing", id="an empty snapshot"
        ),
        pytest.param(
            changed(lambda e: e["data"]["case"].update(state="painted")),
            "state: enum",
            id="an unknown state",
        ),
    ],
)
def test_what_is_no_event_is_refused_with_the_place_of_the_fault(body: bytes, words: str) -> None:
    with pytest.raises(PermanentError) as caught:
        Received.from_wire(body)

    assert words in str(caught.value)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    body = changed(lambda e: e["data"].update(at="0900 000 001", actor=["Linh"]))

    with pytest.raises(PermanentError) as caught:
        Received.from_wire(body)

    assert "0900" not in str(caught.value)
    assert "Linh" not in str(caught.value)


@given(body=st.binary(max_size=64) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_event_or_refused_and_nothing_else(body: bytes) -> None:
    with pytest.raises(PermanentError):
        Received.from_wire(body)


@given(
    place=st.sampled_from(("id", "type", "subject", "sequence", "time", "data")),
    deeper=st.sampled_from((None, "actor", "at", "case", "suggestion", "mentions")),
    value=JSON,
)
def test_any_value_at_any_place_is_read_or_refused_and_nothing_else(
    place: str, deeper: str | None, value: Any
) -> None:
    envelope = orjson.loads(BODY)
    target, name = (envelope["data"], deeper) if place == "data" and deeper else (envelope, place)
    target[name] = value
    try:
        body = orjson.dumps(envelope)
    except TypeError:  # an integer of more than 64 bits is no JSON of ours
        return

    try:
        received = Received.from_wire(body)
    except PermanentError:
        return

    assert received.time.tzinfo is not None
    assert received.sequence >= 1


# The vocabulary of events


def test_case_events_are_said_by_intake_and_of_someone() -> None:
    said_by_intake = [kind for kind in EVENTS.values() if issubclass(kind, CaseEvent)]

    assert said_by_intake
    assert all(kind.source == "/civic/intake" for kind in said_by_intake)
    assert all(kind.type.startswith("case.") for kind in said_by_intake)


def test_an_event_is_frozen() -> None:
    event: Any = SUBMITTED

    with pytest.raises(ValueError, match="frozen"):
        event.actor = "another"
