"""One key is one case, however often and however fast it is sent."""

import asyncio
import hashlib
import json
import uuid
from collections import Counter
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from tests.e2e.client import City, report
from tests.hostile import pictures

AT_ONCE = 1000


async def storm(
    stack: dict[str, Any], key: str, body: bytes
) -> tuple[list[httpx.Response], Counter[int]]:
    """Send one report a thousand times at once; return the last answers, and what was refused."""
    refused: Counter[int] = Counter()
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=stack["intake"], limits=limits, timeout=90) as client:

        async def send() -> httpx.Response:
            while True:
                try:
                    answer = await client.post("/api/v1/reports", content=body, headers=headers)
                except httpx.TransportError:  # a refused connection is tried again, like a 503
                    await asyncio.sleep(0.2)
                    continue
                if answer.status_code not in (429, 503):
                    return answer
                assert int(answer.headers["Retry-After"]) >= 1
                refused[answer.status_code] += 1
                await asyncio.sleep(0.5)

        return await asyncio.gather(*(send() for _ in range(AT_ONCE))), refused


@pytest.mark.timeout(300)
async def test_a_thousand_concurrent_retries_of_one_key_give_one_case(
    stack: dict[str, Any],
) -> None:
    key = uuid.uuid4().hex
    answers, refused = await storm(stack, key, json.dumps(report()).encode())

    assert Counter(each.status_code for each in answers) == {201: AT_ONCE}
    (code,) = {each.json()["code"] for each in answers}
    assert len({each.text for each in answers}) == 1
    replayed = Counter(each.headers.get("Idempotency-Replayed") for each in answers)
    # a 503 may have stored the case, or left a sealed name that the sweeper of orphans removes
    assert replayed[None] == 1 or (replayed[None] == 0 and refused[503])
    client: MongoClient[dict[str, Any]] = MongoClient(stack["mongo"])
    with client:
        found = list(client["civic_intake"]["cases"].find({"_id": code}))
        reporter = found[0]["case"]["reporter"]
        # of the losers' sealed names nothing is left
        kept = client["civic_identity"]["reporters"].count_documents(
            {"case": {"$exists": True}, "_id": {"$ne": reporter}, "created_at": _moment(found[0])}
        )
        same_key = client["civic_intake"]["cases"].count_documents(
            {"idempotency.key": found[0]["idempotency"]["key"]}
        )
    assert len(found) == same_key == 1
    assert kept <= refused[503]


def _moment(case: dict[str, Any]) -> dict[str, Any]:
    return {"$gte": case["case"]["received_at"]}


def test_another_body_under_a_known_key_is_refused_and_changes_nothing(
    stack: dict[str, Any], photo: bytes
) -> None:
    city = City(stack)
    key = uuid.uuid4().hex
    body = json.dumps(report()).encode()
    file = ("a.jpg", photo, "image/jpeg")
    first = city.send(body, [file], Idempotency_Key=key)
    assert first.status_code == 201

    others = {
        "JSON that means the same": city.send(body + b" ", [file], Idempotency_Key=key),
        "one file more": city.send(body, [file, file], Idempotency_Key=key),
        "another file": city.send(
            body,
            [("a.jpg", photo + hashlib.sha256(photo).digest(), "image/jpeg")],
            Idempotency_Key=key,
        ),
        "none": city.send(body, Idempotency_Key=key),
    }
    again = city.send(body, [("b.jpg", photo, "image/jpeg")], Idempotency_Key=key)

    assert {name: each.status_code for name, each in others.items()} == dict.fromkeys(others, 422)
    assert all(each.json()["errors"][0]["field"] == "Idempotency-Key" for each in others.values())
    assert again.status_code == 201  # the name of a file is not its content
    assert again.json() == first.json()
    city.close()


@pytest.fixture
def photo() -> bytes:
    return pictures.photo()
