"""The seal with several master keys: the first seals, all open, a key can be changed."""

import base64

import pytest

from shared.errors import PermanentError
from shared.identity import PURPOSES, Purpose, Reporter, Seal
from shared.vocabulary import ReporterId

OLD = base64.b64encode(bytes(range(32))).decode()
NEW = base64.b64encode(bytes(range(32, 64))).decode()
WHO = ReporterId("r_0123456789abcdef01234567")
REPORTER = Reporter(name="Nguyễn Thị Đào", phone="0263 3822 000", email="dao@example.vn")


def test_one_key_seals_and_opens_as_before() -> None:
    seal = Seal(OLD)

    document = seal.close(WHO, REPORTER)

    assert seal.open(WHO, document) == REPORTER
    assert document["key_id"] == "630dcd29"  # first 8 hex digits of the SHA-256 of the key
    assert b"Nguy" not in document["sealed"]


def test_a_document_from_before_key_ids_opens() -> None:
    document = Seal(OLD).close(WHO, REPORTER)
    del document["key_id"]

    assert Seal(OLD).open(WHO, document) == REPORTER
    assert Seal(f"{NEW},{OLD}").open(WHO, document) == REPORTER


def test_the_first_key_seals_and_all_open() -> None:
    both = Seal(f"{NEW}, {OLD}")

    new, old = both.close(WHO, REPORTER), Seal(OLD).close(WHO, REPORTER)

    assert both.key_id == Seal(NEW).key_id != Seal(OLD).key_id
    assert Seal(NEW).open(WHO, new) == REPORTER
    assert both.open(WHO, old) == REPORTER
    with pytest.raises(PermanentError):
        Seal(OLD).open(WHO, new)


def test_a_rewrapped_key_needs_the_new_master_key_only() -> None:
    document = Seal(OLD).close(WHO, REPORTER)

    moved = {**document, **Seal(f"{NEW},{OLD}").rewrap(WHO, document)}

    assert Seal(NEW).open(WHO, moved) == REPORTER
    assert moved["sealed"] == document["sealed"]  # only the key is wrapped anew
    with pytest.raises(PermanentError):
        Seal(OLD).open(WHO, moved)


def test_what_none_of_the_keys_opens_is_not_rewrapped() -> None:
    document = Seal(OLD).close(WHO, REPORTER)

    with pytest.raises(PermanentError):
        Seal(NEW).rewrap(WHO, document)


@pytest.mark.parametrize("field", ["key", "sealed"])
def test_a_changed_document_does_not_open(field: str) -> None:
    seal = Seal(OLD)
    document = seal.close(WHO, REPORTER)
    document[field] = document[field][:-1] + bytes([document[field][-1] ^ 1])

    with pytest.raises(PermanentError):
        seal.open(WHO, document)


def test_a_document_moved_to_another_reporter_does_not_open() -> None:
    seal = Seal(OLD)

    with pytest.raises(PermanentError):
        seal.open(ReporterId("r_another"), seal.close(WHO, REPORTER))


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param("", id="none"),
        pytest.param("c2hvcnQ=", id="too short"),
        pytest.param(f"{OLD},", id="a comma too many"),
        pytest.param(f"{OLD},?", id="not base64"),
    ],
)
def test_a_seal_without_proper_keys_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match=r"sealing key|base64"):
        Seal(keys)


def test_every_purpose_has_words_in_both_languages() -> None:
    assert set(PURPOSES) == set(Purpose)
    assert len({each.vi for each in PURPOSES.values()}) == len(Purpose)
    assert len({each.en for each in PURPOSES.values()}) == len(Purpose)
