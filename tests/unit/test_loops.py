"""What looks again and again goes on after anything that goes wrong."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake import orphans
from services.intake.orphans import OrphanSweeper
from shared import rulebook_store
from shared.rulebook_store import RulebookFollower


class Failing:
    """A store whose first answers are errors that nobody thought of."""

    def __init__(self) -> None:
        self.looks = 0
        self.went_on = asyncio.Event()

    async def look(self, *_: Any) -> bool:
        self.looks += 1
        if self.looks > 2:
            self.went_on.set()
            return False
        raise ValueError("what nobody thought of")

    insert = update_one = look


async def test_the_rulebook_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebook_store, "LOOK_EVERY_S", 0.001)
    failing: Any = Failing()
    follower = RulebookFollower(failing)

    await follower.start()
    async with asyncio.timeout(10):
        await failing.went_on.wait()
    await follower.stop()


async def test_orphans_are_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "LOOK_EVERY_S", 0.001)
    failing: Any = Failing()
    nothing: Any = None
    hour = timedelta(hours=1)
    sweeper = OrphanSweeper(nothing, failing, lambda: datetime.now(UTC), grace=hour, every=hour)

    await sweeper.start()
    async with asyncio.timeout(10):
        await failing.went_on.wait()
    await sweeper.stop()
