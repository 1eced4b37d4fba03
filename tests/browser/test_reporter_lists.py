"""What a list says of time and distance, what waits on this device, and a tab that nobody sees."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import WARD, assigned
from tests.browser.driver import HERE, PHONE, SEEN, Size, violations
from tests.browser.reporting import fill_all, go_on, send, take_photo
from tests.browser.test_reporter_actions import open_own
from tests.e2e.client import City

NOW = datetime.now(UTC)


def feature(code: str, mark: str, *, state: str = "assigned", north: float = 0.0) -> dict[str, Any]:
    """A report of the public map, `north` degrees from where the device is."""
    done = state == "resolved"
    due = {"overdue": -50, "soon": 0.5}.get(mark, 5)
    return {
        "geometry": {"coordinates": [HERE["longitude"], HERE["latitude"] + north]},
        "properties": {
            "code": code, "category": "environment", "category_name": {"vi": "Môi trường"},
            "state": state, "mark": mark, "area": None, "unit_name": None, "precision_m": 110,
            "received_at": (NOW - timedelta(hours=60)).isoformat(),
            "due_at": (NOW + timedelta(hours=due)).isoformat(),
            "resolved_at": (NOW - timedelta(hours=57)).isoformat() if done else None,
        },
    }  # fmt: skip


SHOWN = [
    feature("DL-DONE", "done", state="resolved"),
    feature("DL-FAR", "open", north=0.02),
    feature("DL-NEAR", "open", north=0.003),
    feature("DL-SOON", "soon", north=0.03),
    feature("DL-LATE", "overdue", north=0.04),
]


def rows(page: Page) -> list[str]:
    """The codes of the list from its top."""
    links = page.locator(".rows a")
    return links.evaluate_all("all => all.map((each) => each.pathname.slice(3))")


def serve(context: BrowserContext) -> None:
    """Have the public map hold five reports."""

    def answer(route: Route) -> None:
        route.fulfill(json={"type": "FeatureCollection", "features": SHOWN})

    context.route("**/map/reports.geojson*", answer)


def test_the_public_list_says_how_late_how_long_and_how_far(context: BrowserContext):
    serve(context)
    page = context.new_page()
    page.goto("/map")
    expect(page.locator(".rows a")).to_have_count(5)
    assert rows(page)[:2] == ["DL-LATE", "DL-SOON"]
    expect(page.locator("a[href='/r/DL-LATE']")).to_contain_text("Quá hạn 2 ngày")
    expect(page.locator("a[href='/r/DL-SOON']")).to_contain_text("Sắp đến hạn")
    expect(page.locator("a[href='/r/DL-DONE']")).to_contain_text("xong trong 3 giờ")
    page.get_by_role("button", name="Gần tôi trước").click()
    expect(page.locator("a[href='/r/DL-NEAR']")).to_contain_text(re.compile(r"cách 3\d0 m"))
    assert rows(page) == ["DL-LATE", "DL-SOON", "DL-NEAR", "DL-FAR", "DL-DONE"]
    assert violations(page) == []
    tab = page.get_by_role("tab", name="Bản đồ")
    if tab.is_visible():
        tab.click()
    soon = page.locator(".case.soon")
    expect(soon).to_have_attribute("title", re.compile("Sắp đến hạn"))
    shape = soon.evaluate("e => getComputedStyle(e, '::before').transform")
    assert shape != "none"  # a diamond: told apart without colour


def back_without_a_network(page: Page) -> None:
    """Open a report of the public list and come back to it when nothing answers any more."""
    context = page.context
    serve(context)
    page.goto("/map")
    page.locator("a[href='/r/DL-LATE']").click()
    page.locator(".rows").wait_for(state="detached")
    context.unroute("**/map/reports.geojson*")
    context.route("**/map/reports.geojson*", lambda route: route.abort())
    page.go_back()


def served_again(context: BrowserContext) -> None:
    """Let the public map answer as before."""
    context.unroute("**/map/reports.geojson*")
    serve(context)


def test_an_old_list_says_how_old_it_is_until_there_is_a_fresh_one(open_context: Open, size: Size):
    with open_context(size) as (context, watch):
        watch.allow.append("ERR_FAILED|net::")
        page = context.new_page()
        back_without_a_network(page)
        old = page.locator("[data-stale]")
        expect(old).to_contain_text(re.compile(r"Cập nhật lúc \d\d:\d\d · đang nối lại"))
        expect(page.locator(".rows a")).to_have_count(5)
        assert violations(page) == []
        served_again(context)
        old.get_by_role("button", name="Thử lại").click()
        expect(old).to_have_count(0)
        expect(page.locator(".rows a")).to_have_count(5)
        expect(page.locator("h1")).to_be_focused()


def test_an_old_list_is_asked_for_again_by_itself(open_context: Open):
    with open_context(PHONE) as (context, watch):
        watch.allow.append("ERR_FAILED|net::")
        page = context.new_page()
        back_without_a_network(page)
        page.locator("[data-stale]").wait_for()
        served_again(context)
        expect(page.locator("[data-stale]")).to_have_count(0, timeout=30_000)


def test_who_does_not_say_where_they_are_is_told_so_and_sees_the_list(open_context: Open):
    without = [each for each in SEEN if each != "geolocation"]
    with open_context(PHONE, permissions=without, geolocation=None) as (context, _watch):
        serve(context)
        page = context.new_page()
        for path in ("/map", "/offices"):
            page.goto(path)
            page.locator(".rows li").first.wait_for()
            page.get_by_role("button", name="Gần tôi trước").click()
            expect(page.locator(".note.warn[role=alert]")).to_contain_text("Chưa tìm được vị trí")
            expect(page.locator(".rows li").first).to_be_visible()


def test_drafts_that_were_begun_before_are_named_at_the_first_step(context: BrowserContext):
    page = context.new_page()
    page.goto("/")
    take_photo(page)
    go_on(page, "Ở đâu?")
    page.get_by_label("Địa chỉ hoặc mô tả nơi").fill("Nháp thứ nhất")
    page.wait_for_timeout(900)
    page.goto("/?category=environment")
    others = page.get_by_role("link", name="Bạn có 1 nháp viết dở")
    others.click()
    page.get_by_role("link", name="Viết tiếp").last.click()  # the oldest
    page.get_by_role("heading", level=1, name="Ở đâu?").wait_for()
    expect(others).to_have_count(0)


def test_inside_another_application_the_way_out_is_said(open_context: Open):
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile Zalo android/1"
    words = "Mở bằng trình duyệt của máy"
    with open_context(PHONE, user_agent=agent) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        expect(page.get_by_text(words)).to_be_visible()
        assert violations(page) == []
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        page.locator("#take-photo").wait_for()
        expect(page.get_by_text(words)).to_have_count(0)


def test_the_receipt_leads_to_adding_a_photo(context: BrowserContext):
    page = context.new_page()
    fill_all(page, "Thêm ảnh sau khi gửi, rác ở lề đường")
    send(page)
    page.get_by_role("link", name="Thêm ảnh").click()
    expect(page.get_by_role("button", name="Thêm ảnh")).to_be_focused()


SEE = """(seen) => {
  Object.defineProperty(document, 'visibilityState', { value: seen, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_hidden_tab_lets_its_stream_go_and_is_up_to_date_when_it_is_seen(
    open_context: Open, stack: dict[str, Any]
):
    city = City(stack)
    receipt = assigned(city)
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        ended: list[str] = []
        page.on("requestfailed", lambda request: ended.append(request.url))
        open_own(page, receipt)
        live = page.get_by_text("Đang cập nhật trực tiếp")
        expect(live).to_be_visible(timeout=20_000)
        page.evaluate(SEE, "hidden")
        expect(live).to_have_count(0, timeout=20_000)
        assert any(url.endswith("/stream") for url in ended)
        city.official(WARD).act(receipt["code"], "accept")
        page.wait_for_timeout(1000)
        expect(page.locator("[data-state=assigned]").first).to_be_visible()  # it rests
        page.evaluate(SEE, "visible")
        expect(page.locator("[data-state=accepted]").first).to_be_visible(timeout=20_000)
        expect(live).to_be_visible()
    city.close()
