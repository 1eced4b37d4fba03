"""The one-stop counter over HTTP: a morning at a desk, a number's way, a dossier's way."""

import random
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.e2e.client import City, Official, eventually

VISITORS, CALLERS = 200, 6
AFAR = (datetime.now(UTC) + timedelta(days=60)).replace(microsecond=0).isoformat()


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


@pytest.fixture(scope="module")
def clerk(city: City) -> Official:
    return city.of_role("onestop_clerk")


@pytest.fixture(scope="module")
def clerks(city: City) -> list[dict[str, str]]:
    """Headers of six clerks, each with an account of their own."""
    administrator = city.of_role("administrator")
    found: list[dict[str, str]] = []
    for _ in range(CALLERS):
        name = f"clerk.{uuid.uuid4().hex[:8]}"
        password = f"Quay-{uuid.uuid4().hex}"
        body = {
            "username": name,
            "display_name": "Cán bộ Thử Nghiệm",
            "role": "onestop_clerk",
            "password": password,
            "must_change_password": False,
        }
        made = city.intake.post("/admin/accounts", json=body, headers=administrator.headers)
        assert made.status_code == 201, made.text
        form = {"username": name, "password": password}
        token = city.intake.post("/auth/token", data=form).json()["access_token"]
        found.append({"Authorization": f"Bearer {token}"})
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def take(city: City, desk: str, **body: Any) -> dict[str, Any]:
    answer = city.intake.post(f"/onestop/desks/{desk}/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def post(city: City, path: str, headers: dict[str, str], **body: Any) -> httpx.Response:
    return city.intake.post(f"/onestop/{path}", json=body, headers=headers)


def events_about(city: City, after: int, wanted: str) -> list[dict[str, Any]]:
    """All events of the operations centre's stream after an offset with this subject, once each."""
    found: dict[str, dict[str, Any]] = {}
    while True:
        page = city.notify.get("/ioc/events", params={"after": after, "limit": 1000}).json()
        for each in page["items"]:
            if each["subject"] == wanted:
                found.setdefault(each["id"], each)
        if page["next"] == after:
            return sorted(found.values(), key=lambda each: each["sequence"])
        after = page["next"]


def test_a_morning_at_a_desk_calls_nobody_twice_and_loses_nobody(
    city: City, clerks: list[dict[str, str]]
):
    """200 visitors, online and at the machine's pace, while six clerks call at once."""
    desk, before = "business", city.newest()
    seed = random.randrange(2**32)  # the order of the threads is the machine's; this is ours
    taken: list[dict[str, Any]] = []

    def visit(number: int) -> None:
        taken.append(take(city, desk, channel="online", remind_before=3 if number % 5 else None))

    def work(headers: dict[str, str], dice: random.Random) -> list[dict[str, Any]]:
        """Call until nobody is left; now and then recall, skip, or end a number oneself."""
        called: list[dict[str, Any]] = []
        idle = 0
        while idle < 3:
            ticket = post(city, f"desks/{desk}/next", headers).json()["ticket"]
            if ticket is None:
                idle += len(taken) >= VISITORS
                continue
            called.append(ticket)
            match dice.randrange(8):
                case 0:
                    assert post(city, f"tickets/{ticket['id']}/recall", headers).status_code == 200
                case 1:
                    assert post(city, f"tickets/{ticket['id']}/skip", headers).status_code == 200
                case 2:
                    assert post(city, f"tickets/{ticket['id']}/serve", headers).status_code == 200
                case _:
                    pass
        return called

    with ThreadPoolExecutor(CALLERS + 4) as pool:
        working = [
            pool.submit(work, headers, random.Random(seed + place))
            for place, headers in enumerate(clerks)
        ]
        list(pool.map(visit, range(VISITORS)))
        called = [ticket["number"] for each in working for ticket in each.result(timeout=240)]

    given = sorted(each["number"] for each in taken)
    assert given == [f"D-{number:03}" for number in range(1, VISITORS + 1)]
    assert Counter(called) == Counter(given), "each number is called once, and none is lost"
    _figures_equal_the_ledger(city, desk, taken[0]["on"], before, clerks[0])


def _figures_equal_the_ledger(
    city: City, desk: str, on: str, before: int, headers: dict[str, str]
) -> None:
    """The operations centre's figures are those counted from the numbers and from the events."""
    ledger = city.intake.get(f"/onestop/desks/{desk}/tickets", headers=headers).json()["items"]
    states = Counter(each["state"] for each in ledger)
    waits = [each["waited_s"] for each in ledger]

    def figures() -> dict[str, Any] | None:
        items = city.notify.get("/ioc/onestop").json()["desks"]
        found = next((each for each in items if (each["desk"], each["on"]) == (desk, on)), None)
        return found if found and found["served"] == states["served"] else None

    shown = eventually(figures, 30)
    assert shown["issued"] == len(ledger) == VISITORS
    assert {name: shown[name] for name in ("waiting", "serving", "served", "skipped")} == {
        name: states[name] for name in ("waiting", "serving", "served", "skipped")
    }
    assert shown["average_wait_s"] == round(sum(waits) / len(waits))
    events = events_about(city, before, f"{desk}.{on}")
    assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
    types = Counter(each["type"] for each in events)
    assert types["ticket.issued.v1"] == VISITORS
    assert types["ticket.skipped.v1"] == states["skipped"]
    first = [e for e in events if e["type"] == "ticket.called.v1" and e["data"]["calls"] == 1]
    order = [each["data"]["label"] for each in first]
    assert order == sorted(order), "first come, first called"


def test_a_numbers_way_from_the_phone_to_the_rating(city: City, clerk: Official):
    desk = "construction"
    mine = take(city, desk, procedure="planning_information", remind_before=2)
    own = bearer(mine["ticket_token"])

    assert (mine["number"], mine["state"]) == ("C-001", "waiting")
    assert city.intake.get(f"/onestop/tickets/{mine['id']}").status_code == 401
    assert post(city, f"tickets/{mine['id']}/rating", own, score=5).status_code == 409
    called = post(city, f"desks/{desk}/next", clerk.headers, position="Quầy 6").json()["ticket"]
    assert called["number"] == "C-001"
    board = city.intake.get(f"/onestop/desks/{desk}").json()
    assert board["serving"] == [{"number": "C-001", "position": "Quầy 6", "calls": 1}]
    assert mine["id"] not in str(board)
    assert post(city, f"tickets/{mine['id']}/serve", clerk.headers).status_code == 200
    assert city.intake.get(f"/onestop/tickets/{mine['id']}", headers=own).json()["can_rate"]
    rated = post(city, f"tickets/{mine['id']}/rating", own, score=1, reason="Phải chờ lâu")
    assert rated.status_code == 201, rated.text
    assert rated.json()["offer"]["category"] == "service_attitude"
    assert post(city, f"tickets/{mine['id']}/rating", own, score=5).status_code == 409
    reasons = city.intake.get(f"/onestop/desks/{desk}/ratings", headers=clerk.headers).json()
    assert [each["reason"] for each in reasons["items"]] == ["Phải chờ lâu"]
    for name, key, value in (("ratings", "reason", "Phải chờ lâu"), ("tickets", "number", "C-001")):
        path, own_day = f"/onestop/desks/{desk}/{name}", {"on": mine["on"]}
        assert city.intake.get(path, params=own_day).status_code == 401
        shown = city.intake.get(path, params=own_day, headers=clerk.headers).json()
        assert shown["on"] == mine["on"]
        assert value in [each[key] for each in shown["items"]]
        other = city.intake.get(path, params={"on": "2026-01-12"}, headers=clerk.headers).json()
        assert (other["on"], other["items"]) == ("2026-01-12", [])

    def counted() -> dict[str, Any] | None:
        items = city.notify.get("/ioc/onestop").json()["desks"]
        return next((each for each in items if each["desk"] == desk and each["rated"]), None)

    shown = eventually(counted)
    assert shown is not None
    assert shown["rated"] == 1  # and whose rating it was would be plain
    assert (shown["ratings"], shown["average_score"]) == (None, None)
    assert shown["withheld"] == ["ratings", "average_score"]


def test_a_number_goes_on_to_another_desk_and_can_be_given_back(city: City, clerk: Official):
    mine, other = take(city, "social"), take(city, "social")
    post(city, "desks/social/next", clerk.headers)

    sent = post(city, f"tickets/{mine['id']}/transfer", clerk.headers, to="results")

    assert sent.status_code == 200, sent.text
    assert (sent.json()["desk"], sent.json()["state"]) == ("results", "waiting")
    own = bearer(mine["ticket_token"])
    assert city.intake.get(f"/onestop/tickets/{mine['id']}", headers=own).json()["ahead"] == 0
    gone = city.intake.delete(
        f"/onestop/tickets/{other['id']}", headers=bearer(other["ticket_token"])
    )
    assert gone.json()["state"] == "left"
    assert city.intake.get("/onestop/desks/social").json()["waiting"] == 0
    wrong = city.intake.delete(
        f"/onestop/tickets/{mine['id']}", headers=bearer(other["ticket_token"])
    )
    assert wrong.status_code == 401


def test_the_same_key_gives_the_same_number_and_another_wish_is_refused(city: City):
    key = {"Idempotency-Key": uuid.uuid4().hex}

    first = city.intake.post("/onestop/desks/land/tickets", json={}, headers=key)
    again = city.intake.post("/onestop/desks/land/tickets", json={}, headers=key)
    other = city.intake.post("/onestop/desks/land/tickets", json={"language": "en"}, headers=key)
    elsewhere = city.intake.post("/onestop/desks/results/tickets", json={}, headers=key)

    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == elsewhere.status_code == 422


def test_a_clerks_key_is_their_own(city: City, clerks: list[dict[str, str]]):
    for _ in range(3):
        take(city, "business")
    one, two = ({**each, "Idempotency-Key": "k"} for each in clerks[:2])

    first = post(city, "desks/business/next", one, position="1").json()["ticket"]
    other = post(city, "desks/business/next", two, position="1").json()["ticket"]
    again = post(city, "desks/business/next", one, position="1").json()["ticket"]
    changed = post(city, "desks/business/next", one, position="2")

    assert first["number"] != other["number"]
    assert again["number"] == first["number"]
    assert changed.status_code == 422
    assert changed.json()["type"] == "urn:civic:problem:idempotency_key_reused"


def test_who_leaves_an_address_is_reminded_though_they_do_not_say_when(city: City):
    address = f"{uuid.uuid4().hex[:10]}@example.com"

    mine = take(city, "land", email=address)

    assert mine["remind_before"] == 3


def test_dossiers_are_listed_page_by_page(city: City, clerk: Official):
    body = {"procedure": "land_change", "papers": ["form"]}
    handed = [city.intake.post("/onestop/dossiers", json=body).json()["number"] for _ in range(5)]
    seen: list[str] = []
    asked: dict[str, Any] = {"desk": "land", "limit": 2}
    while len(seen) < 100:
        page = city.intake.get("/onestop/dossiers", params=asked, headers=clerk.headers).json()
        assert len(page["items"]) <= 2
        seen += [each["number"] for each in page["items"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]

    assert set(handed) <= set(seen)
    assert len(seen) == len(set(seen))
    bad = {**asked, "cursor": "nowhere"}
    refused = city.intake.get("/onestop/dossiers", params=bad, headers=clerk.headers)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("desks/nowhere/tickets", {}, 404, None),
        ("desks/land/tickets", {"procedure": "dance_permit"}, 422, "procedure"),
        ("desks/land/tickets", {"remind_before": 0}, 422, "remind_before"),
        ("desks/land/tickets", {"email": "nobody"}, 422, "email"),
        ("dossiers", {"procedure": "dance_permit"}, 422, "procedure"),
        ("dossiers", {"procedure": "house_permit", "papers": ["dog"]}, 422, "papers"),
        ("dossiers", {}, 422, "procedure"),
    ],
)
def test_bad_input_is_refused_at_its_field(
    city: City, path: str, body: dict[str, Any], status: int, field: str | None
):
    answer = city.intake.post(f"/onestop/{path}", json=body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    if field:
        assert answer.json()["errors"][0]["field"] == field


def test_only_clerks_call_and_only_the_house_reads_dossiers(city: City, clerk: Official):
    officer = city.official("ward_1", "officer")

    assert post(city, "desks/land/next", {}).status_code == 401
    assert post(city, "desks/land/next", officer.headers).status_code == 403
    assert post(city, "desks/land/next", city.leader().headers).status_code == 403
    for who, status in ((officer, 403), (clerk, 200), (city.office(), 200), (city.leader(), 200)):
        assert city.intake.get("/onestop/dossiers", headers=who.headers).status_code == status


def test_a_dossiers_way_from_the_hand_in_to_the_result(city: City, clerk: Official):
    before = city.newest()
    person = {"name": "Người Nộp Thử", "email": f"{uuid.uuid4().hex[:10]}@example.com"}
    body = {"procedure": "household_business", "papers": ["form"], "applicant": person}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    handed = city.intake.post("/onestop/dossiers", json=body, headers=key)
    assert handed.status_code == 201, handed.text
    mine = handed.json()
    number, own = mine["number"], bearer(mine["dossier_token"])
    again = city.intake.post("/onestop/dossiers", json=body, headers=key)
    assert (again.json()["number"], again.headers["Idempotency-Replayed"]) == (number, "true")

    for typed in (number, mine["short_code"], mine["short_code"].replace("-", "").lower()):
        public = city.intake.get(f"/onestop/dossiers/{typed}").json()
        assert (public["number"], public["state"]) == (number, "submitted")
        assert public["due_at"] == mine["due_at"]
        assert "checklist" not in public
        assert person["name"] not in str(public)

    steps = [
        ("receive", clerk.headers, {}, 422),
        ("supplement", clerk.headers, {"papers": ["identity"], "text": "Thiếu giấy tờ"}, 200),
        ("supply", own, {}, 422),
        ("supply", own, {"papers": ["minutes"]}, 422),
        ("supply", own, {"papers": ["identity"]}, 200),
        ("supplement", clerk.headers, {}, 422),
        ("process", clerk.headers, {}, 200),
        ("postpone", own, {"due_at": AFAR, "text": "Chờ xác minh"}, 401),
        ("postpone", clerk.headers, {"due_at": "2026-01-12T08:00:00Z", "text": "Chờ"}, 422),
        ("postpone", clerk.headers, {"due_at": AFAR}, 422),
        ("postpone", clerk.headers, {"due_at": "0001-01-01T00:00:00+14:00", "text": "Chờ"}, 422),
        ("postpone", clerk.headers, {"due_at": "9999-12-31T23:59:59-12:00", "text": "Chờ"}, 422),
        ("postpone", clerk.headers, {"due_at": AFAR, "text": "Chờ xác minh"}, 200),
        ("postpone", clerk.headers, {"due_at": AFAR, "text": "Chờ nữa"}, 409),
        ("return", clerk.headers, {}, 409),
        ("ready", clerk.headers, {"text": "Mời đến nhận"}, 200),
        ("return", clerk.headers, {}, 200),
        ("withdraw", own, {}, 409),
    ]
    for name, headers, given, status in steps:
        answer = post(city, f"dossiers/{number}/{name}", headers, **given)
        assert answer.status_code == status, (name, answer.text)
    shown = city.intake.get(f"/onestop/dossiers/{number}", headers=own).json()
    assert (shown["state"], shown["on_time"]) == ("returned", True)
    assert "Thiếu giấy tờ" in [each["text"] for each in shown["steps"]]
    assert datetime.fromisoformat(shown["promised_at"]) == datetime.fromisoformat(AFAR)
    assert shown["due_at"] < shown["promised_at"]

    def heard() -> list[str] | None:
        types = [e["type"] for e in events_about(city, before, f"HS-{mine['short_code']}")]
        return types if len(types) == 7 else None

    assert eventually(heard)[-1] == "dossier.returned.v1"
    events = str(events_about(city, before, f"HS-{mine['short_code']}"))
    assert person["name"] not in events
    assert person["email"] not in events
    assert "Thiếu giấy tờ" not in events

    def counted(**asked: str) -> dict[str, Any] | None:
        found = city.notify.get("/ioc/onestop", params=asked).json()["dossiers"]
        return found if found["decided"] else None

    found = eventually(counted)
    assert found is not None
    assert (found["on_time"], found["late"], found["on_time_share"]) == (None, None, None)
    assert found["withheld"] == ["on_time", "late", "on_time_share"]
    today, now = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date(), datetime.now(UTC)
    assert counted(on=today.isoformat())
    assert not counted(on=(today - timedelta(days=1)).isoformat())
    assert not counted(to=(now - timedelta(days=1)).isoformat())
    assert counted(**{"from": (now - timedelta(days=1)).isoformat()})
    assert not counted(at=(now - timedelta(days=1)).isoformat())


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"on": "yesterday"}, "on"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-02T00:00:00Z"}, "to"),
        ({"at": "2199-01-01T00:00:00Z"}, "at"),
        ({"from": "2026-01-02T00:00:00"}, "from"),
    ],
)
def test_a_senseless_period_is_refused_at_its_field(city: City, asked: dict[str, str], field: str):
    answer = city.notify.get("/ioc/onestop", params=asked)

    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_a_holder_is_told_by_mail_and_nothing_personal_is_in_it(city: City, clerk: Official):
    address = f"{uuid.uuid4().hex[:10]}@example.com"
    body = {
        "procedure": "marital_status",
        "papers": ["form", "identity"],
        "applicant": {"name": "Người Nộp Thử", "email": address},
    }
    number = city.intake.post("/onestop/dossiers", json=body).json()["number"]
    for name in ("receive", "ready"):
        assert post(city, f"dossiers/{number}/{name}", clerk.headers).status_code == 200
    take(city, "land")
    post(city, "desks/land/next", clerk.headers)  # the day has begun, whatever the hour
    take(city, "land", remind_before=20, email=address)

    subjects = city.mails_to(address, 4)

    assert len(subjects) == 4
    assert sum(number in each for each in subjects) == 3
    assert sum("Sắp đến lượt" in each for each in subjects) == 1


def test_who_is_reminded_can_give_the_number_back_by_the_link_of_the_mail(
    city: City, clerk: Official
):
    """Also who took it at the machine, and has nothing but the mail."""
    address = f"{uuid.uuid4().hex[:10]}@example.com"
    take(city, "civil_status")
    post(city, "desks/civil_status/next", clerk.headers)  # the day has begun, whatever the hour
    mine = take(city, "civil_status", remind_before=20, email=address)

    [mail] = city.letters_to(address, 1)

    link = re.search(r"/onestop#n=([^&\s]+)&t=(\S+)", mail.get_content())
    assert link, mail.get_content()
    assert link[1] == mine["id"]
    gone = city.intake.delete(f"/onestop/tickets/{link[1]}", headers=bearer(link[2]))
    assert (gone.status_code, gone.json()["state"]) == (200, "left")


def test_the_applicant_is_sealed_and_every_look_is_in_the_audit(city: City, clerk: Official):
    person = {"name": "Người Nộp Kín", "phone": "0900000001"}
    body = {"procedure": "birth_registration", "applicant": person}
    number = city.intake.post("/onestop/dossiers", json=body).json()["number"]
    path = f"/onestop/dossiers/{number}/applicant"

    assert city.intake.get(path, headers=clerk.headers).status_code == 422
    look = city.intake.get(path, params={"purpose": "verify_report"}, headers=clerk.headers)
    assert look.json()["name"] == person["name"]
    leader = city.leader()
    assert (
        city.intake.get(
            path, params={"purpose": "verify_report"}, headers=leader.headers
        ).status_code
        == 403
    )
    audit = city.intake.get(
        "/desk/audit", params={"kind": "applicant.viewed"}, headers=leader.headers
    ).json()
    assert number.rpartition("-")[2] in str(audit)
