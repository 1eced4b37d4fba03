"""One key is one case, however often and however fast it is sent."""

import asyncio
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from tests.e2e.client import City, report
from tests.hostile import pictures

AT_ONCE = 1000
NO_MORE: Any = ("report", (None, b"{}", "application/json"))  # files alone, no words


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


@pytest.fixture
def city(stack: dict[str, Any]) -> Iterator[City]:
    found = City(stack)
    yield found
    found.close()


def test_a_step_asked_for_twice_under_one_key_is_done_once(city: City) -> None:
    receipt = city.send(report()).json()
    city.in_state(receipt, "assigned")
    code, key = receipt["code"], {"Idempotency-Key": uuid.uuid4().hex}
    mine = {"Authorization": f"Bearer {receipt['tracking_token']}", **key}
    officer = city.official(city.own(receipt)["unit"])
    theirs = {**officer.headers, **key}  # the same key, another person
    words = {"text": "Vẫn còn nguyên, có ai đến chưa?"}

    asked = [city.intake.post(f"/reports/{code}/messages", json=words, headers=mine) for _ in "12"]
    other = city.intake.post(f"/reports/{code}/messages", json={"text": "Khác"}, headers=mine)
    said = [city.intake.post(f"/desk/cases/{code}/accept", json={}, headers=theirs) for _ in "12"]

    for first, second in (asked, said):
        assert (first.status_code, second.status_code) == (200, 200)
        assert "Idempotency-Replayed" not in first.headers
        assert second.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["type"]) == (
        422,
        "urn:civic:problem:idempotency_key_reused",
    )
    steps = [each["type"] for each in officer.case(code)["timeline"]]
    assert steps.count("case.message_added.v1") == steps.count("case.accepted.v1") == 1


def test_evidence_sent_twice_under_one_key_is_kept_once(city: City, photo: bytes) -> None:
    receipt = city.send(report()).json()
    token = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    path = f"/reports/{receipt['code']}/media"

    def add(content: bytes, key: str) -> httpx.Response:
        files = [NO_MORE, ("media", ("a.jpg", content, "image/jpeg"))]
        return city.intake.post(path, files=files, headers={**token, "Idempotency-Key": key})

    key = uuid.uuid4().hex
    first, second = add(photo, key), add(photo, key)
    other = add(photo + b"\0", key)

    assert (first.status_code, second.status_code, other.status_code) == (201, 201, 422)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert [each["id"] for each in city.own(receipt)["media"]] == ["m1"]


def test_evidence_needs_no_part_for_words(city: City, photo: bytes) -> None:
    receipt = city.send(report()).json()
    token = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    path = f"/reports/{receipt['code']}/media"

    answer = city.intake.post(
        path, files=[("media", ("a.jpg", photo, "image/jpeg"))], headers=token
    )

    assert answer.status_code == 201, answer.text
    assert [each["id"] for each in city.own(receipt)["media"]] == ["m1"]


def test_what_a_browser_knows_of_an_added_photo_is_kept_and_no_part_of_its_key(
    city: City,
) -> None:
    """Browsers strip its time and place; chosen again after a lost answer it may have others."""
    receipt = city.send(report()).json()
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}", "Idempotency-Key": "again"}
    path = f"/reports/{receipt['code']}/media"

    def add(**facts: Any) -> httpx.Response:
        told = ("report", (None, json.dumps({"media": [facts]}).encode(), "application/json"))
        files: Any = [told, ("media", ("a.jpg", pictures.photo(64, 64), "image/jpeg"))]
        return city.intake.post(path, files=files, headers=headers)

    wrong = add(name="a.jpg", captured_at="yesterday", lat=91)
    first = add(name="a.jpg", captured_at="2026-11-30T08:15:00+07:00", lat=11.94, lon=108.44)
    again = add(name="a.jpg", captured_at="2026-11-30T09:00:00+07:00")

    assert wrong.status_code == 422, wrong.text
    named = {each["field"] for each in wrong.json()["errors"]}
    assert named == {"media[0].captured_at", "media[0].lat"}
    assert first.status_code == again.status_code == 201, first.text
    assert again.headers["Idempotency-Replayed"] == "true"
    (kept,) = city.own(receipt)["media"]
    assert datetime.fromisoformat(kept["captured_at"]) == datetime(2026, 11, 30, 1, 15, tzinfo=UTC)


def test_evidence_that_arrives_while_others_write_is_numbered_after_theirs(
    city: City, photo: bytes
) -> None:
    receipt = city.send(report()).json()
    token = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    path = f"/reports/{receipt['code']}/media"

    def add(n: int) -> httpx.Response:
        files = [NO_MORE, ("media", (f"{n}.jpg", photo + bytes([n]), "image/jpeg"))]
        return city.intake.post(path, files=files, headers=token)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(add, range(4)))

    assert [each.status_code for each in answers] == [201] * 4, [each.text for each in answers]
    kept = city.own(receipt)["media"]
    assert sorted(each["id"] for each in kept) == ["m1", "m2", "m3", "m4"]
