"""Every event type of the catalogue is said by the running services and reaches the stream.

Each is provoked over HTTP, on a stack whose limits are seconds. Whoever adds a type adds the scene
that makes a service say it; without one the last test fails and names the type.
"""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest
from pymongo import MongoClient

from deploy.asyncapi import asyncapi_document
from deploy.local import stack as stacks
from shared.events import EVENTS
from shared.settings import RULES
from tests.chaos import rules
from tests.chaos.load import SHORT
from tests.e2e.client import City, eventually, report
from tests.e2e.test_journeys import publish
from tests.hostile import pictures

LIMIT_S = 12
PHOTO = [("after.jpg", pictures.photo(), "image/jpeg")]
SETTINGS = {
    "NOTIFY_INCIDENT_WINDOW_H": "0.01",
    "NOTIFY_INCIDENT_QUIET_MIN": "0.02",
    "NOTIFY_INCIDENT_EVERY_S": "1",
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    regulation, calendars = rules.write(tmp_path_factory.mktemp("rules"), LIMIT_S)
    always = calendars / "always.yaml"
    # a counter that never closes has no working days, and no number would ever expire
    always.write_text(always.read_text().replace("24:00", "23:59"))
    counter = tmp_path_factory.mktemp("counter") / "onestop.yaml"
    plain = (RULES / "regulations" / "dalat-onestop.yaml").read_text(encoding="utf-8")
    # a birth is to be registered within seconds
    short = plain.replace("limit_hours: 8\n", f"limit_hours: {LIMIT_S / 3600}\n", 1)
    counter.write_text(short, encoding="utf-8")
    variables = {**SETTINGS, "INTAKE_ONESTOP": str(counter)}
    for service in ("INTAKE", "ROUTER", "SLA", "NOTIFY"):
        variables[f"{service}_REGULATION"] = str(regulation)
        variables[f"{service}_CALENDARS"] = str(calendars)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        with stacks.temporary(with_services=True, say=print) as layout:
            opened = City.at(layout.stack_file)
            yield opened
            opened.close()


def sent(city: City, category: str = "environment", **changes: Any) -> dict[str, Any]:
    answer = city.send(report(category=category, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def assigned(city: City, category: str = "environment", **changes: Any) -> Any:
    """A case, and somebody of the unit that it lies with."""
    receipt = sent(city, category, **changes)
    return receipt, city.official(city.in_state(receipt, "assigned")["unit"])


def own(receipt: dict[str, Any], name: str = "tracking_token") -> dict[str, str]:
    return {"Authorization": f"Bearer {receipt[name]}"}


def test_a_case_from_the_report_to_the_dispute_and_the_end(city: City) -> None:
    receipt, official = assigned(city)
    code = receipt["code"]
    official.act(code, "accept")
    official.act(code, "dispatch", officer="Cán bộ trực")
    official.act(code, "progress", text="Đang kiểm tra hiện trường")
    official.act(code, "messages", text="Đề nghị cho biết thêm vị trí")
    publish(official, code, PHOTO)
    city.reporter(receipt, "reopen", text="Vẫn còn rác")
    publish(official, code, PHOTO)
    city.reporter(receipt, "rating", score=5, text="Cảm ơn")
    other = sent(city)["code"]
    followed = city.intake.post(f"/reports/{other}/follow")
    assert followed.status_code == 201, followed.text
    left = city.intake.delete(
        f"/reports/{other}/follow", headers=own(followed.json(), "follow_token")
    )
    assert left.status_code == 200, left.text
    erased = city.intake.delete(f"/reports/{code}/reporter", headers=own(receipt))
    assert erased.status_code in {200, 204}, erased.text


def test_a_case_that_changes_hands(city: City) -> None:
    receipt, official = assigned(city)
    official.act(receipt["code"], "recategorise", category="food_safety", text="Đúng lĩnh vực hơn")
    official.act(receipt["code"], "forward", text="Không thuộc thẩm quyền")
    for approve in (True, False):
        receipt, official = assigned(city)
        code, unit = receipt["code"], official.account["unit"]
        helper = next(each for each in city.units("ward") if each != unit)
        expected = datetime.now(UTC) + timedelta(days=9)
        asked = {"units": [helper], "text": "Cần phối hợp", "expected_at": expected.isoformat()}
        official.act(code, "coordination", **asked)
        if not approve:
            city.office().act(code, "coordination/reject", text="Đơn vị tự giải quyết được")
            continue
        city.office().act(code, "coordination/approve")
        moved = (expected + timedelta(days=1)).isoformat()
        official.act(code, "coordination/move", expected_at=moved, text="Chờ kết quả")
        city.official(helper).act(code, "coordination/answer", text="Đã làm xong")


def test_what_the_office_and_the_leaders_do(city: City) -> None:
    office, ward = city.office(), city.units("ward")[0]
    receipt = sent(city, "other", area=None)
    city.in_state(receipt, "assigned")
    code = receipt["code"]
    office.act(code, "guidance", text="Xin ý kiến chỉ đạo")
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    told = {"addressee": ward, "due_at": due, "text": "Phường kiểm tra"}
    city.leader().act(code, "directives", **told)
    head = city.official(ward, "unit_head")
    head.act(code, "directives/acknowledge", directive="d1")
    head.act(code, "directives/fulfil", directive="d1", text="Đã kiểm tra")
    refused, redirected = sent(city, "other", area=None), sent(city, "other", area=None)
    for each in (refused, redirected):
        city.in_state(each, "assigned")
    office.act(refused["code"], "refuse", reason="spam", text="Quảng cáo")
    away = {"reason": "denunciation", "agency": "Thanh tra tỉnh", "text": "Theo Luật Tố cáo"}
    office.act(redirected["code"], "redirect", **away)
    city.reporter(sent(city), "withdraw", text="Đã tự giải quyết")
    rude = city.send(report(category="environment", text="Rác khắp nơi, đm không ai dọn")).json()
    city.in_state(rude, "held")
    eventually(lambda: office.case(rude["code"])["suggested"])
    office.act(rude["code"], "release", text="Có thật")


def test_content_that_goes_to_a_third_party(city: City) -> None:
    receipt, _ = assigned(city)
    code, office, leader = receipt["code"], city.office(), city.leader()
    wanted = {
        "recipient": {"organisation": "Công an Phường 1", "contact": "Trực ban"},
        "purpose": "Xác minh",
        "legal_basis": "Công văn 12/CAP",
        "fields": ["text"],
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }
    first, second = (office.post(code, "disclosures", wanted).json()["id"] for _ in range(2))
    leader.act(code, f"disclosures/{first}/approve", text="Đồng ý")
    path = f"/desk/cases/{code}/disclosures/{first}/package"
    assert city.intake.get(path, headers=office.headers).status_code == 200
    office.act(code, f"disclosures/{first}/revoke", text="Thu hồi")
    leader.act(code, f"disclosures/{second}/reject", text="Không đồng ý")


def post(city: City, path: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
    answer = city.intake.post(f"/onestop/{path}", json=body, headers=headers or {})
    assert answer.is_success, (path, answer.text)
    return answer.json()


def test_numbers_at_the_counter(city: City) -> None:
    clerk = city.of_role("onestop_clerk").headers
    address = f"{uuid.uuid4().hex[:10]}@example.com"
    first = post(city, "desks/land/tickets", remind_before=9, email=address)
    # whatever the hour: once somebody was called, who still waits is reminded
    gone, skipped, moved = (post(city, "desks/land/tickets", remind_before=9) for _ in range(3))
    left = city.intake.delete(f"/onestop/tickets/{gone['id']}", headers=own(gone, "ticket_token"))
    assert left.status_code == 200, left.text
    post(city, "desks/land/next", clerk)
    post(city, f"tickets/{first['id']}/serve", clerk)
    post(city, f"tickets/{first['id']}/rating", own(first, "ticket_token"), score=5)
    post(city, "desks/land/next", clerk)
    post(city, f"tickets/{skipped['id']}/skip", clerk)
    post(city, "desks/land/next", clerk)
    post(city, f"tickets/{moved['id']}/transfer", clerk, to="results")
    _yesterday(city, "results")


def _yesterday(city: City, desk: str) -> None:
    """Time cannot be moved here: the queue of today is that of a day that is over."""
    client: MongoClient[dict[str, Any]] = MongoClient(city.stack["mongo"])
    with client:
        queues = client["civic_intake"]["onestop_queues"]
        found = eventually(
            lambda: queues.find_one({"queue.desk": desk, "open": True, "outbox": []})
        )
        on = datetime.now(UTC).date() - timedelta(days=3)
        found |= {"_id": f"{desk}.{on}", "queue": {**found["queue"], "on": on.isoformat()}}
        found.pop("keys", None)
        queues.insert_one(found)


def test_dossiers(city: City) -> None:
    clerk = city.of_role("onestop_clerk").headers
    person = {"name": "Người Nộp Thử", "email": f"{uuid.uuid4().hex[:10]}@example.com"}
    mine = post(city, "dossiers", procedure="household_business", papers=["form"], applicant=person)
    path, token = f"dossiers/{mine['number']}", own(mine, "dossier_token")
    post(city, f"{path}/supplement", clerk, papers=["identity"], text="Thiếu giấy tờ")
    post(city, f"{path}/supply", token, papers=["identity"])
    later = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    post(city, f"{path}/postpone", clerk, due_at=later, text="Chờ xác minh")
    for name in ("process", "ready", "return"):
        post(city, f"{path}/{name}", clerk)
    whole = {"procedure": "marital_status", "papers": ["form", "identity"], "applicant": person}
    received = post(city, "dossiers", **whole)
    post(city, f"dossiers/{received['number']}/receive", clerk)
    post(
        city, f"dossiers/{received['number']}/refuse", clerk, reason="not_eligible", text="Không đủ"
    )
    back = post(city, "dossiers", **whole)
    post(city, f"dossiers/{back['number']}/withdraw", own(back, "dossier_token"))


def test_a_dossier_that_is_late_its_applicant_reads_an_apology_once(city: City) -> None:
    address = f"{uuid.uuid4().hex[:12]}@example.com"
    person = {"name": "An", "email": address}
    papers = ["form", "birth_certificate", "identity"]
    post(city, "dossiers", procedure="birth_registration", papers=papers, applicant=person)

    eventually(lambda: [e for e in city.mails_to(address, 1) if "Xin lỗi" in e], 60)
    subjects = [each for each in city.mails_to(address, 2) if "Xin lỗi" in each]

    assert len(subjects) == 1


def test_a_deadline_that_passes(city: City) -> None:
    code = sent(city, SHORT)["code"]

    city.events_of(code, -1, "deadline.set.v1")


def test_many_reports_at_once(city: City) -> None:
    def dumped(numbers: range) -> set[str]:
        text = "Rác đổ trộm lần thứ {} ở cùng một chỗ"
        return {sent(city, area="Phường 11", text=text.format(n))["code"] for n in numbers}

    def linked(codes: set[str]) -> bool:
        found = city.notify.get("/ioc/incidents").json()["items"]
        return any(codes & set(each["codes"]) for each in found)

    first = dumped(range(6))
    eventually(lambda: linked(first), 30)
    later = dumped(range(6, 9))  # the window still holds the others
    eventually(lambda: linked(later), 30)


def heard(city: City) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    after = "-1"
    while page := city.notify.get("/ioc/events", params={"after": after, "limit": 1000}).json():
        found |= {each["type"]: each for each in page["items"]}
        after = page["next"]
        if not page["items"]:
            break
    return found


@pytest.mark.timeout(240)
def test_every_type_of_the_catalogue_was_heard_and_fits_its_schema(city: City) -> None:
    """The days that are over are looked for once a minute, and an incident ends by itself."""
    until = time.monotonic() + 150
    while missing := set(EVENTS) - set(heard(city)):
        assert time.monotonic() < until, f"no service said {sorted(missing)}"
        time.sleep(1)

    document = asyncapi_document("x")
    for kind, event in heard(city).items():
        message = document["components"]["messages"][EVENTS[kind].__name__]
        schema = {**message["payload"], "components": document["components"]}
        plain = {name: each for name, each in event.items() if name not in {"offset", "cursor"}}
        jsonschema.Draft202012Validator(schema).validate(plain)
