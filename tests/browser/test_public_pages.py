"""The other public pages: list and map, one-stop counter, offices, what a phone keeps."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Open
from tests.browser.driver import PHONE, violations
from tests.browser.reporting import describe, fill_all, go_on, kept, locate, send, take_photo

PAGES = (
    "/map",
    "/mine",
    "/onestop",
    "/offices",
    "/apps",
    "/opt-out",
    "/confirm",
    "/r/DL-2222-2223",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_one_heading_no_barrier_and_fits_a_small_screen(
    context: BrowserContext, path: str
):
    page = context.new_page()
    page.goto(path)
    page.locator("h1").wait_for()
    page.wait_for_load_state("networkidle")

    assert page.locator("h1").count() == 1
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_english_holds_no_vietnamese_interface(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        for path in ("/", *PAGES):
            page.goto(path)
            page.locator("h1").wait_for()
            if path == "/":
                page.get_by_role("button", name="English").click()
                page.get_by_role("button", name="Tiếng Việt").wait_for()
            own = page.locator("h1, button:not([lang]), label, .hint").all_inner_texts()
            assert not [each for each in own if "Tiếp tục" in each or "Quay lại" in each]
            assert not [each for each in own if each.strip().count(".") > 1 and " " not in each]


def test_the_map_holds_what_the_list_holds(context: BrowserContext, origins: list[str]):
    page = context.new_page()
    fill_all(page, "Rác trên bản đồ, nhiều ngày")
    code = send(page)
    public = httpx.get(f"{origins[0]}/api/v1/map/reports.geojson").json()["features"]
    assert code in {each["id"] for each in public}

    page.goto("/map")
    expect(page.locator(f"a[href='/r/{code}']")).to_be_visible()
    listed = page.locator(".rows a").evaluate_all("all => all.map((e) => e.pathname.slice(3))")
    assert {each["id"] for each in public} <= set(listed)
    tab = page.get_by_role("tab", name="Danh sách")
    if tab.is_visible():  # a wide screen shows both side by side
        tab.press("ArrowRight")
    page.locator(".leaflet-marker-icon").first.wait_for()
    assert violations(page) == []


def test_a_number_is_taken_watched_and_given_back(context: BrowserContext):
    page = context.new_page()
    page.goto("/onestop")
    page.get_by_role("button", name="Lấy số thứ tự").first.click()
    mine = page.locator(".mine-number .big")
    mine.wait_for()
    number = mine.inner_text()
    page.reload()
    expect(page.locator(".mine-number .big")).to_have_text(number)
    assert violations(page) == []
    page.get_by_role("button", name="Trả số").click()
    page.get_by_role("dialog").get_by_role("button", name="Trả số").click()
    expect(mine).to_have_count(0)


def test_a_known_report_is_followed_instead_of_sent_twice(open_context: Open, origins: list[str]):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        fill_all(page, "Rác đã có người báo")
        send(page)
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        fill_up_to_similar(page)
        page.get_by_role("button", name="Theo dõi việc này").first.click()
        page.get_by_role("heading", name="Các bước").wait_for()
        (receipt,) = kept(page, "receipts")
        assert receipt["kind"] == "followed"
        assert kept(page, "drafts") == []
        public: dict[str, Any] = httpx.get(f"{origins[0]}/api/v1/reports/{receipt['code']}").json()
        assert public["followers"] >= 1


def fill_up_to_similar(page: Any) -> None:
    """Bring a report to the step that shows what is known nearby."""
    page.goto("/")
    take_photo(page)
    go_on(page, "Ở đâu?")
    locate(page)
    go_on(page, "Việc gì?")
    describe(page)
