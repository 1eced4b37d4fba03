"""Pictures of the officials' desk."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from playwright.sync_api import Page, Route

from tests.browser.backdated import a_city_with_overdue_cases
from tests.browser.desk_world import LONG_WORDS, WARD, assigned, inbox_of_a_ward, send, sign_in
from tests.browser.scenes import scene
from tests.e2e.client import City

PHONE_UP_TO = 600  # css pixels of a window's width
OFFICER = f"officer.{WARD}"


@cache
def _filled(intake: str, notify: str, accounts: str) -> list[dict[str, Any]]:
    city = City({"intake": intake, "notify": notify, "accounts": json.loads(accounts), "mail": ""})
    made = inbox_of_a_ward(city)
    made.append(assigned(city, text=LONG_WORDS, with_files=True))
    send(city, text="Đồ ngu, dọn rác đi. Rác đầy đường.", category="environment")
    send(city, category=None, area=None, text="Xin hỏi lịch cắt nước tuần này của khu vực tôi")
    _for_leaders(city)
    city.close()
    return made


def _for_leaders(city: City) -> None:
    """A question that waits for an answer, and a directive that is not done."""
    asked, told = assigned(city)["code"], assigned(city)["code"]
    for code in (asked, told):
        city.official(WARD).act(code, "forward", text="Không thuộc thẩm quyền của phường.")
        city.office().act(code, "guidance", text="Xin ý kiến về đơn vị chủ trì.")
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    words = "Phòng Quản lý đô thị chủ trì, báo cáo kết quả."
    city.leader().act(told, "directives", addressee="urban_management", due_at=due, text=words)


def _city(stack: dict[str, Any]) -> list[dict[str, Any]]:
    return _filled(stack["intake"], stack["notify"], json.dumps(stack["accounts"]))


@scene("desk-inbox")
def inbox(page: Page, stack: dict[str, Any]) -> None:
    _city(stack)
    sign_in(page, stack, OFFICER)
    page.locator(".rows .line").first.wait_for()


@scene("desk-inbox-empty", themes=("light",))
def inbox_empty(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "officer.justice")
    page.locator("[data-list=empty]").wait_for()


@scene("desk-inbox-error", themes=("light",))
def inbox_error(page: Page, stack: dict[str, Any]) -> None:
    def broken(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body="{}")

    page.route("**/api/v1/desk/cases*", broken)
    sign_in(page, stack, OFFICER)
    page.locator("[data-list=error]").wait_for()


@scene("desk-inbox-loading", themes=("light",))
def inbox_loading(page: Page, stack: dict[str, Any]) -> None:
    page.route("**/api/v1/desk/cases*", lambda _route: None)
    sign_in(page, stack, OFFICER)
    page.locator("[data-list=loading]").wait_for()


@scene("desk-case")
def case(page: Page, stack: dict[str, Any]) -> None:
    made = _city(stack)
    sign_in(page, stack, OFFICER, f"/desk/cases/{made[0]['code']}")
    page.locator(".thumb img").first.wait_for()


@scene("desk-case-long")
def case_long(page: Page, stack: dict[str, Any]) -> None:
    made = _city(stack)
    sign_in(page, stack, OFFICER, f"/desk/cases/{made[-1]['code']}")
    page.locator(".thumb img").first.wait_for()


@scene("desk-case-result")
def case_result(page: Page, stack: dict[str, Any]) -> None:
    made = _city(stack)
    sign_in(page, stack, OFFICER, f"/desk/cases/{made[0]['code']}")
    page.locator("[data-action=result]").click()
    page.get_by_role("button", name="Gửi", exact=True).click()
    page.locator(".summary").wait_for()


@scene("desk-case-identity", themes=("light",))
def case_identity(page: Page, stack: dict[str, Any]) -> None:
    made = _city(stack)
    sign_in(page, stack, OFFICER, f"/desk/cases/{made[0]['code']}")
    page.get_by_role("button", name="Xem danh tính").click()
    page.locator("dialog[open]").wait_for()


@scene("desk-case-photo", themes=("dark",))
def case_photo(page: Page, stack: dict[str, Any]) -> None:
    made = _city(stack)
    sign_in(page, stack, OFFICER, f"/desk/cases/{made[0]['code']}")
    page.locator(".thumb").first.click()
    page.locator(".viewer img").wait_for()


@scene("desk-case-unknown", themes=("light",))
def case_unknown(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, OFFICER, "/desk/cases/DL-0000-0000")
    page.locator("[data-list=empty]").wait_for()


@scene("desk-case-held")
def case_held(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "office_clerk", f"/desk/cases/{_held(stack)}")
    page.locator("[data-reasons]").wait_for()


def _held(stack: dict[str, Any]) -> str:
    """The code of a report that waits for the Office because of its words."""
    _city(stack)
    city = City(stack)
    found = city.intake.get("/desk/cases?state=held", headers=city.office().headers).json()
    city.close()
    code: str = next(each["code"] for each in found["items"] if each["flagged"])
    return code


@scene("desk-case-company")
def case_company(page: Page, stack: dict[str, Any]) -> None:
    made = _city(stack)
    code = made[0]["code"]
    city = City(stack)
    for who in (city.official(WARD, "unit_head"), city.leader()):
        answer = city.intake.put(f"/desk/cases/{code}/presence", headers=who.headers)
        assert answer.status_code == 200, answer.text
    city.close()
    sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
    page.locator("[data-company='2']").wait_for()


@scene("desk-case-company-unknown", themes=("light",))
def case_company_unknown(page: Page, stack: dict[str, Any]) -> None:
    made = _city(stack)
    page.route("**/presence", lambda route: route.abort())
    sign_in(page, stack, OFFICER, f"/desk/cases/{made[0]['code']}")
    page.get_by_text("không biết có ai khác").wait_for()


@scene("desk-triage")
def triage(page: Page, stack: dict[str, Any]) -> None:
    _city(stack)
    sign_in(page, stack, "office_clerk", "/desk/triage")
    page.locator(".rows .line, [data-list=empty]").first.wait_for()


@scene("desk-triage-held")
def triage_held(page: Page, stack: dict[str, Any]) -> None:
    _held(stack)
    sign_in(page, stack, "office_clerk", "/desk/triage")
    page.get_by_role("tab", name="Giữ lại").click()
    page.locator("mark").first.wait_for()


@scene("desk-entry")
def entry(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "office_clerk", "/desk/entry")
    page.locator("#e-text").wait_for()
    page.locator(".read-out").wait_for()


@scene("desk-entry-danger")
def entry_danger(page: Page, stack: dict[str, Any]) -> None:
    _city(stack)
    sign_in(page, stack, "office_clerk", "/desk/entry")
    page.locator("#e-text").fill("Cháy nhà, có người bị thương trước chợ; rác đầy đường")
    page.locator("#e-category").select_option("environment")
    page.locator("#e-area").select_option(WARD)
    page.locator("#e-address").fill("Ủy ban phường 1")
    page.locator("[data-danger=true]").wait_for()
    page.locator("[data-known]").first.wait_for()


@scene("desk-entry-map", themes=("light",))
def entry_map(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "ioc_operator", "/desk/entry")
    page.locator("#e-area").select_option(WARD)
    page.get_by_role("button", name="Chọn trên bản đồ").click()
    page.locator(".pick-place.leaflet-container").click()
    page.locator("[data-place]").wait_for()


@scene("desk-entry-missing", themes=("light",))
def entry_missing(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "onestop_clerk", "/desk/entry")
    page.locator("[data-form=entry] button[type=submit]").click()
    page.locator(".summary").wait_for()


@scene("desk-entry-sent")
def entry_sent(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "office_clerk", "/desk/entry")
    page.locator("#e-text").fill("Ổ gà lớn giữa đường, xe máy ngã nhiều lần.")
    page.locator("#e-category").select_option("urban_order")
    page.locator("#e-area").select_option(WARD)
    page.locator("#e-terms").check()
    page.locator("[data-form=entry] button[type=submit]").click()
    page.locator("[data-sent]").wait_for()


@scene("desk-settings")
def settings(page: Page, stack: dict[str, Any]) -> None:
    there = {"items": [{"id": each} for each in ("email", "zalo", "sms")], "next": None}
    page.route("**/api/v1/channels", lambda route: route.fulfill(json=there))
    sign_in(page, stack, "officer.ward_2", "/desk/settings")
    page.locator("[data-channel=zalo]").check()
    page.locator("[data-channel=sms]").check()
    if not page.locator("#quiet-own").is_checked():
        page.locator("#quiet-own").check()
    page.locator("#quiet-from").wait_for()


@scene("desk-disclosure-preview")
def disclosure_preview(page: Page, stack: dict[str, Any]) -> None:
    disclosures(page, stack)
    page.locator(".disclosure").first.get_by_role("button", name="Đồng ý", exact=True).click()
    page.locator("[data-preview=ready]").wait_for()


@scene("desk-leaders")
def leaders(page: Page, stack: dict[str, Any]) -> None:
    _city(stack)
    sign_in(page, stack, "leader")
    page.locator(".columns").wait_for()


@scene("desk-disclosures")
def disclosures(page: Page, stack: dict[str, Any]) -> None:
    _asked(stack["intake"], stack["notify"], json.dumps(stack["accounts"]))
    sign_in(page, stack, "leader", "/desk/disclosures")
    page.locator(".disclosure").first.wait_for()


@cache
def _asked(intake: str, notify: str, accounts: str) -> None:
    city = City({"intake": intake, "notify": notify, "accounts": json.loads(accounts), "mail": ""})
    code = assigned(city, with_files=True)["code"]
    body = {
        "recipient": {"organisation": "Báo Lâm Đồng", "contact": "Ban bạn đọc"},
        "purpose": "Trả lời bạn đọc về việc thu gom rác ở chợ.",
        "legal_basis": "Văn bản đề nghị số 12",
        "fields": ["text", "category", "media", "result"],
        "expires_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
    }
    headers = {**city.office().headers, "Idempotency-Key": str(uuid.uuid4())}
    answer = city.intake.post(f"/desk/cases/{code}/disclosures", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    city.close()


@scene("desk-inbox-map")
def inbox_map(page: Page, stack: dict[str, Any]) -> None:
    _city(stack)
    sign_in(page, stack, OFFICER)
    page.locator(".rows .line").first.wait_for()
    if page.locator(".bigmap").count() == 0:
        page.get_by_role("button", name="Bản đồ", exact=True).click()
    page.locator(".leaflet-marker-icon").first.wait_for()


@scene("desk-case-map")
def case_map(page: Page, stack: dict[str, Any]) -> None:
    made = _city(stack)
    sign_in(page, stack, OFFICER, f"/desk/cases/{made[0]['code']}")
    page.locator("[data-map=open]").click()
    page.locator(".pin.here").wait_for()
    if page.viewport_size and page.viewport_size["width"] < PHONE_UP_TO:
        page.locator(".bigmap").evaluate("box => box.scrollIntoView({ block: 'center' })")


@scene("desk-onestop")
def onestop(page: Page, stack: dict[str, Any]) -> None:
    _queue(stack["intake"])
    sign_in(page, stack, "onestop_clerk")
    page.locator("#which-desk").select_option(index=1)
    page.locator("[data-action=call]").wait_for()


@cache
def _queue(intake: str) -> None:
    with httpx.Client(base_url=f"{intake}/api/v1") as client:
        desk = client.get("/onestop/desks").json()["items"][0]["id"]
        for _ in range(3):
            client.post(f"/onestop/desks/{desk}/tickets", json={}).raise_for_status()
        procedure = client.get("/onestop/procedures").json()["items"][0]
        papers = [each["id"] for each in procedure["checklist"]]
        body = {"procedure": procedure["id"], "papers": papers[:1]}
        client.post("/onestop/dossiers", json=body).raise_for_status()


@scene("desk-audit")
def audit(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "office_clerk", "/desk/audit")
    page.locator("[data-entry]").first.wait_for()


@scene("desk-operations", themes=("light",))
def operations(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "ioc_operator")
    page.locator("a[href$='/ioc/wall']").wait_for()


@scene("desk-english", themes=("light",))
def english(page: Page, stack: dict[str, Any]) -> None:
    _city(stack)
    sign_in(page, stack, OFFICER)
    page.get_by_role("button", name="English").click()
    page.get_by_role("link", name="Inbox").wait_for()
    page.locator(".rows .line").first.wait_for()


@scene("desk-inbox-overdue")
def inbox_overdue(page: Page, stack: dict[str, Any]) -> None:
    """A ward whose cases are days over their time."""
    a_city_with_overdue_cases(stack)
    sign_in(page, stack, "officer.ward_9")
    page.locator(".left.overdue").first.wait_for()


@scene("desk-leaders-overdue")
def leaders_overdue(page: Page, stack: dict[str, Any]) -> None:
    """The leaders' page while several units are late."""
    a_city_with_overdue_cases(stack)
    leaders(page, stack)


@scene("desk-leaders-late-unit")
def leaders_late_unit(page: Page, stack: dict[str, Any]) -> None:
    """What a unit is late with."""
    leaders_overdue(page, stack)
    page.locator("[data-unit] summary").first.click()
    page.locator("[data-unit] a.late").first.wait_for()


@scene("desk-leaders-remind")
def leaders_remind(page: Page, stack: dict[str, Any]) -> None:
    """One reminder for all that a unit is late with."""
    leaders_late_unit(page, stack)
    page.locator("[data-unit] [data-remind=open]").first.click()
    page.locator("#remind-text").fill("Xử lý dứt điểm, báo cáo kết quả bằng văn bản.")
