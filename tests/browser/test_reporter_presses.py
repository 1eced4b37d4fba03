"""A press has its effect once or says why not; newer news stay; the focus goes with the reader."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import WARD, assigned
from tests.browser.driver import PHONE, Size, violations
from tests.browser.reporting import photo
from tests.browser.test_reporter_actions import call_until, open_own, serve
from tests.browser.test_reporter_counter import DESK, take_number
from tests.browser.test_reporter_telling import start_following
from tests.e2e.client import City

REFUSED = ["status of (409|503)", "Failed to load resource"]
BUSY, BUSY_EN = "Hệ thống đang bận, xin thử lại", "The system is busy, please try again"
PROBLEM = {
    "type": "urn:civic:problem:unavailable",
    "status": 503,
    "detail_vi": BUSY,
    "detail_en": BUSY_EN,
}


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


def refuse(route: Route) -> None:
    """Answer a step as a server that is busy; looks are served as they are."""
    if route.request.method == "GET":
        route.fallback()
        return
    route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(PROBLEM))


def held(page: Page, pattern: str) -> list[Route]:
    """Leave requests unanswered until the test answers them."""
    waiting: list[Route] = []

    def keep(route: Route) -> None:
        waiting.append(route)

    page.route(pattern, keep)
    return waiting


def test_a_refusal_is_read_in_the_dialog_that_asked(open_context: Open, city: City, size: Size):
    receipt = assigned(city)
    with open_context(size) as (context, watch):
        watch.allow += REFUSED
        page = context.new_page()
        open_own(page, receipt)
        page.route("**/api/v1/reports/*/reporter", refuse)
        page.get_by_role("button", name="Xoá danh tính của tôi").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Xoá vĩnh viễn").click()
        expect(dialog.get_by_role("alert")).to_contain_text(BUSY)
        assert violations(page) == []
        page.unroute("**/api/v1/reports/*/reporter")
        dialog.get_by_role("button", name="Xoá vĩnh viễn").click()
        expect(dialog).to_have_count(0)


def test_a_number_that_cannot_be_given_back_says_so_where_it_was_asked(
    open_context: Open, size: Size
):
    with open_context(size) as (context, watch):
        watch.allow += REFUSED
        page = context.new_page()
        take_number(page)
        page.route("**/api/v1/onestop/tickets/*", refuse)
        page.get_by_role("button", name="Trả số").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Trả số").click()
        expect(dialog.get_by_role("alert")).to_contain_text(BUSY)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Trả số").click()
        expect(dialog.get_by_role("alert")).to_have_count(0)  # that was the last time's
        page.unroute("**/api/v1/onestop/tickets/*")
        dialog.get_by_role("button", name="Trả số").click()
        expect(page.locator(".desks")).to_be_visible()


def test_a_refusal_to_follow_and_to_rate_stays_to_be_read(open_context: Open, city: City):
    code = assigned(city)["code"]
    clerk = city.of_role("onestop_clerk").headers
    with open_context(PHONE) as (context, watch):
        watch.allow += REFUSED
        page = context.new_page()
        page.route("**/api/v1/reports/*/follow", refuse)
        page.goto(f"/r/{code}")
        page.get_by_role("button", name="Theo dõi việc này").click()
        refused = page.locator(".note.bad")
        expect(refused).to_contain_text(BUSY)
        page.get_by_role("button", name="English").click()
        expect(refused).to_contain_text(BUSY_EN)
        page.get_by_role("button", name="Tiếng Việt").click()

        number = take_number(page)
        call_until(city, clerk, number)
        serve(city, clerk, number)
        page.route("**/api/v1/onestop/tickets/*/rating", refuse)
        star = page.get_by_role("radio", name="5 trên 5 sao")
        star.wait_for(state="attached", timeout=20_000)
        star.check(force=True)
        page.get_by_role("button", name="Gửi đánh giá").click()
        expect(refused).to_contain_text(BUSY)
        page.wait_for_timeout(6000)  # longer than a toast
        expect(refused).to_contain_text(BUSY)


def test_two_desks_pressed_at_once_give_one_number(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        waiting = held(page, "**/api/v1/onestop/desks/*/tickets")
        page.goto("/onestop")
        page.get_by_role("button", name=f"Lấy số thứ tự: {DESK}").click()
        expect(page.locator(".desks .btn.primary[aria-disabled=true]")).not_to_have_count(1)
        for button in page.locator(".desks .btn.primary").all():
            button.dispatch_event("click")
        page.wait_for_timeout(300)
        assert len(waiting) == 1
        waiting[0].fallback()
        page.locator(".mine-number .big").wait_for()


def test_a_code_that_is_entered_twice_uses_up_one_try(open_context: Open, city: City):
    code = assigned(city)["code"]
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        start_following(page, code)
        waits = {
            "channels": ["email"],
            "addresses": {"email": True, "zalo": False, "sms": False},
            "unconfirmed": ["email"],
        }
        page.route("**/api/v1/reports/*/follow", lambda route: route.fulfill(json=waits))
        tried = held(page, "**/api/v1/reports/*/follow/confirm")
        page.reload()
        field = page.get_by_label("Mã xác nhận")
        field.fill("123456")
        field.press("Enter")
        field.press("Enter")
        page.wait_for_timeout(300)
        assert len(tried) == 1
        tried[0].fulfill(json={**waits, "unconfirmed": []})
        expect(field).to_have_count(0)
        expect(page.locator("#told-choose")).to_be_focused()


def test_an_answer_that_was_overtaken_takes_nothing_back(open_context: Open, city: City):
    receipt = assigned(city)
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        open_own(page, receipt)
        expect(page.get_by_text("Đang cập nhật trực tiếp")).to_be_visible(timeout=20_000)
        late: list[tuple[Route, APIResponse]] = []

        def hold_first(route: Route) -> None:
            if late:
                route.fallback()
            else:
                late.append((route, route.fetch()))

        page.route(f"**/api/v1/reports/{receipt['code']}", hold_first)
        page.evaluate("dispatchEvent(new Event('online'))")
        for _ in range(40):
            if late:
                break
            page.wait_for_timeout(100)
        city.official(WARD).act(receipt["code"], "accept")
        accepted = page.locator("[data-state=accepted]")
        expect(accepted.first).to_be_visible(timeout=20_000)
        (route, answer) = late[0]
        route.fulfill(response=answer)
        page.wait_for_timeout(500)
        expect(accepted.first).to_be_visible()


def test_a_photo_added_later_keeps_its_own_time(context: BrowserContext, city: City):
    receipt = assigned(city)
    page = context.new_page()
    open_own(page, receipt)
    page.evaluate(
        """() => {
          const taken = Date.parse('2026-03-02T08:15:00+07:00');
          Object.defineProperty(File.prototype, 'lastModified', { get: () => taken });
        }"""
    )
    page.locator(".actions input[type=file]").set_input_files(
        {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo("#552277")}
    )
    shown = page.locator("section[aria-labelledby=what-title] img")
    expect(shown).to_have_attribute("alt", re.compile(r"08:15 (0?2/0?3|02/03/2026)"))
    (kept,) = city.own(receipt)["media"]
    assert datetime.fromisoformat(kept["captured_at"]) == datetime(2026, 3, 2, 1, 15, tzinfo=UTC)


def test_the_focus_is_where_the_reader_goes_on(context: BrowserContext, city: City):
    receipt = assigned(city)
    page = context.new_page()
    page.goto("/mine")
    page.get_by_label("Theo dõi bằng mã").fill(receipt["code"])
    page.get_by_role("button", name="Xem", exact=True).click()
    page.get_by_role("heading", name="Các bước").wait_for()
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    page.get_by_role("button", name="Theo dõi việc này").click()
    choose = page.get_by_role("button", name="Chọn cách nhận tin")
    expect(choose).to_be_focused()
    choose.click()
    expect(page.locator("#told-channels")).to_be_focused()
    page.get_by_role("button", name="Thôi", exact=True).click()
    expect(choose).to_be_focused()
    page.get_by_role("button", name="Thôi theo dõi").click()
    expect(page.get_by_role("button", name="Theo dõi việc này")).to_be_focused()

    page.goto("about:blank")
    open_own(page, receipt)
    page.get_by_role("button", name="Rút phản ánh", exact=True).click()
    expect(page.locator("#withdraw-sure")).to_be_focused()
    page.locator(".actions").get_by_role("button", name="Thôi", exact=True).click()
    expect(page.get_by_role("button", name="Rút phản ánh", exact=True)).to_be_focused()


def test_back_to_the_first_step_the_focus_is_at_its_heading(context: BrowserContext):
    page = context.new_page()
    page.goto("/")
    page.locator("#take-photo").wait_for()
    page.get_by_role("button", name="Tiếp tục").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Ở đâu?")
    page.get_by_role("button", name="Quay lại").click()
    expect(heading).to_have_text("Bạn thấy gì?")
    expect(heading).to_be_focused()


def by_pasting(page: Page, receipt: dict[str, Any]) -> None:
    """Put the private link over the address of the page that is open: only the `#` changes."""
    page.evaluate("(token) => { location.hash = `t=${token}`; }", receipt["tracking_token"])


def by_typing(page: Page, receipt: dict[str, Any]) -> None:
    """Enter the private link in the form of the public view, after a wrong one."""
    page.get_by_text("Nhập mã theo dõi riêng", exact=True).click()
    field = page.get_by_label("Đường dẫn riêng hoặc mã theo dõi riêng")
    page.get_by_role("button", name="Mở phản ánh của tôi").click()
    expect(page.locator("#own-token-error")).to_contain_text("Dán đường dẫn riêng")
    field.fill("khong-phai-ma-nay")
    page.get_by_role("button", name="Mở phản ánh của tôi").click()
    expect(page.locator("#own-token-error")).to_contain_text("không phải của phản ánh này")
    assert violations(page) == []
    field.fill(f"https://dalat.example/r/{receipt['code']}#{receipt['tracking_token']}")
    page.get_by_role("button", name="Mở phản ánh của tôi").click()


@pytest.mark.parametrize("way", [by_pasting, by_typing])
def test_the_public_page_becomes_the_reporters_own(
    open_context: Open, city: City, way: Callable[[Page, dict[str, Any]], None]
):
    receipt = assigned(city)
    with open_context(PHONE) as (context, watch):
        watch.allow.append("status of 401|Failed to load resource")
        page = context.new_page()
        page.goto(f"/r/{receipt['code']}")
        page.get_by_role("heading", name="Các bước").wait_for()
        expect(page.locator(".actions")).to_have_count(0)
        way(page, receipt)
        expect(page.locator(".actions")).to_be_visible()
        assert "#" not in page.url
        page.reload()
        expect(page.locator(".actions")).to_be_visible()


def test_words_that_stand_there_follow_the_language(context: BrowserContext):
    page = context.new_page()
    page.goto("/mine")
    page.get_by_role("button", name="Xem", exact=True).click()
    wrong = page.locator("#code-error")
    expect(wrong).to_contain_text("Kiểm tra lại từng ký tự")
    page.get_by_role("button", name="English").click()
    expect(wrong).to_contain_text("Check each character")

    page.goto("/onestop/board/results")
    expect(page).to_have_title(re.compile("^Board"))
    page.get_by_role("button", name="Tiếng Việt").click()
    expect(page).to_have_title(re.compile("^Bảng gọi số"))

    page.goto("/onestop")
    page.get_by_role("button", name="Tra cứu").click()
    expect(page.locator("#dossier-error")).to_contain_text("Nhập số hồ sơ")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#dossier-error")).to_contain_text("Type the number")
