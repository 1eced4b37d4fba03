"""The watermark promises only what can be known: what reaches the stream, and in which time."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notify.ioc import flow as flows
from services.notify.ioc.flow import ON_ITS_WAY, Flow
from services.notify.ioc.marks import Mark
from services.notify.ioc.watermark import Watermarks
from shared.errors import OutageError
from tests.integration.broker import eventually

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COUNTED = NOW - timedelta(minutes=4)
LONG_AGO = NOW - timedelta(days=2)


class Broker:
    """Confirms a message, unless it is in alarm."""

    def __init__(self) -> None:
        self.alarm = False
        self.refused = 0.0

    async def publish(self) -> None:
        if self.alarm:
            self.refused = time.monotonic()
            raise OutageError("RabbitMQ: blocked")


class Stream:
    """A stream whose end is as many events behind the mark."""

    epoch = "e"

    def __init__(self, behind: int = 0) -> None:
        self._behind = behind

    def behind(self, _offset: int) -> int:
        return self._behind

    async def read(self) -> Mark:
        return Mark("e", offset=7, at=COUNTED)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "TRIED_EVERY_S", 0.001)


@asynccontextmanager
async def trying(broker: Broker) -> AsyncGenerator[Flow, None]:
    made = Flow(broker.publish)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def told(flow: Flow, moment: datetime = NOW, behind: int = 0) -> tuple[Any, Any]:
    stream: Any = Stream(behind)
    mark = await Watermarks(stream, stream, flow, lambda: NOW).read(moment)
    return mark["behind"], mark["complete_up_to"]


async def test_while_nothing_is_published_nobody_calls_the_figures_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flows, "ON_ITS_WAY", timedelta(seconds=0.3))
    broker = Broker()
    async with trying(broker) as flow:
        assert await told(flow) == (None, COUNTED)  # just started: nobody knows
        await eventually(flow.is_open)
        assert await told(flow) == (0, NOW - ON_ITS_WAY)

        broker.alarm = True
        await eventually(lambda: not flow.is_open())
        assert await told(flow) == (None, COUNTED)

        broker.alarm = False
        await eventually(flow.is_open)
        assert time.monotonic() >= broker.refused + 0.3  # what was owed had its time to come
        assert await told(flow) == (0, NOW - ON_ITS_WAY)


@pytest.mark.parametrize(
    ("moment", "behind", "complete"),
    [
        pytest.param(NOW, 0, NOW - ON_ITS_WAY, id="of now: some may be on their way"),
        pytest.param(LONG_AGO, 0, LONG_AGO, id="of the past: they had their time"),
        pytest.param(NOW, 3, COUNTED, id="the last that is counted"),
    ],
)
async def test_what_happened_just_now_may_be_on_its_way(
    moment: datetime, behind: int, complete: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trying(Broker()) as flow:
        monkeypatch.setattr(flow, "_open_from", 0.0)

        assert await told(flow, moment, behind) == (behind, complete)
