"""Ways through the desk: back to the inbox as it was left, out of dialogs, at the counter."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.crowded import copied
from tests.browser.desk_world import WARD, assigned, sign_in
from tests.browser.driver import DESKTOP, PHONE, Size, violations
from tests.e2e.client import City

OFFICER = f"officer.{WARD}"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


def _scrolled_to(page: Page, height: float) -> None:
    """Wait until the page stands there; a polled expression would need eval, which it forbids."""
    for _ in range(100):
        if abs(page.evaluate("scrollY") - height) < 40:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"at {page.evaluate('scrollY')}, not at {height}")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=lambda each: each.name)
def test_the_way_back_leads_to_the_inbox_as_it_was_left(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City, size: Size
):
    words = "Cây xà cừ nghiêng trước cổng trường"
    code = assigned(city, text=words)["code"]
    with (
        copied(stack, code, 40, prefix="DL-WAYS", state="in_progress") as made,
        open_context(size) as (context, watch),
    ):
        watch.allow.append("404")  # a copy is opened, whose code is none
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        page.get_by_role("tab", name="Quá hạn").click()
        page.locator("#by-state").select_option("in_progress")
        page.locator("#search").fill("xà cừ")
        expect(page.locator(".rows .line")).to_have_count(len(made))
        assert "tab=overdue" in page.url
        assert "state=in_progress" in page.url
        assert not re.search("c%C3%A2y|xa|q=", page.url.split("?")[1])
        row = page.locator(".rows .line").nth(30)
        row.scroll_into_view_if_needed()
        before = page.evaluate("scrollY")
        assert before > 0
        for leave in (page.go_back, page.locator("a.back").click):
            row.locator("a").click()
            page.locator("a.back").wait_for()
            leave()
            expect(page.get_by_role("tab", name="Quá hạn")).to_have_attribute(
                "aria-selected", "true"
            )
            expect(page.locator("#search")).to_have_value("xà cừ")
            expect(page.locator("#by-state")).to_have_value("in_progress")
            expect(page.locator(".rows .line")).to_have_count(len(made))
            _scrolled_to(page, before)
        page.reload()
        expect(page.get_by_role("tab", name="Quá hạn")).to_have_attribute("aria-selected", "true")
        # the menu is no way back: it begins anew
        page.locator("header nav a[aria-current]").click()
        expect(page.locator("#search")).to_have_value("")
        assert page.url.endswith("/desk/inbox")


def test_what_the_search_has_shown_stays_when_the_server_answers(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    word = f"q{uuid.uuid4().hex[:8]}"
    place = {"lat": 11.9404, "lon": 108.4383, "address": f"12 Phan {word} Phùng"}
    code = assigned(city, text=f"Rác {word} đổ đầy lối đi", location=place)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        row = page.locator(f".rows [data-code='{code}']")
        row.wait_for()
        for typed in (code[-4:], code[:7], f"loi {word}", f"phung {word} rac"):
            with page.expect_response(lambda answer: "q=" in answer.url):
                page.locator("#search").fill(typed)
            expect(page.locator(".list[aria-busy]")).to_have_count(0)
            expect(row, typed).to_be_visible()


def test_a_press_beside_a_dialog_loses_nothing_that_was_written(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", f"/desk/cases/{code}")
        opener = page.get_by_role("button", name="Xin cung cấp cho bên thứ ba")
        opener.click()
        page.locator("dialog[open]").wait_for()
        page.mouse.click(5, 400)  # nothing is written yet
        expect(page.locator("dialog[open]")).to_have_count(0)
        opener.click()
        page.locator("dialog[open]").get_by_label("Nơi nhận").fill("Báo Lâm Đồng")
        page.mouse.click(5, 400)
        page.wait_for_timeout(300)
        expect(page.locator("dialog[open]").get_by_label("Nơi nhận")).to_have_value("Báo Lâm Đồng")


def _called(page: Page, stack: dict[str, Any], city: City) -> str:
    """A number that was called and is at the window; the desk that it was taken at."""
    desk = city.intake.get("/onestop/desks").json()["items"][0]["id"]
    taken = city.intake.post(f"/onestop/desks/{desk}/tickets", json={})
    assert taken.status_code in {200, 201}, taken.text
    sign_in(page, stack, "onestop_clerk")
    page.locator("#which-desk").select_option(desk)
    call_next(page)
    page.locator("[data-ticket]").first.wait_for()
    return desk


def call_next(page: Page) -> None:
    """Press "call", and say yes if that is before the number's day: tests run by night, too."""
    page.locator("[data-action=call]").click()
    early = page.locator("[data-action=call-early]")
    answered = page.locator("[data-ticket], main [role=alert]")
    early.or_(answered).first.wait_for()
    if early.is_visible():
        early.click()


def test_choosing_another_desk_by_key_sends_nobody_away(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sent: list[str] = []
        page.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
        _called(page, stack, city)
        at = page.locator("[data-ticket]").first
        number = at.get_attribute("data-ticket")
        at.locator("[data-transfer=to]").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(500)
        assert [url for url in sent if "/transfer" in url] == []
        expect(page.locator(f"[data-ticket='{number}']")).to_be_visible()
        assert violations(page) == []
        at.get_by_role("button", name="Chuyển", exact=True).click()
        expect(page.locator(f"[data-ticket='{number}']")).to_have_count(0)


def test_a_press_after_a_lost_answer_calls_no_second_number(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    desk = city.intake.get("/onestop/desks").json()["items"][0]["id"]
    for _ in range(2):
        city.intake.post(f"/onestop/desks/{desk}/tickets", json={})
    keys: list[str | None] = []

    def lost(route: Route) -> None:
        keys.append(route.request.header_value("idempotency-key"))
        if len(keys) == 1:
            route.fetch()  # the server has called the number
            route.abort()
        else:
            route.continue_()

    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("ERR_FAILED")
        page = context.new_page()
        page.route("**/onestop/desks/*/next", lost)
        sign_in(page, stack, "onestop_clerk")
        page.locator("#which-desk").select_option(desk)
        call_next(page)
        page.locator("main [role=alert]").wait_for()
        before = page.locator("[data-ticket]").count()
        call_next(page)
        page.locator("main [role=alert]").wait_for(state="detached")
        assert len(keys) == 2
        assert keys[0] == keys[1]
        page.wait_for_timeout(500)
        assert page.locator("[data-ticket]").count() <= max(before, 1)
        call_next(page)
        page.wait_for_timeout(500)
        assert len(set(keys)) == 2


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=lambda each: each.name)
def test_in_the_evening_a_number_of_tomorrow_is_called_only_by_who_says_so(
    open_context: Callable[..., Any], stack: dict[str, Any], size: Size
):
    called: list[str] = []

    def evening(route: Route) -> None:
        """Answer as after closing: three have a number for a later day, and are at home."""
        shown = route.fetch().json()
        waits = {"waiting": 3, "next": ["A-001", "A-002", "A-003"], "serving": []}
        for each in shown["items"]:
            each |= {"open_now": False, "early": True, "on": "2031-03-04", **waits}
        route.fulfill(json=shown)

    def noted(route: Route) -> None:
        called.append(route.request.url)
        route.abort()

    with open_context(size) as (context, watch):
        watch.allow.append("ERR_FAILED")
        page = context.new_page()
        page.route("**/onestop/desks", evening)
        page.route("**/onestop/desks/*/next", noted)
        sign_in(page, stack, "onestop_clerk")
        page.locator("#which-desk").select_option(index=1)
        page.locator("[data-action=call]").click()
        box = page.locator("dialog[open]")
        expect(box).to_contain_text("A-001")
        expect(box).to_contain_text("04/03/2031")
        assert violations(page) == []
        box.get_by_role("button", name="Thôi").click()
        expect(box).to_have_count(0)
        assert called == []
        page.locator("[data-action=call]").click()
        page.locator("[data-action=call-early]").click()
        page.locator("main [role=alert]").wait_for()
        assert len(called) == 1
