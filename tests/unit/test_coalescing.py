"""Group commit: nobody is forgotten, nobody gets another's answer, batches follow the load."""

import asyncio
from collections.abc import Sequence

import pytest

from shared import coalescing
from shared.coalescing import ENOUGH, SLOW_S, Coalescer
from shared.errors import OutageError
from tests.unit import virtual_time


class Server:
    """Doubles numbers; every batch waits until the test lets it go."""

    def __init__(self, *, held: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.on_their_way = 0
        self.most_on_their_way = 0
        self._gate = asyncio.Event()
        if not held:
            self._gate.set()

    def let_go(self) -> None:
        self._gate.set()

    async def run(self, requests: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(requests))
        self.on_their_way += 1
        self.most_on_their_way = max(self.most_on_their_way, self.on_their_way)
        try:
            await self._gate.wait()
        finally:
            self.on_their_way -= 1
        return [2 * request for request in requests]


async def test_everybody_gets_their_own_answer() -> None:
    server = Server()
    ask = Coalescer(server.run, limit=7)

    answers = await asyncio.gather(*(ask(number) for number in range(100)))

    assert answers == [2 * number for number in range(100)]


async def test_what_is_asked_at_the_same_moment_travels_together() -> None:
    server = Server()
    ask = Coalescer(server.run)

    await asyncio.gather(*(ask(number) for number in range(50)))

    assert server.batches == [list(range(50))]


async def test_the_next_batch_gathers_while_the_lanes_are_busy() -> None:
    server = Server(held=True)
    ask = Coalescer(server.run, lanes=2)
    callers: list[asyncio.Task[int]] = []

    for number in range(10):  # one at a time: the first finds a free lane, the others wait
        callers.append(asyncio.create_task(ask(number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    server.let_go()
    answers = await asyncio.gather(*callers)

    assert answers == [2 * number for number in range(10)]
    assert server.batches == [[0], [1, 2, 3, 4, 5, 6, 7, 8, 9]]
    assert server.most_on_their_way == 1


async def test_so_many_that_they_fill_a_batch_take_a_lane_of_their_own() -> None:
    server = Server(held=True)
    ask = Coalescer(server.run, lanes=2)
    callers: list[asyncio.Task[int]] = []

    for number in range(2 * ENOUGH + 10):
        callers.append(asyncio.create_task(ask(number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    server.let_go()
    answers = await asyncio.gather(*callers)

    assert answers == [2 * number for number in range(2 * ENOUGH + 10)]
    assert [len(batch) for batch in server.batches] == [1, ENOUGH, ENOUGH + 9]
    assert server.most_on_their_way == 2


async def test_a_slow_batch_does_not_hold_up_the_next_request() -> None:
    server = Server(held=True)
    ask = Coalescer(server.run, lanes=2)

    first = asyncio.create_task(ask(1))
    await asyncio.sleep(2 * SLOW_S)
    second = asyncio.create_task(ask(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert server.batches == [[1], [2]]
    server.let_go()
    assert await asyncio.gather(first, second) == [2, 4]


async def test_who_came_before_the_batch_was_slow_does_not_wait_for_it_either() -> None:
    server = Server(held=True)
    ask = Coalescer(server.run, lanes=2)

    first = asyncio.create_task(ask(1))
    await asyncio.sleep(0)
    second = asyncio.create_task(ask(2))  # and nobody after it
    await asyncio.sleep(3 * SLOW_S)

    assert server.batches == [[1], [2]]
    server.let_go()
    assert await asyncio.gather(first, second) == [2, 4]


async def test_no_batch_is_larger_than_the_limit() -> None:
    server = Server()
    ask = Coalescer(server.run, limit=8, lanes=1)

    await asyncio.gather(*(ask(number) for number in range(30)))

    assert [len(batch) for batch in server.batches] == [8, 8, 8, 6]


@pytest.mark.parametrize("lanes", [1, 2, 3])
async def test_a_caller_that_asks_again_at_once_is_not_forgotten(lanes: int) -> None:
    """All lanes end in the same turn of the loop, and their callers ask anew in the next one."""
    server = Server(held=True)
    ask = Coalescer(server.run, lanes=lanes)

    async def ask_twice(number: int) -> int:
        return await ask(await ask(number))

    callers: list[asyncio.Task[int]] = []
    for number in range(lanes):
        callers.append(asyncio.create_task(ask_twice(number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    server.let_go()

    async with asyncio.timeout(1):
        assert await asyncio.gather(*callers) == [4 * number for number in range(lanes)]


async def test_an_exception_in_an_answer_is_raised_to_its_caller_only() -> None:
    async def run(requests: Sequence[int]) -> list[int | Exception]:
        return [ValueError("odd") if request % 2 else request for request in requests]

    ask = Coalescer(run)

    answers = await asyncio.gather(*(ask(number) for number in range(6)), return_exceptions=True)

    assert answers[::2] == [0, 2, 4]
    assert [str(answer) for answer in answers[1::2]] == ["odd"] * 3


async def test_an_outage_of_the_server_is_raised_to_the_whole_batch() -> None:
    async def run(requests: Sequence[int]) -> list[int | Exception]:
        raise OutageError(f"away for {len(requests)}")

    ask = Coalescer(run)

    answers = await asyncio.gather(*(ask(number) for number in range(3)), return_exceptions=True)

    assert [str(answer) for answer in answers] == ["away for 3"] * 3


async def test_a_request_that_cannot_be_sent_fails_alone() -> None:
    async def run(requests: Sequence[int]) -> list[int | Exception]:
        if 3 in requests:
            raise OverflowError("no such number on the wire")
        return list(requests)

    ask = Coalescer(run)

    answers = await asyncio.gather(*(ask(number) for number in range(6)), return_exceptions=True)

    assert [answer for answer in answers if isinstance(answer, int)] == [0, 1, 2, 4, 5]
    assert isinstance(answers[3], OverflowError)


async def test_after_a_failed_batch_the_next_one_is_served() -> None:
    outcomes: list[Exception | None] = [OutageError("away"), None]

    async def run(requests: Sequence[int]) -> list[int | Exception]:
        if failure := outcomes.pop(0):
            raise failure
        return list(requests)

    ask = Coalescer(run, lanes=1)

    with pytest.raises(OutageError):
        await ask(1)
    assert await ask(2) == 2


async def test_a_server_that_answers_too_few_is_an_error_to_all_and_hangs_nobody() -> None:
    async def run(requests: Sequence[int]) -> list[int | Exception]:
        return list(requests[1:])

    ask = Coalescer(run)

    async with asyncio.timeout(1):
        answers = await asyncio.gather(ask(1), ask(2), return_exceptions=True)

    assert [type(answer) for answer in answers] == [ValueError, ValueError]


async def test_a_batch_that_is_cancelled_from_below_hangs_nobody() -> None:
    """A driver may cancel what it waits for, for instance when it is closed."""

    async def run(_requests: Sequence[int]) -> list[int | Exception]:
        raise asyncio.CancelledError

    ask = Coalescer(run)

    async with asyncio.timeout(1):
        answers = await asyncio.gather(ask(1), ask(2), return_exceptions=True)

    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)


async def test_a_caller_that_gives_up_takes_nobody_along() -> None:
    server = Server(held=True)
    ask = Coalescer(server.run)
    impatient = asyncio.create_task(ask(1))
    patient = asyncio.create_task(ask(2))
    await asyncio.sleep(0.01)

    impatient.cancel()
    await asyncio.sleep(0)
    server.let_go()

    assert await patient == 4
    assert impatient.cancelled()
    assert server.batches == [[1, 2]]  # the work was on its way: its outcome is not known


def test_whoever_may_linger_gathers_others() -> None:
    server = Server()

    async def main() -> list[float]:
        ask = Coalescer(server.run, limit=3, lanes=1, linger_s=0.5)

        async def ask_at(moment: float, number: int) -> float:
            await asyncio.sleep(moment)
            await ask(number)
            return asyncio.get_running_loop().time()

        return await asyncio.gather(
            *(ask_at(moment, number) for number, moment in enumerate((0, 0.4, 0.6, 2, 2.01, 2.02)))
        )

    answered = virtual_time.run(main())

    assert server.batches == [[0, 1], [2], [3, 4, 5]]
    assert answered == pytest.approx([0.5, 0.5, 1.1, 2.5, 2.5, 2.5])


async def test_who_gave_up_before_their_turn_is_not_served() -> None:
    server = Server(held=True)
    ask = Coalescer(server.run, lanes=1)
    first = asyncio.create_task(ask(1))
    await asyncio.sleep(0.01)
    given_up, patient = asyncio.create_task(ask(2)), asyncio.create_task(ask(3))
    await asyncio.sleep(0.01)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    server.let_go()

    assert (await first, await patient) == (2, 6)
    assert server.batches == [[1], [3]]


async def test_more_than_can_wait_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescing, "WAITING", 2)
    server = Server(held=True)
    ask = Coalescer(server.run, lanes=1)
    first = asyncio.create_task(ask(1))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(ask(number)) for number in (2, 3)]
    await asyncio.sleep(0.01)

    with pytest.raises(OutageError):
        await ask(4)
    server.let_go()

    assert [await each for each in (first, *others)] == [2, 4, 6]
