"""How a dead letter is read, and which ones a replay takes along."""

from typing import Any

import pytest

from shared.deadletters.letter import Letter, chosen, full, named, read_letter, record
from shared.messaging import REASON_HEADER


def letter(subject: str, sequence: int, kind: str = "case.assigned.v1") -> Letter:
    body = b'{"subject":"%s","sequence":%d,"type":"%s"}' % (
        subject.encode(),
        sequence,
        kind.encode(),
    )
    return read_letter("sla.cases", f"{subject}.{kind}.{sequence}", body, {})


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\x00", b"[]", b"7", b'{"id": 5, "type": [], "subject": null, "sequence": "x"}'],
)
def test_bytes_that_say_nothing_are_a_letter_with_a_name_of_its_own(body: bytes) -> None:
    read = read_letter("sla.cases", None, body, {})

    assert read.id.startswith("body-")
    assert (read.type, read.subject, read.sequence) == ("-", "-", 0)
    assert full(read)["sha256"] == record(read)["sha256"]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        pytest.param({REASON_HEADER: "schema"}, "schema", id="ours"),
        pytest.param({REASON_HEADER: b"schema"}, "schema", id="ours, as bytes"),
        pytest.param({"x-death": [{"reason": "expired"}]}, "the broker: expired", id="broker's"),
        pytest.param({"x-death": []}, "unknown", id="none"),
        pytest.param({REASON_HEADER: 7, "x-death": "?"}, "unknown", id="nonsense"),
    ],
)
def test_the_reason_is_ours_or_the_brokers(headers: dict[str, Any], reason: str) -> None:
    assert read_letter("sla.cases", "x", b"{}", headers).reason == reason


def test_a_note_of_a_drop_holds_no_content() -> None:
    noted = record(read_letter("sla.cases", "x", b'{"data": "a street"}', {}))

    assert "street" not in repr(noted)
    assert noted["size_bytes"] == 20


def test_a_replay_takes_the_elders_of_the_case_along_and_nothing_else() -> None:
    letters = [
        letter("DL-B", 1),
        letter("DL-A", 4),
        letter("DL-A", 2),
        letter("DL-A", 3, "deadline.set.v1"),  # numbered apart, by another writer
        letter("DL-A", 7),
        read_letter("sla.cases", "garbage", b"", {}),
    ]

    assert [each.id for each in chosen(letters, [letters[1].id])] == [
        "DL-A.case.assigned.v1.2",
        "DL-A.case.assigned.v1.4",
    ]
    assert [each.id for each in chosen(letters, ["garbage"])] == ["garbage"]
    assert chosen(letters, ["nobody"]) == []


def test_all_means_every_letter_once_each_case_in_order() -> None:
    letters = [letter("DL-A", n) for n in (3, 1, 2)] + [letter("DL-B", n) for n in (9, 8)]

    replayed = chosen(letters, None)

    assert [(each.subject, each.sequence) for each in replayed] == [
        ("DL-A", 1),
        ("DL-A", 2),
        ("DL-A", 3),
        ("DL-B", 8),
        ("DL-B", 9),
    ]


def test_a_drop_takes_nothing_that_was_not_named() -> None:
    letters = [letter("DL-A", n) for n in (1, 2, 3)]

    assert [each.sequence for each in named(letters, [letters[2].id])] == [3]
