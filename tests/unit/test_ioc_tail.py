"""Where a client goes on in the ring of the newest events, and behind it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notify.ioc import tail as tails
from services.notify.ioc.arrivals import SKEW, Arrivals
from services.notify.ioc.cursor import CursorGoneError
from services.notify.ioc.epoch import Epochs
from services.notify.ioc.marks import Mark
from services.notify.ioc.tail import IocTail
from shared.errors import OutageError
from shared.stream import StreamEvent

OFFSETS = (10, 11, 12, 20, 21, 22, 23, 40)  # a restart left 13 to 19 and 24 to 39 out


def tail_with(offsets: list[int]) -> IocTail:
    tail = IocTail(None, Epochs(None), 1000)  # type: ignore[arg-type] - not asked for the ring
    tail._ring.extend(StreamEvent(each, "case.submitted.v1", b"") for each in offsets)
    return tail


@pytest.mark.parametrize("leaps", [0, 1, 7])
async def test_no_event_is_passed_over_where_offsets_leap(leaps: int):
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    offsets = sorted(chance.sample(range(100, 300 + leaps), 200))
    tail = tail_with(offsets)
    for offset in range(offsets[0] - 1, offsets[-1] + 2):
        found = [each.offset for each in await tail.after(offset, 10)]
        assert found == [each for each in offsets if each > offset][:10], f"seed {seed}"


class Kept:
    """A stream that holds some offsets."""

    def __init__(self, *offsets: int) -> None:
        self._offsets = offsets

    @asynccontextmanager
    async def read(self, start: int | str) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        first = -1 if start == "first" else int(start)

        async def events() -> AsyncIterator[StreamEvent]:
            for each in self._offsets:
                if each >= first:
                    yield event(each)

        yield events()


def event(offset: int) -> StreamEvent:
    return StreamEvent(offset, "case.submitted.v1", b"{}")


def tail(*kept: int, capacity: int = 100) -> IocTail:
    reader: Any = Kept(*kept)
    marks: Any = None
    return IocTail(reader, Epochs(marks), capacity)


async def read(following: IocTail, offset: int, limit: int) -> list[int]:
    """Read to the end in pages, as a client does."""
    found: list[int] = []
    while page := await following.after(offset, limit):
        found += [each.offset for each in page]
        offset = found[-1]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("cursor", [9, 10, 12, 15, 19, 20, 23, 30, 39])
async def test_no_event_is_skipped_where_the_offsets_have_holes(cursor: int, limit: int) -> None:
    following = tail()
    for offset in OFFSETS:
        following._take(event(offset))

    assert await read(following, cursor, limit) == [each for each in OFFSETS if each > cursor]


async def test_a_hole_behind_the_ring_is_no_lost_event() -> None:
    following = tail(1, 2, 7, 8, *OFFSETS, capacity=3)
    for offset in OFFSETS:
        following._take(event(offset))

    assert await read(following, 2, 2) == [7, 8, *OFFSETS]


async def test_what_the_stream_no_longer_keeps_is_said() -> None:
    following = tail(7, 8, *OFFSETS, capacity=3)
    for offset in OFFSETS:
        following._take(event(offset))

    with pytest.raises(CursorGoneError, match="no_longer_kept"):
        await following.after(2, 10)


# A cursor behind the end: nobody gave it out, or a replica that is further on


class Marked:
    """The mark as another replica may have left it."""

    def __init__(self, offset: int) -> None:
        self._mark = Mark("e", offset=offset)

    async def read(self) -> Mark:
        return self._mark


def standing_at(*offsets: int, marked: int, since_s: float = 60.0) -> IocTail:
    """A tail that was opened a while ago and has taken these."""
    made = IocTail(Kept(), Epochs(Marked(marked)), 100)  # type: ignore[arg-type] - stand-ins
    for offset in offsets:
        made._take(event(offset))
    made.epoch, made._following, made._end = "e", True, offsets[-1]
    made._opened = time.monotonic() - since_s
    return made


@pytest.mark.parametrize("epoch", ["e", None], ids=["with its epoch", "bare"])
async def test_a_cursor_behind_the_end_that_nobody_gave_out_is_gone(
    monkeypatch: pytest.MonkeyPatch, epoch: str | None
) -> None:
    monkeypatch.setattr(tails, "REACH_S", 0.05)
    made = standing_at(40, 41, marked=41)

    assert await made.place(41, epoch) == 41
    with pytest.raises(CursorGoneError, match="beyond_the_end") as gone:
        await made.place(999_999_999, epoch)
    assert gone.value.restart == 41


async def test_a_cursor_of_a_replica_that_is_further_on_is_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tails, "REACH_S", 0.05)

    assert await standing_at(40, 41, marked=43).place(43, "e") == 43
    late = standing_at(40, 41, marked=41)
    waiting = asyncio.create_task(late.place(42, "e"))
    await asyncio.sleep(0)
    late._take(event(42))
    assert await waiting == 42


async def test_a_cursor_is_trusted_until_the_end_is_known_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tails, "REACH_S", 0.05)
    made = standing_at(40, marked=40, since_s=0.0)

    assert await made.place(99, "e") == 99

    made._opened -= 60
    with pytest.raises(CursorGoneError, match="beyond_the_end"):
        await _listen(made.batches(99, 10, idle_s=0.02))
    made._opened = time.monotonic()
    batches = made.batches(99, 10, idle_s=0.02)
    assert [len(await anext(batches)) for _ in range(5)] == [0] * 5


async def _listen(batches: AsyncIterator[Any]) -> None:
    """Hear nothing, until the stream says why."""
    async for batch in batches:
        assert batch == []


# A moment: the broker says nothing of when it took an event

NIGHT = datetime(2026, 1, 12, 20, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("moment", "offset"),
    [
        (NIGHT - HOUR, None),
        (NIGHT + SKEW, None),
        (NIGHT + SKEW + SECOND, 10),
        (NIGHT + HOUR, 10),
        (NIGHT + HOUR + SKEW + SECOND, 11),
        (NIGHT + 2 * HOUR, 12),
        (NIGHT + 72 * HOUR, 12),
    ],
)
def test_the_last_event_that_was_surely_there_before_a_moment(
    moment: datetime, offset: int | None
) -> None:
    arrivals = Arrivals(3)
    arrivals.note(8, NIGHT - 2 * HOUR)  # no longer kept
    for number, by in ((10, NIGHT), (11, NIGHT + HOUR), (12, NIGHT + HOUR + 2 * SECOND)):
        arrivals.note(number, by)

    assert arrivals.before(moment) == offset
    arrivals.clear()
    assert arrivals.before(moment) is None


class Slow:
    """A broker that reads a cold segment on a loaded machine: it shows nothing in time."""

    def __init__(self, shows_after_s: float = 60.0) -> None:
        self._shows_after_s = shows_after_s

    @asynccontextmanager
    async def read(self, start: Any) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        async def events() -> AsyncIterator[StreamEvent]:
            await asyncio.sleep(self._shows_after_s)
            yield event(3)

        del start
        yield events()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "OPEN_S", 0.5)
    monkeypatch.setattr(tails, "REACH_S", 0.05)
    monkeypatch.setattr(tails, "LOOK_S", 0.0)


def following(reader: Any, *arrived: tuple[int, datetime], mark: Mark | None = None) -> IocTail:
    """A tail that has followed for a while."""
    clock = iter([at for _, at in arrived])
    epochs = Epochs(None)  # type: ignore[arg-type] - nobody asks
    epochs.mark = mark or Mark("")
    made = IocTail(reader, epochs, 100, clock=lambda: next(clock))
    for offset, _ in arrived:
        made._take(event(offset))
    made._following = True
    return made


@pytest.mark.usefixtures("_impatient")
async def test_a_slow_broker_is_no_reason_to_leave_out_three_days() -> None:
    made = following(Slow(), (40, NIGHT))

    with pytest.raises(OutageError):
        await made.since(NIGHT - 72 * HOUR)


@pytest.mark.usefixtures("_impatient")
async def test_a_moment_before_all_calendars_is_the_beginning() -> None:
    made = following(Slow(0.0), (40, NIGHT))

    assert await made.since(datetime(1, 1, 1, tzinfo=UTC)) == 2


@pytest.mark.usefixtures("_impatient")
async def test_what_a_broker_shows_late_is_waited_for() -> None:
    made = following(Slow(0.2), (40, NIGHT))

    assert await made.since(NIGHT - 72 * HOUR) == 2


@pytest.mark.usefixtures("_impatient")
async def test_a_moment_behind_the_newest_event_is_the_end_though_nothing_is_shown() -> None:
    made = following(Slow(), (40, NIGHT - HOUR), (41, NIGHT))

    assert await made.since(NIGHT + HOUR) == 41
    assert await made.since(NIGHT + SECOND) == 40  # clocks differ: once too often is no loss


@pytest.mark.usefixtures("_impatient")
async def test_after_a_restart_the_mark_says_by_when_an_event_was_there() -> None:
    mark = Mark("e", offset=40, seen_at=NIGHT)
    made = following(Slow(), (40, NIGHT + 9 * HOUR), mark=mark)

    assert await made.since(NIGHT + HOUR) == 40


@pytest.mark.usefixtures("_impatient")
async def test_a_stream_without_any_event_is_read_from_its_beginning() -> None:
    assert await following(Slow()).since(NIGHT) == -1


# How far the figures are behind

UNKNOWN = None


@pytest.mark.parametrize(
    ("newest", "end", "counted", "behind"),
    [
        (40, 40, 40, 0),
        (40, 38, 38, 2),
        (40, 40, -1, 41),
        (40, 44, 40, UNKNOWN),  # opened anew, and what came meanwhile is not here yet
        (40, 40, 43, UNKNOWN),  # another replica has seen more
        (None, 44, 44, UNKNOWN),  # just started
        (None, -1, -1, 0),
    ],
)
@pytest.mark.usefixtures("_impatient")
async def test_behind_is_said_when_the_end_is_known(
    newest: int | None, end: int, counted: int, behind: int | None
) -> None:
    made = following(Slow(), *([(newest, NIGHT)] if newest is not None else []))
    made._end = end

    assert made.behind(counted) == behind
    made._following = False
    assert made.behind(counted) is None
