"""After a whole journey: names, words, tokens and passwords stand only where they must."""

import uuid
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import urllib3
from minio import Minio
from pymongo import MongoClient

from tests.e2e.client import City, eventually, report
from tests.hostile.pictures import photo

MARK = f"m{uuid.uuid4().hex[:12]}"


class Journey:
    """A report from its sending to its end, with a mark in everything that is somebody's."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.before = city.newest()
        key = f"{MARK}key"
        body = report(
            text=f"Bãi rác {MARK}text trước nhà văn hoá",
            location={"lat": 11.94, "lon": 108.44, "address": f"Hẻm {MARK}address"},
            reporter={
                "kind": "resident",
                "name": f"Nguyễn {MARK}name",
                "phone": f"09{int(MARK[1:9], 16) % 10**8:08}",
                "email": f"{MARK}email@example.com",
                "language": "vi",
            },
        )
        files = [(f"{MARK}file.jpg", photo(), "image/jpeg")]
        self.receipt = city.send(body, files, Idempotency_Key=key).json()
        city.in_state(self.receipt, "assigned")
        self.code = self.receipt["code"]
        official = city.official(city.own(self.receipt)["unit"])
        official.act(self.code, "accept")
        official.act(self.code, "progress", text=f"{MARK}progress")
        city.reporter(self.receipt, "messages", text=f"{MARK}message")
        wrong = {"username": official.account["username"], "password": f"{MARK}password"}
        assert city.intake.post("/auth/token", data=wrong).status_code == 401
        official.account.setdefault("token", official.headers["Authorization"][7:])
        self.people = {
            "name": f"{MARK}name",
            "phone": body["reporter"]["phone"],
            "email": f"{MARK}email",
            "address": f"{MARK}address",
        }
        self.words = {each: f"{MARK}{each}" for each in ("text", "progress", "message", "file")}
        self.secrets = {
            "tracking token": self.receipt["tracking_token"],
            "access token": official.account["token"],
            "idempotency key": key,
            "wrong password": f"{MARK}password",
            "password": official.account["password"],
        }

    @property
    def all(self) -> dict[str, str]:
        return {**self.people, **self.words, **self.secrets}


@pytest.fixture(scope="module")
def journey(stack: dict[str, Any]) -> Iterator[Journey]:
    city = City(stack)
    made = Journey(city)
    city.mails_to(f"{MARK}email@example.com", 1)
    yield made
    city.close()


def seen(marks: dict[str, str], where: bytes | str) -> set[str]:
    content = where if isinstance(where, bytes) else where.encode()
    return {name for name, mark in marks.items() if mark.encode() in content}


def test_no_log_holds_a_name_a_word_or_a_secret(journey: Journey):
    logs = Path(journey.city.stack["logs"])
    intake = eventually(
        lambda: [each for each in logs.rglob("*") if each.is_file() and "intake" in each.name]
    )
    assert journey.code in "".join(each.read_text(errors="replace") for each in intake)

    found = {
        each.name: seen(journey.all, each.read_bytes())
        for each in logs.rglob("*")
        if each.is_file()
    }

    # the sink of the local stack stands for the mail servers of others
    assert {name: marks for name, marks in found.items() if marks and "mail" not in name} == {}


def test_no_event_holds_a_name_a_word_or_a_secret(journey: Journey):
    page = journey.city.notify.get(
        "/ioc/events", params={"after": journey.before, "limit": 1000}
    ).content

    assert journey.code.encode() in page
    assert seen(journey.all, page) == set()


def test_only_the_case_holds_its_words_and_only_the_vault_its_people(journey: Journey):
    found: dict[str, set[str]] = {}
    client: MongoClient[dict[str, Any]] = MongoClient(journey.city.stack["mongo"])
    with client:
        for base in client.list_database_names():
            if not base.startswith("civic_"):
                continue
            for name in client[base].list_collection_names():
                content = "\n".join(str(each) for each in client[base][name].find())
                found[f"{base}.{name}"] = seen(journey.all, content)

    assert found["civic_intake.cases"] >= {"text"}
    allowed = {"civic_intake.cases": {*journey.words, "address"}}
    leaks = {name: marks - allowed.get(name, set()) for name, marks in found.items()}
    assert {name: marks for name, marks in leaks.items() if marks} == {}


def test_no_object_is_named_after_a_file_or_a_person(journey: Journey):
    settings = journey.city.stack["s3"]
    with urllib3.PoolManager() as connections:
        client = Minio(
            settings["endpoint"],
            settings["access_key"],
            settings["secret_key"],
            secure=False,
            region="us-east-1",
            http_client=connections,
        )
        names = [
            str(each.object_name)
            for each in client.list_objects(settings["bucket"], recursive=True)
        ]

    assert any(journey.code in name for name in names)
    assert seen(journey.all, "\n".join(names)) == set()


def test_a_mails_headers_name_its_receiver_and_nothing_else(journey: Journey):
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in Path(journey.city.stack["mail"]).glob("*.eml")
    ]
    ours = [each for each in mails if MARK in str(each["To"])]

    assert ours
    for mail in ours:
        headers = {name: str(value) for name, value in mail.items()}
        others = {
            name: text for name, text in headers.items() if name not in {"To", "X-Envelope-To"}
        }
        assert seen(journey.all, repr(others)) == set()
