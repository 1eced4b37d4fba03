"""What is written in one turn goes out at once, in order, and nothing of it is lost or held."""

import asyncio
from typing import Any

import pytest

from shared.gathered import AT_MOST, Gathered


class Sent(asyncio.Transport):
    """A transport that remembers what was handed to it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[Any] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed


@pytest.fixture
def sent() -> Sent:
    return Sent()


async def test_a_head_and_its_body_are_one_write(sent: Sent) -> None:
    gathered = Gathered(sent, asyncio.get_running_loop())
    gathered.write(b"head ")
    gathered.write(b"body")
    assert sent.writes == []

    await asyncio.sleep(0)
    gathered.write(b"next")
    await asyncio.sleep(0)
    assert sent.writes == [b"head body", b"next"]


async def test_much_does_not_wait(sent: Sent) -> None:
    gathered = Gathered(sent, asyncio.get_running_loop())
    gathered.write(b"a" * AT_MOST)
    gathered.write(b"b")

    assert sent.writes == [b"a" * AT_MOST + b"b"]


async def test_closing_and_looking_behind_come_after_what_was_written(sent: Sent) -> None:
    gathered = Gathered(sent, asyncio.get_running_loop())
    gathered.write(b"last")
    assert gathered.direct is sent
    gathered.write(b" words")
    gathered.close()

    assert (sent.writes, sent.closed) == ([b"last", b" words"], True)


async def test_what_was_aborted_says_no_more(sent: Sent) -> None:
    gathered = Gathered(sent, asyncio.get_running_loop())
    gathered.write(b"never")
    gathered.abort()
    await asyncio.sleep(0)

    assert (sent.writes, sent.closed) == ([], True)
