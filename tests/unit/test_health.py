"""The probes: which check fails, within two seconds, whatever it does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest

from shared import health
from shared.errors import OutageError, PermanentError
from shared.telemetry import OUTBOX_PENDING
from tests.unit import virtual_time


async def ask(app: Callable[[Any, Any, Any], Awaitable[None]]) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app({"type": "http", "method": "GET", "path": "/health/ready"}, receive, send)
    start, body = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"]


async def fine() -> None:
    await asyncio.sleep(0)


async def away() -> None:
    raise OutageError("RabbitMQ: not connected")


async def hanging() -> None:
    await asyncio.sleep(3600)


async def broken() -> None:
    raise ZeroDivisionError


async def refusing() -> None:
    raise PermanentError("the calendar ends")


async def test_all_checks_that_pass_make_a_service_ready() -> None:
    status, headers, body = await ask(health.ready({"mongodb": fine, "rabbitmq": fine}))

    assert status == 200
    assert orjson.loads(body) == {"status": "ready", "failing": {}}
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "application/json"


async def test_a_service_without_checks_is_ready() -> None:
    assert (await ask(health.ready({})))[0] == 200


async def test_every_failing_check_is_named_with_its_reason_and_no_other() -> None:
    checks = {"mongodb": fine, "rabbitmq": away, "rules": refusing, "media": broken}

    status, _, body = await ask(health.ready(checks))

    assert status == 503
    assert orjson.loads(body) == {
        "status": "unready",
        "failing": {
            "rabbitmq": "RabbitMQ: not connected",
            "rules": "the calendar ends",
            "media": "ZeroDivisionError",
        },
    }


def test_checks_that_hang_are_named_within_two_seconds_together() -> None:
    async def main() -> tuple[bytes, float]:
        checks = {"mongodb": hanging, "media": hanging, "rabbitmq": fine}
        _, _, body = await ask(health.ready(checks))
        return body, asyncio.get_running_loop().time()

    body, took = virtual_time.run(main())

    assert orjson.loads(body)["failing"] == {
        "mongodb": "no answer within 2 s",
        "media": "no answer within 2 s",
    }
    assert took == pytest.approx(2)


async def test_five_hundred_who_ask_at_once_make_one_question() -> None:
    asked = 0

    async def counted() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)

    app = health.ready({"rabbitmq": counted})

    answers = await asyncio.gather(*(ask(app) for _ in range(500)))

    assert {status for status, _, _ in answers} == {200}
    assert asked == 1


def test_an_answer_holds_for_a_moment_and_a_bad_one_for_a_shorter() -> None:
    async def main() -> list[tuple[float, int]]:
        times: list[float] = []

        async def counted() -> None:
            times.append(asyncio.get_running_loop().time())
            if len(times) == 1:
                raise OutageError("not yet")

        app, seen = health.ready({"rabbitmq": counted}), list[tuple[float, int]]()
        for _ in range(20):
            seen.append((asyncio.get_running_loop().time(), (await ask(app))[0]))
            await asyncio.sleep(0.05)
        assert len(times) == 3
        return seen

    seen = virtual_time.run(main())

    assert [status for _, status in seen[:4]] == [503, 503, 200, 200]
    assert {status for _, status in seen[2:]} == {200}


def test_one_who_goes_away_takes_the_answer_from_nobody() -> None:
    async def main() -> int:
        app = health.ready({"media": hanging})
        first = asyncio.create_task(ask(app))
        await asyncio.sleep(1)
        second = asyncio.create_task(ask(app))
        await asyncio.sleep(0.5)
        first.cancel()
        return (await second)[0]

    assert virtual_time.run(main()) == 503


def test_a_costly_check_is_asked_seldom_while_it_passes() -> None:
    async def main() -> list[float]:
        times: list[float] = []

        async def counted() -> None:
            times.append(asyncio.get_running_loop().time())
            if len(times) == 2:
                raise OutageError("full")

        check = health.seldom(counted, 5)
        for _ in range(8):
            with suppress(OutageError):
                await check()
            await asyncio.sleep(1)
        return times

    assert virtual_time.run(main()) == pytest.approx([0, 5, 6])


async def test_the_process_is_alive_even_when_nothing_else_is() -> None:
    assert (await ask(health.live))[0] == 200


async def test_metrics_are_in_prometheus_own_form() -> None:
    OUTBOX_PENDING.labels("cases").set(0)

    status, headers, body = await ask(health.metrics)

    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    assert b"# TYPE civic_outbox_pending gauge" in body


def test_the_probes_have_the_paths_that_the_supervisors_ask() -> None:
    assert [path for path, _ in health.routes({})] == ["/health/live", "/health/ready", "/metrics"]
