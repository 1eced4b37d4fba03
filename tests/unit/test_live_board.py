"""The board of the live streams: newest wins, nothing twice, and what it says holds no more."""

from collections.abc import Sequence

import orjson
import pytest

from services.notify.live import board as boards
from services.notify.live.board import Board, Standing
from shared import origins
from shared.events import CaseAccepted, CaseSnapshot, to_wire
from shared.stream import StreamEvent
from shared.vocabulary import CaseCode, State, UnitId
from tests.contract.golden_events import AT, CODE, example

CASE: CaseSnapshot = example(CaseSnapshot)


class View:
    """A stored view in which nothing was heard yet, or one case was."""

    def __init__(self, stored: tuple[int, CaseSnapshot] | None = None) -> None:
        self.stored = stored

    async def standing(self, code: CaseCode) -> tuple[int, CaseSnapshot] | None:
        return self.stored if code else None

    async def unfinished(self, limit: int) -> Sequence[tuple[int, CaseSnapshot]]:
        return [self.stored][:limit] if self.stored else []


def event(offset: int, sequence: int, **changes: object) -> StreamEvent:
    case = CASE.model_copy(update=changes)
    body = to_wire(example(CaseAccepted), subject=CODE, sequence=sequence, at=AT, case=case)
    return StreamEvent(offset, CaseAccepted.type, body)


def board(stored: tuple[int, CaseSnapshot] | None = None) -> Board:
    return Board(View(stored))  # pyright: ignore[reportArgumentType]


def test_a_copy_and_an_older_version_move_nothing() -> None:
    told = board()
    for each in (event(7, 2), event(8, 1), event(9, 2), event(10, 3)):
        told.take(each)

    assert [(move.offset, move.after.version) for move in told.after(-1)] == [(7, 2), (10, 3)]


def test_a_move_knows_what_the_case_was_before() -> None:
    told = board()
    told.take(event(1, 1, unit=UnitId("ward_1")))
    told.take(event(2, 2, unit=UnitId("ward_2")))

    first, second = told.after(-1)
    assert first.before is None
    assert second.before is not None
    assert (second.before.unit, second.after.unit) == ("ward_1", "ward_2")


async def test_a_primed_board_knows_the_case_before_its_first_move() -> None:
    told = board((4, CASE))
    await told.prime()
    told.take(event(20, 5, state=State.RESOLVED))

    assert told.after(-1)[0].before == Standing.of(4, CASE)


async def test_the_newer_of_stored_and_heard_is_where_a_case_stands() -> None:
    told = board((3, CASE))
    stored = await told.standing(CaseCode(CODE))
    told.take(event(1, 4))
    heard = await told.standing(CaseCode(CODE))

    assert stored is not None
    assert heard is not None
    assert (stored.version, heard.version) == (3, 4)


def test_what_is_said_of_a_case_is_code_state_version_and_due_time() -> None:
    told = board()
    told.take(event(1, 6, state=State.IN_PROGRESS))

    said = orjson.loads(told.after(-1)[0].after.told())
    assert said == {
        "code": CODE,
        "state": "in_progress",
        "version": 6,
        "due_at": CASE.due_at.isoformat(),
    }


def test_who_comes_back_after_too_long_is_not_told_a_part_as_if_it_were_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boards, "KEPT_MOVES", 3)
    told = board()
    assert not told.holds(5)
    for number in range(1, 6):
        told.take(event(10 + number, number))

    assert len(told.after(-1)) == 3
    assert [offset for offset in range(10, 16) if told.holds(offset)] == [12, 13, 14, 15]


async def test_who_watches_a_case_is_woken_and_leaves_nothing_behind() -> None:
    told = board()
    watcher, other = told.watch(CaseCode(CODE)), told.watch(CaseCode("DL-2222-2222"))
    told.take(event(1, 1))

    assert watcher.is_set()
    assert not other.is_set()
    told.unwatch(CaseCode(CODE), watcher)
    told.unwatch(CaseCode("DL-2222-2222"), other)
    assert told._watched == {}


@pytest.mark.parametrize(
    "origin", ["*", "https://*.dalat.example", "dalat.example", "https://a.example/path", "null"]
)
def test_only_exact_origins_can_be_allowed(origin: str) -> None:
    with pytest.raises(ValueError, match="no exact origin"):
        origins._exact(origin)


@pytest.mark.parametrize(
    "address", ["https://a.example:8443", "https://a.example:8443/", "https://a.example:8443/báo?x"]
)
def test_our_own_address_names_its_origin(address: str) -> None:
    assert origins.of(address) == "https://a.example:8443"
