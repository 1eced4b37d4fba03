"""The fold that every subscriber can run: copies and order of arrival do not matter."""

import random

from hypothesis import given
from hypothesis import strategies as st

from shared.fold import State, fold, missed, state_hash


def event(subject: str, sequence: int, entity: str = "case") -> dict[str, object]:
    return {
        "type": f"{entity}.moved.v1",
        "subject": subject,
        "sequence": sequence,
        "data": {"n": sequence, "chữ": "ạ"},
    }


def folded(events: list[dict[str, object]]) -> State:
    state: State = {}
    for each in events:
        fold(state, each)
    return state


STREAM = [event(subject, n) for n in range(1, 5) for subject in ("A", "B", "C")]


@given(st.integers(0, 2**31))
def test_copies_and_other_entities_in_between_change_nothing(seed: int) -> None:
    dice = random.Random(seed)
    with_copies: list[dict[str, object]] = []
    for each in STREAM:
        with_copies.append(each)
        with_copies += dice.choices(with_copies, k=dice.randrange(3))

    assert state_hash(folded(with_copies)) == state_hash(folded(STREAM)), f"seed {seed}"
    assert missed(folded(with_copies)) == 0


def test_one_event_less_is_another_hash_and_is_counted() -> None:
    for position in range(len(STREAM)):
        less = STREAM[:position] + STREAM[position + 1 :]
        assert state_hash(folded(less)) != state_hash(folded(STREAM))
    assert missed(folded([STREAM[0], STREAM[6]])) == 1


def test_a_changed_event_is_another_hash() -> None:
    changed = [*STREAM[:-1], {**STREAM[-1], "data": {"n": 99}}]

    assert state_hash(folded(changed)) != state_hash(folded(STREAM))


def test_entities_with_the_same_subject_are_told_apart() -> None:
    state = folded([event("A", 1), event("A", 1, "deadline")])

    assert sorted(state) == ["case/A", "deadline/A"]
