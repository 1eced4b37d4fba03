"""What every example remembers in one file: how far it is, and what it has folded up.

Cursor and state are written together, by a rename: after a crash both are from the same moment.
A real subscriber puts both into one transaction of its database.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.fold import State, fold, state_hash

ENVELOPE = b'{"specversion":'  # how every event begins
NAMES = {"id", "source", "type", "subject", "time", "sequence", "data"}


class AnotherStreamError(Exception):
    """What was known is not where it was: the stream was made anew."""


class Ledger:
    """The cursor and the state of one subscriber."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept: dict[str, Any] = {"cursor": "-1", "state": {}}
        if path.exists():
            kept = json.loads(path.read_text())
        self.cursor: str = kept["cursor"]
        self.last: str = kept.get("last", "")  # id of the event there
        self.state: State = {key: (n, d, m) for key, (n, d, m) in kept["state"].items()}
        self._met = self.cursor == "-1"  # whether the last known event was found at its place

    def take(self, cursor: str, event: dict[str, Any]) -> bool:
        """Fold an event up and say whether it was new; `cursor` is its place in the stream."""
        self.cursor, self.last = cursor, event["id"]
        return fold(self.state, event)

    def take_at(self, offset: str, event: dict[str, Any]) -> bool:
        """Fold an event up as `take` does, where a place may belong to another stream by now.

        Over AMQP a place is a bare offset, and whole chunks come, which may begin before it.

        Raises:
            AnotherStreamError: another event is where the last known one was.
        """
        if not self._met and int(offset) < int(self.cursor):
            return False
        if offset == self.cursor and event["id"] != self.last:
            raise AnotherStreamError
        self._met = True
        return self.take(offset, event)

    @contextmanager
    def listening(self) -> Generator[None]:
        """Around `take_at`: where the last known event is not found, read all of it again."""
        try:
            yield
        except AnotherStreamError:
            self.again()
        except TimeoutError:  # silence: a place behind a shorter stream's end waits in vain
            if not self._met:
                self.again()

    def again(self) -> None:
        """Read all of it again: another stream has begun; what was folded up stays true."""
        self.cursor, self.last = "-1", ""
        self.save()

    def reset(self, restart: str) -> None:
        """Begin anew: the stream does not continue the cursor."""
        self.state.clear()
        self.cursor = restart
        self.save()

    def save(self) -> None:
        """Make durable what was taken since the last time."""
        text = json.dumps({"cursor": self.cursor, "last": self.last, "state": self.state})
        beside = self._path.with_suffix(".new")
        beside.write_text(text)
        os.replace(beside, self._path)  # noqa: PTH105 - atomic, also over an older file

    @property
    def hash(self) -> str:
        """Return the hash of the state."""
        return state_hash(self.state)


async def following(
    follow: Callable[[str, Ledger], Awaitable[None]],
    lost: type[Exception],
    address: str,
    path: str,
) -> None:
    """Follow, and come back whenever the connection ends; `lost` is how its library says so."""
    while True:
        ledger = Ledger(Path(path))
        try:
            await follow(address, ledger)
        except (OSError, lost) as error:
            waits(repr(error))
            await asyncio.sleep(1)


def envelope(body: bytes) -> dict[str, Any] | None:
    """Return the event of an AMQP message, None for somebody else's: notify passes over these."""
    try:
        found = json.loads(body) if body.startswith(ENVELOPE) else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.keys() >= NAMES else None


def waits(why: object) -> None:
    """Say why nothing comes: a wrong address or token is not to look like silence."""
    print(f"waiting: {why}", file=sys.stderr, flush=True)


def headers() -> dict[str, str]:
    """Return the header with the IOC's token, which the variable IOC_TOKEN holds."""
    token = os.environ.get("IOC_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}
