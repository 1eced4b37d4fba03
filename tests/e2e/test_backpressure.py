"""While something that we depend on is away: what is answered, what is said, what remains."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from deploy.local.layout import Layout
from deploy.local.servers import rabbitmq_environment
from shared.identity import fingerprint
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


def test_while_the_broker_is_blocked_nobody_says_that_the_figures_are_complete(
    city: City, stack_file: Path
) -> None:
    """Consumers go on in a disk alarm: they are at the stream's end while cases are still owed."""

    def told() -> dict[str, Any]:
        return city.notify.get("/ioc/summary").json()["watermark"]

    def reached() -> datetime:
        return datetime.fromisoformat(told()["complete_up_to"])

    city.in_state(city.send(report()).json(), "assigned")
    eventually(lambda: told()["behind"] == 0, 40)
    disk_free_limit(stack_file, "1000000GB")
    try:
        eventually(lambda: told()["behind"] is None, 20)
        accepted_from = datetime.now(UTC)
        code = city.send(report()).json()["code"]
        for _ in range(5):
            time.sleep(0.5)
            assert told()["behind"] is None
            assert reached() < accepted_from
    finally:
        disk_free_limit(stack_file, "200MB")

    accepted = datetime.now(UTC)
    eventually(lambda: reached() >= accepted, 60)
    listed = city.notify.get("/ioc/cases", params={"at": accepted.isoformat()}).json()["items"]
    assert code in [each["code"] for each in listed]


def took_s(what: str, answers: Sequence[httpx.Response]) -> float:
    """The longest that anybody waited; the design asks for two seconds, the machine is shared."""
    longest = max(each.elapsed.total_seconds() for each in answers)
    print(f"{what}: answered within {longest:.2f} s")  # noqa: T201 - measured, for the reader
    return longest


def test_without_a_bucket_photos_are_refused_words_are_taken_and_nothing_is_half_stored(
    city: City, stack_file: Path
) -> None:
    files = [("a.jpg", pictures.photo(), "image/jpeg")]
    assert city.send(report(), files).status_code == 201  # decoders and connections are warm
    with frozen(stack_file, "s3"):
        refused = city.send(report(), files, Idempotency_Key="without-a-bucket")
        at_once = city.send(report(), files)
        taken = city.send(report())
        assert "media" in readiness(city, "intake")[1]

    assert refused.status_code == at_once.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert took_s("a frozen bucket", [refused, at_once]) < 3
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
    files = [("a.jpg", pictures.photo(), "image/jpeg")]
    known = city.send(report(), files).json()
    with frozen(stack_file, "mongo"):
        answers = [city.send(body, Idempotency_Key="without-a-database") for _ in range(3)]
        answers.append(city.send(report(), files, Idempotency_Key="with-a-photo"))
        answers.append(city.intake.get(f"/reports/{known['code']}"))
        assert "mongodb" in readiness(city, "intake")[1]

    assert {each.status_code for each in answers} == {503}
    assert all(int(each.headers["Retry-After"]) >= 1 for each in answers)
    assert took_s("a frozen database", answers) < 3

    def sent() -> Any:
        answer = city.send(body, Idempotency_Key="without-a-database")
        return answer if answer.status_code == 201 else None

    receipt = eventually(sent, 30).json()
    city.in_state(receipt, "assigned")
    again = city.send(body, Idempotency_Key="without-a-database")
    assert again.json()["code"] == receipt["code"]
    client: MongoClient[dict[str, Any]] = MongoClient(city.stack["mongo"])
    with client:
        # whichever of the attempts was stored in the end: one case, whole
        key = fingerprint("without-a-database")
        (case,) = client["civic_intake"]["cases"].find({"idempotency.key": key})
        assert client["civic_identity"]["reporters"].count_documents(
            {"_id": case["case"]["reporter"]}
        )


CLIENTS, KEYS = 600, 150  # more than the 256 that one process works on at once


async def test_a_storm_of_retries_is_shed_and_leaves_one_case_for_every_key(
    city: City, stack_file: Path
) -> None:
    """Row 20: clients that time out soon and send again at once, more than there is room for."""
    bodies = {f"storm-{number}": json.dumps(report()).encode() for number in range(KEYS)}
    answers: Counter[int] = Counter()
    codes: dict[str, set[str]] = {key: set() for key in bodies}
    limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with httpx.AsyncClient(
        base_url=city.stack["intake"], limits=limits, timeout=httpx.Timeout(60, read=2)
    ) as client:

        async def insist(key: str) -> None:
            headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
            while True:
                try:
                    answer = await client.post(
                        "/api/v1/reports", content=bodies[key], headers=headers
                    )
                except httpx.TransportError:
                    answers[0] += 1
                    continue
                answers[answer.status_code] += 1
                if answer.status_code == 201:
                    codes[key].add(answer.json()["code"])
                    return
                assert answer.status_code in (429, 503), answer.text
                assert int(answer.headers["Retry-After"]) >= 1
                await asyncio.sleep(0.3)

        async with asyncio.timeout(150):
            await asyncio.gather(*(insist(key) for key in list(bodies) * (CLIENTS // KEYS)))

    print(f"storm: {dict(answers)}, 0 is a client that gave up waiting")  # noqa: T201 - as above
    assert all(len(found) == 1 for found in codes.values())
    assert City.at(stack_file).stack["pids"] == city.stack["pids"]  # nobody died of it
    for key in list(bodies)[::30]:
        city.in_state({"code": codes[key].pop()}, "assigned")
    mongo: MongoClient[dict[str, Any]] = MongoClient(city.stack["mongo"])
    with mongo:
        keys = {"$in": [fingerprint(key) for key in bodies]}
        assert mongo["civic_intake"]["cases"].count_documents({"idempotency.key": keys}) == KEYS
