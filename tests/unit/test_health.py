"""The probes: which check fails, within two seconds, whatever it does."""

import asyncio
from collections.abc import Awaitable, Callable
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
