"""Pictures of the officials' desk."""

import json
from functools import cache
from typing import Any

from playwright.sync_api import Page, Route

from tests.browser.desk_world import LONG_WORDS, WARD, assigned, inbox_of_a_ward, send, sign_in
from tests.browser.scenes import scene
from tests.e2e.client import City

OFFICER = f"officer.{WARD}"


@cache
def _filled(intake: str, notify: str, accounts: str) -> list[dict[str, Any]]:
    city = City({"intake": intake, "notify": notify, "accounts": json.loads(accounts), "mail": ""})
    made = inbox_of_a_ward(city)
    made.append(assigned(city, text=LONG_WORDS, with_files=True))
    send(city, text="Đồ ngu, dọn rác đi. Rác đầy đường.", category="environment")
    send(city, category=None, area=None, text="Xin hỏi lịch cắt nước tuần này của khu vực tôi")
    city.close()
    return made


def _city(stack: dict[str, Any]) -> list[dict[str, Any]]:
    return _filled(stack["intake"], stack["notify"], json.dumps(stack["accounts"]))


@scene("desk-signin")
def signin(page: Page, _stack: dict[str, Any]) -> None:
    page.goto("/desk")
    page.locator("#signin-name").wait_for()


@scene("desk-signin-refused", themes=("light",))
def signin_refused(page: Page, _stack: dict[str, Any]) -> None:
    page.goto("/desk")
    page.locator("#signin-name").fill("officer.ward_1")
    page.locator("#signin-password").fill("sai mật khẩu rồi")
    page.get_by_role("button", name="Đăng nhập").click()
    page.locator(".summary").wait_for()


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


@scene("desk-triage")
def triage(page: Page, stack: dict[str, Any]) -> None:
    _city(stack)
    sign_in(page, stack, "office_clerk", "/desk/triage")
    page.locator(".rows .line, [data-list=empty]").first.wait_for()


@scene("desk-leaders")
def leaders(page: Page, stack: dict[str, Any]) -> None:
    _city(stack)
    sign_in(page, stack, "leader")
    page.locator(".columns").wait_for()


@scene("desk-disclosures", themes=("light",))
def disclosures(page: Page, stack: dict[str, Any]) -> None:
    sign_in(page, stack, "leader", "/desk/disclosures")
    page.locator("h1").wait_for()
