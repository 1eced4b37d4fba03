"""Back, reload, deep links, paper and sharing: what a browser gives and pages often break."""

from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import a_busy_city, assigned
from tests.browser.driver import PHONE, SEEN, holds
from tests.browser.reporting import describe, fill_all, go_on, kept, locate, send, take_photo
from tests.browser.test_reporter_kept import CUT, refused
from tests.e2e.client import City


def heading(page: Page, words: str) -> None:
    """Wait for the heading of a screen."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def test_the_browsers_back_leads_one_step_back_and_loses_nothing(context: BrowserContext):
    page = context.new_page()
    page.goto("/map")
    page.goto("/")
    take_photo(page)
    go_on(page, "Ở đâu?")
    locate(page)
    go_on(page, "Việc gì?")
    describe(page, "Rác, bấm nút lùi của trình duyệt")
    page.go_back()
    heading(page, "Ở đâu?")
    page.go_back()
    heading(page, "Bạn thấy gì?")
    page.go_forward()
    heading(page, "Ở đâu?")
    page.go_forward()
    heading(page, "Việc gì?")
    expect(page.get_by_label("Bạn muốn báo điều gì?")).to_have_value(
        "Rác, bấm nút lùi của trình duyệt"
    )
    page.get_by_role("button", name="Quay lại").click()  # our own button is the same
    heading(page, "Ở đâu?")
    page.go_back()
    heading(page, "Bạn thấy gì?")
    page.go_back()
    heading(page, "Phản ánh công khai")


def test_a_reload_shows_the_receipt_again_and_back_begins_anew(context: BrowserContext):
    page = context.new_page()
    fill_all(page, "Rác, tải lại biên nhận")
    code = send(page)
    page.reload()
    expect(page.get_by_test_id("code")).to_have_text(code)
    page.go_back()
    heading(page, "Bạn thấy gì?")  # nothing is written: the steps behind it are gone
    page.go_forward()
    expect(page.get_by_test_id("code")).to_have_text(code)
    page.get_by_role("button", name="Báo việc khác").click()
    heading(page, "Bạn thấy gì?")
    assert kept(page, "drafts") == []


def test_back_passes_a_report_that_was_mended_or_dropped(open_context: Open):
    with open_context(PHONE) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        refused(page, "Rác, sửa rồi lùi lại")
        page.get_by_role("button", name="Sửa rồi gửi như phản ánh mới").click()
        heading(page, "Xem lại và gửi")
        page.go_back()  # from where it was mended to where it was sent
        heading(page, "Xem lại và gửi")
        page.go_back()
        heading(page, "Việc gì?")
        page.go_forward()
        heading(page, "Xem lại và gửi")
        page.get_by_role("button", name="Gửi phản ánh").click()
        heading(page, "Cần bạn xem lại")
        page.get_by_role("button", name="Bỏ phản ánh này").click()
        page.get_by_role("button", name="Bỏ hẳn").click()
        heading(page, "Bạn thấy gì?")
        assert page.evaluate("history.state") == {"step": 1}
        page.go_back()
        heading(page, "Bạn thấy gì?")
        page.go_forward()
        heading(page, "Bạn thấy gì?")


def test_back_to_a_receipt_that_was_forgotten_does_not_lead_forward_again(context: BrowserContext):
    page = context.new_page()
    fill_all(page, "Rác, biên nhận bị xoá")
    send(page)
    page.evaluate("document.querySelector('a[href=\"/mine\"]').click()")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="khỏi máy này").click()
    page.get_by_text("Chưa có phản ánh nào").wait_for()
    page.go_back()
    heading(page, "Bạn thấy gì?")
    holds(page, "history.state?.step === 1")
    page.go_forward()  # nothing was pushed in between
    heading(page, "Của tôi")


def test_the_link_to_the_first_page_leads_on_from_a_receipt(context: BrowserContext):
    page = context.new_page()
    fill_all(page, "Rác, từ biên nhận báo việc khác")
    code = send(page)
    page.locator("a.brand").click()
    heading(page, "Bạn thấy gì?")
    page.go_back()
    expect(page.get_by_test_id("code")).to_have_text(code)


def test_the_list_is_as_it_was_left_and_its_filters_are_a_link(
    context: BrowserContext, stack: dict[str, Any]
):
    a_busy_city(stack)
    page = context.new_page()
    page.goto("/map?category=urban_order")
    page.locator(".rows a").first.wait_for()
    expect(page.get_by_label("Loại")).to_have_value("urban_order")
    few = page.locator(".rows a").count()
    page.get_by_label("Loại").select_option("")
    page.wait_for_url("**/map")
    assert page.locator(".rows a").count() > few
    page.get_by_label("Loại").select_option("environment")
    page.wait_for_url("**/map?category=environment")
    page.locator(".rows a").last.scroll_into_view_if_needed()
    left = page.evaluate("scrollY")
    assert left > 0
    page.locator(".rows a").last.click()
    page.get_by_role("heading", name="Các bước").wait_for()
    page.go_back()
    expect(page.get_by_label("Loại")).to_have_value("environment")
    page.wait_for_timeout(600)
    assert abs(page.evaluate("scrollY") - left) < 60


def test_the_receipt_on_paper_has_code_promise_and_qr_and_no_buttons(context: BrowserContext):
    page = context.new_page()
    fill_all(page, "Rác, in biên nhận")
    code = send(page)
    page.locator(".qr img").wait_for()
    page.emulate_media(media="print")
    for seen in (page.get_by_text(code).first, page.locator(".promise"), page.locator(".qr img")):
        expect(seen).to_be_visible()
    for gone in ("header.top", "footer", "#emergency", ".receipt .btn"):
        assert not page.locator(gone).first.is_visible()
    page.emulate_media(media="screen")
    expect(page.get_by_role("button", name="In", exact=True)).to_be_visible()


def test_what_is_shared_is_the_public_link(open_context: Open, stack: dict[str, Any]):
    city = City(stack)
    receipt = assigned(city)
    city.close()
    seen = [*SEEN, "clipboard-read", "clipboard-write"]
    with open_context(PHONE, permissions=seen) as (context, _watch):
        context.add_init_script("delete Navigator.prototype.share")
        page = context.new_page()
        page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
        page.get_by_role("button", name="Chia sẻ").click()
        expect(page.get_by_text("Đã chép đường dẫn công khai")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == f"{page.evaluate('location.origin')}/r/{receipt['code']}"
