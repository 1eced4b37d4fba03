"""The audit's chain: every way to falsify it that a reader of the entries can see, is seen."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.audit import (
    EMPTY,
    REPORTER,
    BrokenChainError,
    Entry,
    Head,
    Note,
    Proof,
    chained,
)

AT = datetime(2026, 1, 12, 1, 0, 0, 123_456, tzinfo=UTC)


def note(number: int = 1, **changes: Any) -> Note:
    plain: dict[str, Any] = {
        "at": AT + timedelta(minutes=number),
        "actor": "a_17",
        "role": "officer",
        "unit": "ward_1",
        "kind": "reporter.viewed",
        "subject": "DL-7K3Q-9M2F",
        "purpose": "contact_reporter",
        "detail": {"media": "m1", "again": False, "count": number, "fields": ["role", "unit"]},
    }
    return Note(**{**plain, **changes})


def chain(length: int = 6) -> list[Entry]:
    return chained(EMPTY, [note(number) for number in range(length)])


def proven(entries: Sequence[Entry], *published: Head) -> Head:
    proof = Proof(published)
    for each in entries:
        proof.take(each)
    return proof.end()


def bad(entries: Sequence[Entry], *published: Head) -> tuple[int, str]:
    with pytest.raises(BrokenChainError) as caught:
        proven(entries, *published)
    return caught.value.number, caught.value.reason


def test_an_untouched_chain_is_proven_and_its_head_is_the_last_hash() -> None:
    entries = chain()

    assert proven(entries) == Head(6, entries[-1].hash)
    assert [each.number for each in entries] == [1, 2, 3, 4, 5, 6]
    assert proven([]) == EMPTY


def test_the_hash_can_be_computed_without_our_code() -> None:
    """By Python's own json: keys sorted, no white space, UTF-8, as the module says."""
    [entry] = chained(EMPTY, [note(subject='Đà Lạt \t"\\', detail={"text": "ê\u2028\x7f\x01"})])
    fields = {
        "actor": "a_17",
        "at": "2026-01-12T01:01:00.123+00:00",
        "detail": {"text": "ê\u2028\x7f\x01"},
        "kind": "reporter.viewed",
        "number": 1,
        "previous": "0" * 64,
        "purpose": "contact_reporter",
        "role": "officer",
        "subject": 'Đà Lạt \t"\\',
        "unit": "ward_1",
    }

    plain = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert entry.hash == hashlib.sha256(plain.encode()).hexdigest()
    assert entry.to_json() == {**fields, "hash": entry.hash}


def test_the_time_is_hashed_as_the_database_gives_it_back() -> None:
    local = AT.astimezone(timezone(timedelta(hours=7)))
    kept = AT.replace(microsecond=123_000)

    one, other, third = (chained(EMPTY, [note(at=at)])[0] for at in (AT, local, kept))

    assert one.hash == other.hash == third.hash


def falsified(change: Callable[[list[Entry]], Any]) -> tuple[int, str]:
    entries = chain()
    change(entries)
    return bad(entries)


def rehashed(entry: Entry, **changes: Any) -> Entry:
    """What somebody writes who knows how entries are hashed."""
    plain = {name: getattr(entry, name) for name in Note.model_fields} | changes
    return Entry.after(Head(entry.number - 1, entry.previous), Note(**plain))


def replace(entries: list[Entry], number: int, entry: Entry) -> None:
    entries[number - 1] = entry


def swap(entries: list[Entry]) -> None:
    """Exchange what stands at the numbers 3 and 4."""
    third, fourth = entries[2], entries[3]
    replace(entries, 3, fourth.model_copy(update={"number": 3}))
    replace(entries, 4, third.model_copy(update={"number": 4}))


@pytest.mark.parametrize(
    ("change", "number", "reason"),
    [
        pytest.param(
            lambda e: replace(e, 3, e[2].model_copy(update={"purpose": "verify_report"})),
            3,
            "was changed",
            id="a field is changed",
        ),
        pytest.param(
            lambda e: replace(e, 3, e[2].model_copy(update={"at": e[2].at + timedelta(days=1)})),
            3,
            "was changed",
            id="the time is changed",
        ),
        pytest.param(
            lambda e: replace(e, 3, rehashed(e[2], purpose="verify_report")),
            4,
            "does not continue",
            id="a field is changed and hashed again",
        ),
        pytest.param(lambda e: e.pop(2), 3, "is missing", id="one is deleted"),
        pytest.param(lambda e: e.pop(0), 1, "is missing", id="the first is deleted"),
        pytest.param(swap, 3, "was changed", id="two exchange their places"),
        pytest.param(lambda e: e.insert(3, e[2]), 3, "out of its order", id="one stands twice"),
        pytest.param(
            lambda e: e.append(Entry.after(Head(6, "f" * 64), note())),
            7,
            "does not continue",
            id="one is put behind nothing",
        ),
    ],
)
def test_a_falsified_chain_names_its_first_bad_entry(
    change: Callable[[list[Entry]], Any], number: int, reason: str
) -> None:
    found, said = falsified(change)

    assert found == number
    assert reason in said


@given(st.integers(0, 9), st.sampled_from(sorted(set(Entry.model_fields) - {"number"})))
def test_no_field_of_no_entry_can_be_changed_unseen(position: int, field: str) -> None:
    entries = chain(10)
    changed: dict[str, Any] = {
        "at": AT - timedelta(seconds=1),
        "detail": {},
        "previous": "a" * 64,
        "hash": "b" * 64,
    }
    entries[position] = entries[position].model_copy(
        update={field: changed.get(field, "something else")}
    )

    assert bad(entries)[0] == position + 1


def test_a_cut_tail_is_seen_by_whoever_holds_a_published_head() -> None:
    entries = chain()
    head = proven(entries)

    assert proven(entries[:4]) == Head(4, entries[3].hash)  # nothing inside it tells
    assert bad(entries[:4], head) == (5, "is missing: the chain was published up to 6")


def test_a_chain_written_anew_is_seen_by_whoever_holds_a_published_head() -> None:
    entries = chain()
    published = Head(4, entries[3].hash)
    forged = [*entries[:2], *chained(entries[1].head, [note(n, actor="a_99") for n in range(4)])]

    assert proven(forged).number == 6
    assert bad(forged, published)[0] == 4


def test_an_older_published_head_is_no_obstacle() -> None:
    entries = chain()

    assert proven(entries, EMPTY, entries[0].head, entries[5].head) == entries[5].head


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"extra": 1}, id="a field too many"),
        pytest.param({"purpose": ...}, id="a field too few"),
        pytest.param({"_id": 1.0}, id="a number that is none"),
        pytest.param({"_id": "1"}, id="a number as text"),
        pytest.param({"at": "2026-01-12"}, id="a time as text"),
        pytest.param({"hash": "x"}, id="a hash that is none"),
    ],
)
def test_what_is_no_entry_is_seen(changes: dict[str, Any]) -> None:
    document = {**chain(1)[0].to_document(), **changes}
    document = {name: value for name, value in document.items() if value is not ...}

    with pytest.raises(BrokenChainError, match="is no entry"):
        Entry.from_document(document)


def test_an_entry_comes_back_from_its_document_as_it_was() -> None:
    for each in chain():
        assert Entry.from_document(each.to_document()) == each


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"kind": "looked"}, id="a kind without a thing"),
        pytest.param({"kind": "reporter.Viewed at night"}, id="a kind with blanks"),
        pytest.param({"at": datetime(2026, 1, 12)}, id="a time without a zone"),  # noqa: DTZ001
        pytest.param({"actor": ""}, id="nobody"),
        pytest.param({"detail": {"a b": 1}}, id="a key that is none"),
        pytest.param({"detail": {"x": 2**53}}, id="a number that JSON does not carry"),
        pytest.param({"detail": {"x": 0.5}}, id="a fraction: each language writes it otherwise"),
        pytest.param({"detail": {"x": {"y": 1}}}, id="a document in a document"),
        pytest.param({"detail": {"x": "y" * 501}}, id="a text"),
        pytest.param({"detail": {f"k{n}": n for n in range(21)}}, id="too many facts"),
    ],
)
def test_what_cannot_be_hashed_the_same_everywhere_is_refused_before_it_is_written(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError):
        note(**changes)


def test_a_head_is_read_as_it_is_written() -> None:
    head = chain()[2].head

    assert Head.parse(f" {head}\n") == head


@pytest.mark.parametrize("text", ["", "12", "x:y", f"-1:{'0' * 64}", f"3:{'0' * 63}"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number:hash"):
        Head.parse(text)


def test_the_reporter_acts_without_account_role_or_unit() -> None:
    assert (REPORTER.account, REPORTER.role, REPORTER.unit) == ("reporter", None, None)
