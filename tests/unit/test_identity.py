"""Codes that a person can type, tokens that nobody can guess, and reporters that stay sealed."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.errors import PermanentError
from shared.identity import (
    ALPHABET,
    Reporter,
    Seal,
    TrackingTokens,
    fingerprint,
    new_code,
    read_code,
)
from shared.vocabulary import CaseCode, Language, ReporterId

BODIES = st.text(alphabet=ALPHABET, min_size=7, max_size=7)
CODE = CaseCode("DL-2345-678B")
OTHER = new_code("DL")
SEAL = Seal(base64.b64encode(bytes(range(32))).decode())
WHO = ReporterId("r_0123456789abcdef01234567")
LINH = Reporter(name="Trần Thị Linh", phone="0900 000 001", email="linh@example.vn")


def complete(body: str) -> str:
    """Return the code whose first seven characters are `body`."""
    [code] = {
        code
        for last in ALPHABET
        if (code := read_code(f"DL-{body[:4]}-{body[4:]}{last}")) is not None
    }
    return code


# Codes


def test_a_new_code_is_a_code() -> None:
    for _ in range(500):
        code = new_code("DL")

        assert read_code(code) == code
        assert len(code) == len("DL-7K3Q-9M2F")


def test_new_codes_differ() -> None:
    assert len({new_code("DL") for _ in range(2000)}) == 2000


def test_the_alphabet_holds_nothing_that_is_mistaken_for_something_else() -> None:
    assert not set(ALPHABET) & set("ILO01")
    assert len(set(ALPHABET)) == 31  # prime: the check below finds every single mistake


@pytest.mark.parametrize(
    "typed",
    [
        "dl-2345-678b",
        "DL2345678B",
        "  DL 2345 678B\n",
        "dl 2345-678b",
        "DL--2345--678B",
        "D L-2 3 4 5-678B",
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert read_code(typed) == complete("2345678")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "DL",
        "DL-2345",
        "2345678B",
        "12-2345-678B",
        "DL-2345-678",
        "DL-2345-6780",
        "DL-2345-678O",
        "DL_2345_678B",
        "DL-2345-678B9",
        "ﬁ" * 12,
        "A" * 4000 + "-2345-678B",
        "ĐL-2345-678B",
        "D-2345-678B",
        "\x00",
        "DL-２３４５-678B",
    ],
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


@given(body=BODIES)
def test_every_seven_characters_have_exactly_one_check_character(body: str) -> None:
    assert complete(body)[3:].replace("-", "")[:7] == body


@given(body=BODIES, place=st.integers(0, 7), wrong=st.sampled_from(ALPHABET))
def test_a_single_wrong_character_is_noticed(body: str, place: int, wrong: str) -> None:
    right = complete(body)[3:].replace("-", "")
    assume(right[place] != wrong)

    assert read_code(f"DL{right[:place]}{wrong}{right[place + 1 :]}") is None


@given(body=BODIES, places=st.tuples(st.integers(0, 7), st.integers(0, 7)))
def test_two_characters_that_changed_places_are_noticed(body: str, places: tuple[int, int]) -> None:
    right = list(complete(body)[3:].replace("-", ""))
    first, second = places
    assume(right[first] != right[second])
    right[first], right[second] = right[second], right[first]

    assert read_code("DL" + "".join(right)) is None


@given(text=st.text(max_size=20))
def test_any_text_is_a_code_in_our_spelling_or_none(text: str) -> None:
    code = read_code(text)

    assert code is None or read_code(code) == code


# Tokens


def test_a_token_opens_its_own_case_only() -> None:
    tokens = TrackingTokens(["one secret"])

    assert tokens.valid(CODE, tokens.issue(CODE))
    assert not tokens.valid(OTHER, tokens.issue(CODE))


def test_a_token_is_always_the_same_and_long_enough() -> None:
    token = TrackingTokens(["one secret"]).issue(CODE)

    assert token == TrackingTokens(["one secret"]).issue(CODE)
    assert len(base64.urlsafe_b64decode(token)) * 8 == 192


@pytest.mark.parametrize("token", ["", "x", "Đà Lạt", "\x00", "A" * 10_000])
def test_another_token_is_not_valid(token: str) -> None:
    assert not TrackingTokens(["one secret"]).valid(CODE, token)


def test_after_a_change_of_the_secret_old_tokens_still_open_and_new_ones_are_issued() -> None:
    old, both = TrackingTokens(["old"]), TrackingTokens(["new", "old"])

    assert both.valid(CODE, old.issue(CODE))
    assert both.issue(CODE) == TrackingTokens(["new"]).issue(CODE) != old.issue(CODE)
    assert not TrackingTokens(["new"]).valid(CODE, old.issue(CODE))


@pytest.mark.parametrize("secrets_", [[], [""], ["a secret", ""], ["", "a secret"]])
def test_there_are_no_tokens_under_an_empty_secret(secrets_: list[str]) -> None:
    with pytest.raises(ValueError, match="empty"):
        TrackingTokens(secrets_)


def test_a_fingerprint_tells_nothing_of_the_secret_and_is_always_the_same() -> None:
    assert fingerprint("key") == fingerprint("key") != fingerprint("Key")
    assert fingerprint("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


# The seal


def test_what_was_sealed_opens_again() -> None:
    assert SEAL.open(WHO, SEAL.close(WHO, LINH)) == LINH
    nobody = Reporter(language=Language.ENGLISH)
    assert SEAL.open(WHO, SEAL.close(WHO, nobody)) == nobody


def test_nothing_of_a_person_can_be_read_in_what_is_stored() -> None:
    stored = b"".join(
        each if isinstance(each, bytes) else str(each).encode()
        for each in SEAL.close(WHO, LINH).values()
    )

    # long enough that random bytes do not hold them by chance: four characters do, once in 60,000
    for part in ("Trần Thị", "0900 000", "000 001", "linh@", "example.vn"):
        plain = part.encode()
        assert plain not in stored
        for shift in range(3):  # how the part may lie in the groups of three that base64 makes
            written = base64.b64encode(bytes(shift) + plain)
            first, last = -(-shift * 8 // 6), (shift + len(plain)) * 8 // 6
            assert written[first:last] not in stored


def test_two_seals_of_one_person_have_nothing_in_common() -> None:
    first, second = SEAL.close(WHO, LINH), SEAL.close(WHO, LINH)

    assert first["sealed"] != second["sealed"]
    assert first["key"] != second["key"]


def _other(document: Mapping[str, Any]) -> dict[str, Any]:
    return {**SEAL.close(WHO, Reporter(name="Nam")), "sealed": document["sealed"]}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: {**d, "sealed": d["sealed"][:-1]}, id="cut short"),
        pytest.param(lambda d: {**d, "sealed": d["sealed"][:5]}, id="cut to a stump"),
        pytest.param(lambda d: {**d, "sealed": b""}, id="emptied"),
        pytest.param(lambda d: {**d, "key": d["key"][:5]}, id="the key cut short"),
        pytest.param(
            lambda d: {**d, "sealed": d["sealed"][:-1] + bytes([d["sealed"][-1] ^ 1])},
            id="one bit turned",
        ),
        pytest.param(
            lambda d: {**d, "key": d["key"][:20] + bytes([d["key"][20] ^ 1]) + d["key"][21:]},
            id="one bit of the key turned",
        ),
        pytest.param(_other, id="under another one's key"),
    ],
)
def test_a_changed_document_does_not_open(change: Any) -> None:
    with pytest.raises(PermanentError):
        SEAL.open(WHO, change(SEAL.close(WHO, LINH)))


def test_a_document_moved_to_another_person_does_not_open() -> None:
    with pytest.raises(PermanentError):
        SEAL.open(ReporterId("r_another"), SEAL.close(WHO, LINH))


@pytest.mark.parametrize(
    "key", ["", "c2hvcnQ=", "not base64!", base64.b64encode(bytes(33)).decode()]
)
def test_a_master_key_of_another_length_is_refused(key: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of base64 or of ours, with its own words
        Seal(key)


def test_an_unknown_field_of_a_later_version_is_ignored() -> None:
    assert Reporter.model_validate_json(orjson.dumps({"name": "Nam", "zalo": "x"})).name == "Nam"
