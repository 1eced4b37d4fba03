"""What a subscriber over AMQP knows by a bare offset: its stream, or one that was made anew."""

from pathlib import Path
from typing import Any

import pytest

from deploy.examples.ledger import Ledger


def event(number: int, life: str = "a") -> dict[str, Any]:
    """The `number`th event of a case, as one life of the stream holds it."""
    return {
        "id": f"{life}.{number}",
        "type": "case.assigned.v1",
        "subject": "DL-7K3Q-9M2F",
        "sequence": number + 1,
        "data": {},
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger that knows the events 0 to 2."""
    path = tmp_path / "state.json"
    ledger = Ledger(path)
    with ledger.listening():
        assert [ledger.take_at(str(n), event(n)) for n in range(3)] == [True] * 3
    ledger.save()
    return path


def test_it_goes_on_behind_what_it_knows_though_a_chunk_begins_before(path: Path):
    ledger = Ledger(path)
    with ledger.listening():
        assert [ledger.take_at(str(n), event(n)) for n in range(5)] == [False] * 3 + [True] * 2
    assert ledger.cursor == "4"


def test_another_event_at_its_place_is_another_stream(path: Path):
    ledger = Ledger(path)
    with ledger.listening():
        ledger.take_at("2", event(2, "b"))
    assert Ledger(path).cursor == "-1"
    assert len(Ledger(path).state) == 1  # what was folded up stays true


@pytest.mark.parametrize(("heard", "cursor"), [(True, "2"), (False, "-1")])
def test_silence_is_another_stream_only_when_its_place_was_not_found(
    path: Path, *, heard: bool, cursor: str
):
    ledger = Ledger(path)
    with ledger.listening():
        if heard:
            ledger.take_at("2", event(2))
        raise TimeoutError
    assert Ledger(path).cursor == cursor
