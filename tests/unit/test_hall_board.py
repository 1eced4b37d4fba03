"""The board of the hall after closing: who still waits today comes before tomorrow's numbers."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any, cast

import orjson

from services.notify.onestop.board import HallBoard
from services.notify.onestop.figures import OnestopFigures
from shared.events import to_wire
from shared.events.onestop import Board, TicketCalled, TicketEvent, TicketIssued, TicketNearing
from shared.stream import StreamEvent
from shared.vocabulary import DeskId, Language

TODAY, TOMORROW = date(2026, 12, 1), date(2026, 12, 2)
AT = datetime(2026, 12, 1, 10, 30, tzinfo=UTC)  # 17:30 in the city


def hall(today: date = TODAY) -> HallBoard:
    return HallBoard(cast("OnestopFigures", None), lambda: today)


def heard(on: date, version: int, desk: str = "land", **counts: int) -> StreamEvent:
    board = Board.model_validate({"desk": DeskId(desk), "on": on, **counts})
    event = TicketIssued(
        at=AT, actor="visitor", ticket="t_1", label="B-001", board=board, through="online", ahead=0
    )
    return on_stream(event, version)


def on_stream(event: TicketEvent, version: int) -> StreamEvent:
    subject = f"{event.board.desk}.{event.board.on}"
    return StreamEvent(
        version, event.type, to_wire(event, subject=subject, sequence=version, at=AT)
    )


def call(version: int, label: str, calls: int, *in_hand: str) -> StreamEvent:
    event = TicketCalled(**said(label, in_hand), calls=calls, waited_s=9, position="Quầy 1")
    return on_stream(event, version)


def near(version: int, *in_hand: str) -> StreamEvent:
    event = TicketNearing(**said("B-004", in_hand), ahead=2, language=Language.VIETNAMESE)
    return on_stream(event, version)


def said(label: str, in_hand: tuple[str, ...]) -> dict[str, Any]:
    board = Board(desk=DeskId("land"), on=TODAY, serving=len(in_hand), now_serving=in_hand)
    return {"at": AT, "actor": "a_clerk", "ticket": "t_1", "label": label, "board": board}


def stands(board: HallBoard) -> list[tuple[str, int, int]]:
    found = [orjson.loads(each.body) for each in board.shown()]
    return [(each["on"], each["version"], each["waiting"]) for each in found]


def test_a_number_for_tomorrow_hides_nobody_who_waits_today() -> None:
    board = hall()

    board.take(heard(TODAY, 80, waiting=20))
    board.take(heard(TOMORROW, 1, waiting=1))
    assert stands(board) == [("2026-12-01", 80, 20)]
    board.take(heard(TODAY, 81, waiting=19))
    assert stands(board) == [("2026-12-01", 81, 19)]
    board.take(heard(TODAY, 120, serving=1))
    assert stands(board) == [("2026-12-01", 120, 0)]
    board.take(heard(TODAY, 121))
    assert stands(board) == [("2026-12-02", 1, 1)]


def test_a_number_of_today_that_is_called_again_comes_back_to_the_board() -> None:
    board = hall()
    for each in (heard(TODAY, 9), heard(TOMORROW, 1, waiting=1), heard(TODAY, 10, serving=1)):
        board.take(each)

    assert stands(board) == [("2026-12-01", 10, 0)]


def test_yesterdays_rating_and_an_older_version_move_nothing() -> None:
    board = hall(TOMORROW)
    for each in (heard(TOMORROW, 2, waiting=1), heard(TOMORROW, 1), heard(TODAY, 200)):
        board.take(each)

    assert stands(board) == [("2026-12-02", 2, 1)]


def test_a_call_stays_on_the_board_though_a_reminder_follows_in_the_same_step() -> None:
    board = hall()

    def called() -> tuple[str, int] | None:
        found = orjson.loads(board.shown()[0].body)["called"]
        return (found["number"], found["calls"]) if found else None

    seen: list[tuple[str, int] | None] = []
    for event in (
        call(1, "B-001", 1, "B-001"),
        near(2, "B-001"),
        call(3, "B-001", 2, "B-001"),
        near(4, "B-001"),
        call(5, "B-002", 1, "B-002", "B-001"),
        near(6, "B-001"),
    ):
        board.take(event)
        seen.append(called())

    first, again, other = ("B-001", 1), ("B-001", 2), ("B-002", 1)
    assert seen == [first, first, again, again, other, None]


def test_who_watches_sees_today_to_its_end_and_then_the_next_day() -> None:
    async def watched() -> list[tuple[str, int]]:
        board = hall()
        board.take(heard(TODAY, 1, waiting=1))
        board.take(heard(TODAY, 7, "social", waiting=1))
        frames = board.frames(["land"])
        seen = [_shown(await anext(frames))]
        board.take(heard(TOMORROW, 1, waiting=1))
        board.take(heard(TODAY, 2))
        seen.append(_shown(await anext(frames)))
        return seen

    assert asyncio.run(watched()) == [("2026-12-01", 1), ("2026-12-02", 1)]


def _shown(frame: bytes) -> tuple[str, int]:
    [data] = [line for line in frame.splitlines() if line.startswith(b"data: ")]
    plain: dict[str, Any] = orjson.loads(data.removeprefix(b"data: "))
    return plain["on"], plain["version"]
