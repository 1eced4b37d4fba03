"""A bound in time that is only made when there is something to wait for."""

import asyncio

import pytest

from shared import within as bound
from shared.within import within

LONG_S = 60.0


async def test_what_need_not_wait_makes_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: float) -> None:
        raise AssertionError("a timer was made")

    async def at_once() -> str:
        return "done"

    monkeypatch.setattr(bound.asyncio, "timeout", refuse)
    assert await within(LONG_S, at_once()) == "done"


async def test_what_waits_several_times_gets_its_answers() -> None:
    async def slowly() -> list[int]:
        loop = asyncio.get_running_loop()
        first: asyncio.Future[int] = loop.create_future()
        loop.call_soon(first.set_result, 1)
        found = [await first]
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return [*found, 2]

    assert await within(LONG_S, slowly()) == [1, 2]


async def test_what_takes_too_long_is_cancelled_and_cleans_up() -> None:
    cleaned = False

    async def stuck() -> None:
        nonlocal cleaned
        try:
            await asyncio.Event().wait()
        finally:
            cleaned = True

    with pytest.raises(TimeoutError):
        await within(0.01, stuck())
    assert cleaned


async def test_who_cancels_the_caller_cancels_the_work() -> None:
    heard: list[type[BaseException]] = []

    async def stuck() -> None:
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            heard.append(type(error))
            raise

    task = asyncio.create_task(within(LONG_S, stuck()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == [asyncio.CancelledError]


@pytest.mark.parametrize("waits", [False, True])
async def test_an_error_of_the_work_reaches_the_caller(*, waits: bool) -> None:
    async def fail() -> None:
        if waits:
            await asyncio.sleep(0.001)
        raise LookupError

    with pytest.raises(LookupError):
        await within(LONG_S, fail())


async def test_work_may_catch_what_it_waited_for_and_wait_again() -> None:
    async def patient() -> str:
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        broken.get_loop().call_soon(broken.set_exception, LookupError())
        try:
            await broken
        except LookupError:
            await asyncio.sleep(0.001)
        return "went on"

    assert await within(LONG_S, patient()) == "went on"


async def test_a_bound_inside_a_bound_ends_first() -> None:
    async def inner() -> str:
        try:
            await within(0.01, asyncio.sleep(LONG_S))
        except TimeoutError:
            return "inner"
        return "neither"

    assert await within(LONG_S, inner()) == "inner"
