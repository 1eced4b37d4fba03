"""While something that we depend on is away: what is answered, what is said, what remains."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.layout import Layout
from deploy.local.servers import rabbitmq_environment
from tests.e2e.client import City, eventually, report
from tests.hostile import pictures

pytestmark = pytest.mark.timeout(240)
CTL = "/usr/lib/rabbitmq/bin/rabbitmqctl"


@pytest.fixture
def city(stack_file: Path) -> Iterator[City]:
    made = City.at(stack_file)
    yield made
    made.close()


def readiness(city: City, service: str) -> tuple[int, dict[str, Any]]:
    answer = httpx.get(f"{city.stack[service]}/health/ready", timeout=10)
    return answer.status_code, answer.json()["failing"]


def disk_free_limit(stack_file: Path, limit: str) -> None:
    port = City.at(stack_file).stack["intake"].rpartition(":")[2]
    layout = Layout(stack_file.parent, int(port))
    environment = {**os.environ, **rabbitmq_environment(layout)}
    subprocess.run([CTL, "set_disk_free_limit", limit], env=environment, check=True)  # noqa: S603


@contextmanager
def frozen(stack_file: Path, program: str) -> Iterator[None]:
    pid = json.loads(stack_file.read_text())["pids"][program]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def all_ready(city: City) -> bool:
    return all(readiness(city, each)[0] == 200 for each in ("intake", "router", "sla", "notify"))


def test_a_blocked_broker_is_said_and_reports_are_taken_all_the_same(
    city: City, stack_file: Path
) -> None:
    disk_free_limit(stack_file, "1000000GB")
    try:
        for service in ("intake", "router", "sla", "notify"):
            eventually(lambda service=service: "rabbitmq" in readiness(city, service)[1], 20)
        receipts = [city.send(report()) for _ in range(5)]
        assert [each.status_code for each in receipts] == [201] * 5
    finally:
        disk_free_limit(stack_file, "200MB")

    eventually(lambda: all_ready(city), 40)
    for each in receipts:
        city.in_state(each.json(), "assigned")


def test_without_a_bucket_photos_are_refused_words_are_taken_and_nothing_is_half_stored(
    city: City, stack_file: Path
) -> None:
    files = [("a.jpg", pictures.photo(), "image/jpeg")]
    with frozen(stack_file, "s3"):
        refused = city.send(report(), files, Idempotency_Key="without-a-bucket")
        at_once = city.send(report(), files)
        taken = city.send(report())
        assert "media" in readiness(city, "intake")[1]

    assert refused.status_code == at_once.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.elapsed.total_seconds() < 12
    assert taken.status_code == 201
    eventually(lambda: all_ready(city), 20)

    def sent() -> Any:  # for a second after a silent call the next ones fail at once
        answer = city.send(report(), files, Idempotency_Key="without-a-bucket")
        assert answer.status_code in (201, 503)  # 422 would say that a case stands under the key
        return answer if answer.status_code == 201 else None

    again = eventually(sent, 10)
    assert "Idempotency-Replayed" not in again.headers


def test_without_a_database_the_answer_is_503_and_the_same_key_works_afterwards(
    city: City, stack_file: Path
) -> None:
    body = json.dumps(report()).encode()
    with frozen(stack_file, "mongo"):
        answers = [city.send(body, Idempotency_Key="without-a-database") for _ in range(3)]
        assert "mongodb" in readiness(city, "intake")[1]

    assert {each.status_code for each in answers} == {503}
    assert all(int(each.headers["Retry-After"]) >= 1 for each in answers)
    assert answers[-1].elapsed.total_seconds() < 3  # once it is known to be away

    def sent() -> Any:
        answer = city.send(body, Idempotency_Key="without-a-database")
        return answer if answer.status_code == 201 else None

    receipt = eventually(sent, 30).json()
    city.in_state(receipt, "assigned")
    assert city.send(body, Idempotency_Key="without-a-database").json()["code"] == receipt["code"]
