"""From report to rating, for every category and every branch, over HTTP on the real stack.

The same journeys run under both regulation files: the city's and the five wards'.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local import stack as stacks
from shared.settings import RULES
from tests.e2e.client import City, Official, eventually, report
from tests.hostile import pictures

FIELD = (
    "market_price",
    "culture_tourism",
    "forest",
    "environment",
    "security_traffic",
    "construction_order",
    "food_safety",
    "urban_order",
)
REGULATIONS = ("dalat", "lamdong-5-wards")


@pytest.fixture(scope="module", params=REGULATIONS)
def city(request: pytest.FixtureRequest) -> Iterator[City]:
    """A whole stack under one regulation file."""
    path: Path = RULES / "regulations" / f"{request.param}.yaml"
    variables = {f"{each}_REGULATION": str(path) for each in ("INTAKE", "ROUTER", "SLA", "NOTIFY")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        with stacks.temporary(with_services=True, say=print) as layout:
            city = City.at(layout.stack_file)
            yield city
            city.close()


@pytest.fixture(scope="module")
def area(city: City) -> str:
    """An area of the regulation in force."""
    return city.intake.get("/areas").json()["items"][0]["id"]


@pytest.fixture(scope="module")
def photo() -> list[tuple[str, bytes, str]]:
    return [("after.jpg", pictures.photo(), "image/jpeg")]


def send(city: City, area: str, category: str, **changes: Any) -> dict[str, Any]:
    answer = city.send(report(category=category, area=area, **changes))
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    receipt["assigned"] = city.in_state(receipt, "assigned")
    return receipt


def publish(official: Official, code: str, photo: Any, **changes: Any) -> dict[str, Any]:
    media = official.add_media(code, photo)["media"]
    body = {
        "outcome": "solved",
        "text": "Đã kiểm tra hiện trường và xử lý xong",
        "evidence": [media[-1]["id"]],
        "officer": "Cán bộ trực",
        "site_visit_at": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(),
    }
    return official.act(code, "result", **{**body, **changes})


@pytest.mark.parametrize("category", [*FIELD, "service_attitude", "other"])
def test_from_report_to_rating(city: City, area: str, photo: Any, category: str):
    receipt = send(city, area, category)
    code, unit = receipt["code"], receipt["assigned"]["unit"]
    official = city.official(unit)

    assert "accept" in official.case(code)["actions"]
    official.act(code, "accept")
    official.act(code, "dispatch", officer="Cán bộ trực")
    done = publish(official, code, photo)
    rated = city.reporter(receipt, "rating", score=5, text="Cảm ơn")

    assert done["state"] == "resolved"
    assert done["results"][-1]["on_time"]
    assert rated["state"] == "closed"
    public = city.intake.get(f"/reports/{code}").json()
    assert public["result"]["outcome"] == "solved"
    assert city.intake.get(public["result"]["media"][0].removeprefix("/api/v1")).status_code == 200
    newest = city.events_of(code, -1, "case.closed.v1", "deadline.met.v1")
    assert [each["sequence"] for each in newest if each["source"] == "/civic/intake"] == list(
        range(1, 9)
    )


def test_a_forward_goes_to_the_office_and_on_to_another_unit(city: City, area: str, photo: Any):
    receipt = send(city, area, "environment")
    code, first = receipt["code"], receipt["assigned"]["unit"]
    ward, office = city.official(first), city.office()
    other = next(each for each in city.units("ward") if each != first)

    forwarded = ward.act(code, "forward", text="Không thuộc địa bàn của đơn vị")
    assert forwarded.get("status") == 404 or forwarded["unit"] == "office"
    assert ward.get(code).status_code == 404
    assert office.case(code)["hops"] == 1
    office.act(code, "assign", unit=other, text="Thuộc địa bàn đơn vị khác")
    done = publish(city.official(other), code, photo)

    assert done["state"] == "resolved"
    assert done["due_at"] == receipt["due_at"]


def test_the_office_asks_and_a_leader_directs(city: City, area: str):
    receipt = send(city, area, "other")
    code = receipt["code"]
    office, leader = city.office(), city.leader()
    ward = city.units("ward")[0]
    due_at = (datetime.now(UTC) + timedelta(days=2)).isoformat()

    asked = office.act(code, "guidance", text="Xin ý kiến chỉ đạo giải quyết")
    told = leader.act(
        code, "directives", addressee=ward, due_at=due_at, text="Phường kiểm tra, báo cáo"
    )
    head = city.official(ward, "unit_head")
    read = head.act(code, "directives/acknowledge", directive="d1")
    head.act(code, "directives/fulfil", directive="d1", text="Đã kiểm tra")
    office.act(code, "assign", unit=ward)

    assert asked["state"] == "awaiting_direction"
    assert told["state"] == "at_office"
    assert read["directives"][0]["acknowledged_at"]
    assert head.case(code)["directives"][0]["fulfilled_at"]
    assert city.events_of(code, -1, "case.directive_given.v1", "case.directive_fulfilled.v1")


def test_units_work_together_on_an_approved_date(city: City, area: str, photo: Any):
    receipt = send(city, area, "food_safety")
    code, unit = receipt["code"], receipt["assigned"]["unit"]
    ward, office = city.official(unit), city.office()
    helper = next(each for each in city.units("ward") if each != unit)
    expected = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)

    ward.act(
        code,
        "coordination",
        units=[helper],
        expected_at=expected.isoformat(),
        text="Cần phối hợp lấy mẫu",
    )
    approved = office.act(code, "coordination/approve")
    moved = ward.act(
        code,
        "coordination/move",
        expected_at=(expected + timedelta(days=1)).isoformat(),
        text="Chờ kết quả mẫu",
    )
    answered = city.official(helper).act(code, "coordination/answer", text="Đã lấy mẫu")

    assert approved["state"] == "coordinating"
    assert approved["due_at"] == receipt["due_at"]
    assert datetime.fromisoformat(approved["expected_at"]) == expected
    assert datetime.fromisoformat(moved["expected_at"]) == expected + timedelta(days=1)
    assert answered["coordination"]["tasks"][0]["answer"] == "Đã lấy mẫu"
    steps = city.own(receipt)["timeline"]
    told = next(each for each in steps if each["type"] == "case.coordination_moved.v1")
    assert datetime.fromisoformat(told["previous"]) == expected
    assert told["text"] == "Chờ kết quả mẫu"
    assert publish(ward, code, photo)["state"] == "resolved"


def test_the_office_refuses_with_a_reason(city: City):
    answer = city.send(report(category="other", area=None)).json()
    city.in_state(answer, "assigned")

    office = city.office()
    refused = office.act(answer["code"], "refuse", reason="spam", text="Nội dung quảng cáo")

    assert refused["state"] == "refused"
    assert city.own(answer)["timeline"][-1]["text"] == "Nội dung quảng cáo"
    without = office.post(answer["code"], "refuse", {"reason": "spam"})
    assert without.status_code == 422


def test_a_denunciation_is_redirected_and_never_public(city: City):
    answer = city.send(report(category="other", area=None)).json()
    city.in_state(answer, "assigned")

    city.office().act(
        answer["code"],
        "redirect",
        reason="denunciation",
        agency="Thanh tra tỉnh",
        text="Đơn tố cáo được giải quyết theo Luật Tố cáo",
    )

    assert city.intake.get(f"/reports/{answer['code']}").status_code == 404
    assert city.own(answer)["state"] == "redirected"
    assert city.official(city.units("ward")[0]).get(answer["code"]).status_code == 404


def test_a_dispute_reopens_and_never_counts_as_done(city: City, area: str, photo: Any):
    receipt = send(city, area, "urban_order")
    code, official = receipt["code"], city.official(receipt["assigned"]["unit"])
    publish(official, code, photo)

    again = city.reporter(receipt, "reopen", text="Vẫn còn lấn chiếm")
    public = city.intake.get(f"/reports/{code}").json()
    done = publish(official, code, photo)

    assert again["state"] == "reopened"
    assert (public["state"], public["result"], public["disputes"]) == ("reopened", None, 1)
    assert done["state"] == "resolved"
    assert len(done["results"]) == 2


def test_a_reporter_withdraws(city: City, area: str):
    receipt = send(city, area, "forest")

    withdrawn = city.reporter(receipt, "withdraw", text="Đã tự giải quyết")

    assert withdrawn["state"] == "withdrawn"
    official = city.official(receipt["assigned"]["unit"])
    assert official.post(receipt["code"], "accept", {}).status_code == 409


def test_two_officers_do_not_overwrite_each_other(city: City, area: str):
    receipt = send(city, area, "market_price")
    code, official = receipt["code"], city.official(receipt["assigned"]["unit"])
    seen = official.get(code).headers["etag"]

    official.act(code, "accept")
    late = official.post(code, "progress", {"text": "Đang xử lý"}, if_match=seen)

    assert late.status_code == 412
    assert late.json()["errors"][0]["code"] == "case.accepted.v1"


def test_a_ward_cannot_learn_whether_anothers_case_exists(city: City, area: str):
    receipt = send(city, area, "environment")
    other = next(each for each in city.units("ward") if each != receipt["assigned"]["unit"])
    stranger = city.official(other)

    for code in (receipt["code"], "DL-2222-2222"):
        assert stranger.get(code).status_code == 404
        assert stranger.post(code, "accept", {}).status_code == 404
    assert receipt["code"] not in {each["code"] for each in stranger.inbox()}


def test_the_inbox_shows_the_soonest_deadline_first_and_searches_without_accents(
    city: City, area: str
):
    late = send(city, area, "environment", text="Nước thải đổ ra suối Cam Ly")
    soon = send(city, area, "urban_order", text="Lấn chiếm vỉa hè chợ đêm")
    official = city.official(soon["assigned"]["unit"])

    codes = [each["code"] for each in official.inbox()]
    found = official.inbox(q="nuoc thai do ra suoi")

    assert codes.index(soon["code"]) < codes.index(late["code"])
    assert late["code"] in {each["code"] for each in found}
    assert soon["code"] not in {each["code"] for each in found}


def test_the_inbox_goes_backwards_and_by_flag_page_by_page(city: City, area: str):
    for _ in range(3):
        send(city, area, "environment", text="Cháy nhà, có người bị thương, cứu với")
    plain = send(city, area, "environment")
    headers = city.official(plain["assigned"]["unit"]).headers

    def pages(**asked: Any) -> list[dict[str, Any]]:
        items, following = [], ""
        while following is not None:
            params = {"limit": 2, **asked, **({"cursor": following} if following else {})}
            answer = city.intake.get("/desk/cases", params=params, headers=headers).json()
            items, following = items + answer["items"], answer["next"]
        return items

    forwards, backwards = pages(), pages(newest=True)
    urgent = pages(flag="emergency")

    assert [each["code"] for each in backwards] == [each["code"] for each in reversed(forwards)]
    assert len(urgent) >= 3
    assert all("emergency" in each["flags"] for each in urgent)
    assert plain["code"] not in {each["code"] for each in urgent}


def test_a_rude_report_is_held_released_and_handled_within_its_first_promise(
    city: City, area: str, photo: Any
):
    rude = report(category="urban_order", area=area, text="Lấn hết vỉa hè, đm không ai dọn")
    answer = city.send(rude).json()
    code = answer["code"]
    office = city.office()

    held = city.in_state(answer, "held")
    suggested = eventually(lambda: office.case(code)["suggested"])
    stranger = city.official(suggested["unit"]).get(code).status_code
    released = office.act(code, "release", text="Phản ánh có thật, chuyển xử lý")
    done = publish(city.official(suggested["unit"]), code, photo)

    assert answer["state"] == "held"
    assert answer["reword"]["vi"]
    assert held["due_at"] == answer["due_at"] == done["due_at"]
    assert stranger == 404
    assert released["unit"] == suggested["unit"]
    assert done["state"] == "resolved"


def test_the_reporter_sees_who_looked_and_can_erase_themselves(city: City, area: str):
    receipt = send(city, area, "forest")
    code, official = receipt["code"], city.official(receipt["assigned"]["unit"])
    own = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    path = f"/desk/cases/{code}/reporter"

    without = city.intake.get(path, headers=official.headers)
    looked = city.intake.get(path, params={"purpose": "verify_report"}, headers=official.headers)
    looks = city.intake.get(f"/reports/{code}/looks", headers=own).json()["items"]
    erased = city.intake.delete(f"/reports/{code}/reporter", headers=own)
    after = city.intake.get(path, params={"purpose": "verify_report"}, headers=official.headers)

    assert without.status_code == 422
    assert looked.status_code == 200
    assert [each["purpose"]["id"] for each in looks] == ["verify_report"]
    assert erased.status_code == 204
    assert after.status_code in {404, 410}
    assert city.own(receipt)["state"] == "assigned"
