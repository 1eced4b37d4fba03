"""Two officials who have one case open see one another; and how each of them is told."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk_world import WARD, assigned, sign_in
from tests.browser.driver import DESKTOP, PHONE, violations
from tests.e2e.client import City

OFFICER, HEAD = f"officer.{WARD}", f"head.{WARD}"
SEEN_MS = 30_000  # a page asks every eight seconds, on a busy machine


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


def company(page: Page) -> Any:
    return page.locator("[data-company]")


def test_two_officers_see_that_the_other_has_the_case_open(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    heads = [
        a["username"] for a in stack["accounts"] if a["unit"] == WARD and a["role"] == "unit_head"
    ]
    with (
        open_context(DESKTOP) as (one, _watch),
        open_context(PHONE) as (two, _watch_two),
        open_context(DESKTOP) as (three, _watch_three),
    ):
        first, second, leader = one.new_page(), two.new_page(), three.new_page()
        sign_in(first, stack, OFFICER, f"/desk/cases/{code}")
        first.locator(".casehead").wait_for()
        expect(company(first)).to_have_count(0)
        sign_in(second, stack, heads[0], f"/desk/cases/{code}")
        # a colleague of the unit by name, at once for who comes second
        expect(company(second)).to_contain_text("Cán bộ P.1")
        expect(company(first)).to_contain_text("Thủ trưởng P.1", timeout=SEEN_MS)
        # of another body by role and unit only
        sign_in(leader, stack, "leader", f"/desk/cases/{code}")
        expect(company(leader)).to_contain_text("UBND phường 1")
        assert "P.1" not in company(leader).inner_text()
        expect(company(first)).to_contain_text("Lãnh đạo UBND", timeout=SEEN_MS)
        assert violations(first) == []
        leader.close()
        second.get_by_role("link", name="Hộp việc").first.click()
        expect(company(first)).to_have_count(0, timeout=SEEN_MS)


def test_without_a_connection_nobody_claims_to_be_alone(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    head = city.official(WARD, "unit_head")
    answer = city.intake.put(f"/desk/cases/{code}/presence", headers=head.headers)
    assert answer.status_code == 200, answer.text
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("presence|ERR_")  # the connection is cut on purpose
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        expect(company(page)).to_have_count(1)
        page.route("**/presence", lambda route: route.abort())
        expect(page.get_by_text("không biết có ai khác")).to_be_visible(timeout=SEEN_MS)
        expect(company(page)).to_have_count(0)
        page.unroute("**/presence")
        expect(page.get_by_text("không biết có ai khác")).to_have_count(0, timeout=SEEN_MS)


def test_an_official_chooses_how_they_are_told(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    me = "officer.ward_3"
    with open_context(PHONE) as (context, watch):
        watch.allow.append("422")  # a number that is none is refused on purpose
        page = context.new_page()
        there = {"items": [{"id": each} for each in ("email", "push", "zalo", "sms")], "next": None}
        page.route("**/api/v1/channels", lambda route: route.fulfill(json=there))
        sign_in(page, stack, me)
        page.get_by_role("link", name="Cách nhận thông báo").click()
        expect(page.locator("[data-channel=push]")).to_have_count(0)  # a desk is shared
        page.locator("[data-channel=sms]").check()
        page.locator("[data-channel=zalo]").check()
        page.get_by_role("button", name="Lưu").click()
        expect(page.locator(".summary")).to_contain_text("cần số di động")
        page.locator("#phone").fill("12345678")
        page.get_by_role("button", name="Lưu").click()
        expect(page.locator("#phone")).to_have_attribute("aria-invalid", "true")
        page.locator("#phone").fill("0905 123 456")
        page.get_by_role("button", name="Đưa Zalo lên trước").click()
        page.locator("#quiet-own").check()
        page.locator("#quiet-from").select_option("21:30")
        page.get_by_role("button", name="Lưu").click()
        expect(page.get_by_text("Đã lưu.")).to_be_visible()
        page.reload()
        expect(page.locator("[data-channel]").first).to_have_attribute("data-channel", "zalo")
        expect(page.locator("#quiet-from")).to_have_value("21:30")
        assert page.locator("#phone").input_value().endswith("905123456")
        assert violations(page) == []
    headers = city.official("ward_3", "officer").headers
    kept = city.intake.get("/auth/me/notifications", headers=headers).json()
    assert kept["channels"] == ["zalo", "sms", "email"]
    assert kept["quiet"]["from"].startswith("21:30")


def test_a_city_that_only_mails_offers_nothing_else(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        mail = {"items": [{"id": "email"}], "next": None}
        page.route("**/api/v1/channels", lambda route: route.fulfill(json=mail))
        sign_in(page, stack, "officer.ward_4", "/desk/settings")
        expect(page.get_by_text("luôn là kênh cuối cùng")).to_be_visible()
        expect(page.locator("[data-channel]")).to_have_count(0)
        expect(page.locator("#phone")).to_have_count(0)
        assert violations(page) == []
