"""When the desk says no, it says why, where, and in the reader's language."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.crowded import resolved_days_ago
from tests.browser.desk_world import WARD, assigned, resolved, sign_in
from tests.browser.driver import DESKTOP, PHONE, violations
from tests.e2e.client import City

OFFICER = f"officer.{WARD}"
ACCOUNT = re.compile(r"\bu_[0-9a-f]{8,}")
PHOTO_NEEDED = "Lĩnh vực này cần ảnh hiện trường sau khi xử lý"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


def test_a_result_without_its_photo_says_so_at_the_evidence(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    city.official(WARD).act(code, "accept")
    with open_context(PHONE) as (context, watch):
        watch.allow.append("422")
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=result]").click()
        page.locator("#f-outcome").select_option("solved")
        page.locator("#f-text").fill("Tổ vệ sinh đã dọn sạch lối đi lúc 9 giờ.")
        page.get_by_role("button", name="Gửi", exact=True).click()
        expect(page.locator(".summary")).to_contain_text(PHOTO_NEEDED)
        expect(page.locator("#f-evidence .error")).to_contain_text(PHOTO_NEEDED)
        page.locator(".summary a").click()
        expect(page.locator("#f-evidence")).to_be_focused()
        assert violations(page) == []


def test_a_refused_disclosure_says_which_field_and_why(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("422")
        page = context.new_page()
        sign_in(page, stack, "office_clerk", f"/desk/cases/{code}")
        page.get_by_role("button", name="Xin cung cấp cho bên thứ ba").click()
        box = page.locator("dialog[open]")
        box.get_by_label("Nơi nhận").fill("Báo Lâm Đồng")
        box.get_by_label("Người liên hệ").fill("Ban bạn đọc")
        box.get_by_label("Mục đích").fill("Trả lời bạn đọc về việc thu gom rác.")
        box.get_by_label("Căn cứ pháp lý").fill("Văn bản đề nghị số 12")
        box.get_by_label("Nội dung").check()
        far = (datetime.now(UTC) + timedelta(days=2000)).date().isoformat()
        box.get_by_label("Hết hạn").fill(far)
        box.get_by_role("button", name="Gửi lãnh đạo").click()
        expect(box.locator(".summary")).not_to_contain_text("Nội dung gửi chưa đúng")
        box.locator(".summary a").click()
        field = box.get_by_label("Hết hạn")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        assert violations(page) == []


def test_a_reporter_who_disputes_too_late_is_told_that(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    receipt = resolved(stack)
    with open_context(PHONE) as (context, watch):
        watch.allow.append("422")
        page = context.new_page()
        page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
        page.get_by_role("button", name="Chưa giải quyết").click()
        page.locator("#judge-text").fill("Rác vẫn còn nguyên.")
        resolved_days_ago(stack, receipt["code"], 30)
        page.get_by_role("button", name="Yêu cầu xử lý lại").click()
        said = page.locator(".actions .error[role=alert]")
        expect(said).to_have_text("Đã quá thời gian phản hồi kết quả; vui lòng gửi phản ánh mới.")
        expect(page.locator("#judge-text")).to_have_value("Rác vẫn còn nguyên.")


def test_who_was_faster_is_said_by_unit_and_hour(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, watch):
        watch.allow.extend(["412", "desk/stream|ERR_FAILED"])
        page = context.new_page()
        page.route("**/desk/stream", lambda route: route.abort())
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=progress]").click()
        page.locator("#f-text").fill("Đang xử lý.")
        city.official(WARD, "unit_head").act(code, "accept")
        page.locator("[data-form=progress] button[type=submit]").click()
        words = page.locator("[data-form=progress] .note.warn").inner_text()
    assert "Đơn vị đã nhận xử lý" in words
    assert re.search(r"UBND phường 1, \d\d:\d\d", words), words
    assert not ACCOUNT.search(words)
    assert "+07:00" not in words


def _sign_in_again(page: Page, stack: dict[str, Any], username: str) -> None:
    password = next(a["password"] for a in stack["accounts"] if a["username"] == username)
    page.locator("dialog[open] #signin-name").fill(username)
    page.locator("dialog[open] #signin-password").fill(password)
    page.locator("dialog[open] button[type=submit]").click()
    page.locator("dialog[open]").wait_for(state="detached")


def _with_an_ended_session(page: Page, stack: dict[str, Any], city: City, code: str) -> None:
    """An officer's words are on their way when the session is found to be over."""
    sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
    page.locator("[data-action=progress]").click()
    page.locator("#f-text").fill("Đang chờ xe chuyên dụng đến nơi.")
    kept = page.evaluate("JSON.parse(sessionStorage.getItem('desk.session'))")
    headers = {"Authorization": f"Bearer {kept['access_token']}"}
    assert city.intake.post("/auth/logout", headers=headers).status_code == 204
    page.locator("[data-form=progress] button[type=submit]").click()
    page.locator("dialog[open] #signin-password").wait_for()


def test_escape_does_not_take_the_sign_in_away(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("401")
        page = context.new_page()
        _with_an_ended_session(page, stack, city, code)
        for _ in range(3):  # a browser lets a dialog keep itself open once, and not twice
            page.keyboard.press("Escape")
        expect(page.locator("dialog[open] #signin-password")).to_be_visible()
        _sign_in_again(page, stack, OFFICER)
        page.locator("[data-form=progress]").wait_for(state="detached")
    steps = [step["type"] for step in city.official(WARD, "unit_head").case(code)["timeline"]]
    assert steps.count("case.progressed.v1") == 1


def test_a_command_is_never_sent_in_another_persons_name(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("401")
        page = context.new_page()
        _with_an_ended_session(page, stack, city, code)
        sent: list[str] = []
        page.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
        _sign_in_again(page, stack, f"head.{WARD}")
        page.locator(".person").get_by_text("Thủ trưởng").first.wait_for()
        page.wait_for_timeout(1500)
        assert [url for url in sent if url.endswith("/progress")] == []
        assert "Đang chờ xe chuyên dụng" not in page.content()
    steps = [step["type"] for step in city.official(WARD, "unit_head").case(code)["timeline"]]
    assert "case.progressed.v1" not in steps


def test_what_a_form_misses_is_said_in_the_language_that_is_chosen_later(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=progress]").click()
        page.locator("[data-form=progress] button[type=submit]").click()
        expect(page.locator(".summary")).to_contain_text("Hãy điền mục này")
        page.get_by_role("button", name="English").click()
        expect(page.locator(".summary")).to_contain_text("Please fill")
        expect(page.locator(".summary")).not_to_contain_text("Hãy")
