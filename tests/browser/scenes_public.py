"""Pictures of the reporter's pages."""

from typing import Any

from playwright.sync_api import Page

from tests.browser import reporting
from tests.browser.scenes import scene

Stack = dict[str, Any]
LONG = "Vỉa hè trước số 12 bị lấn chiếm, người đi bộ phải xuống lòng đường. " * 12


@scene("report-1-empty")
def empty(page: Page, _stack: Stack) -> None:
    """The very first view."""
    page.goto("/")
    page.locator("h1").wait_for()


@scene("report-1-photos")
def photos(page: Page, _stack: Stack) -> None:
    """Two photos and a recording."""
    page.goto("/")
    reporting.take_photo(page)
    reporting.take_photo(page, "#774422")
    reporting.record_sound(page)


@scene("report-2-place")
def place(page: Page, stack: Stack) -> None:
    """Placed by the device, the map open."""
    photos(page, stack)
    reporting.go_on(page, "Ở đâu?")
    reporting.locate(page)
    page.get_by_role("button", name="Đặt ghim trên bản đồ").click()
    page.locator(".leaflet-container").wait_for()


@scene("report-2-denied", themes=("light",))
def denied(page: Page, _stack: Stack) -> None:
    """Without a position, and the error of a step."""
    page.context.clear_permissions()
    page.goto("/")
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("button", name="Vị trí của tôi").click()
    page.locator(".note.warn").wait_for()
    page.get_by_role("button", name="Tiếp tục").click()
    page.locator(".summary").wait_for()


@scene("report-3-what")
def what(page: Page, stack: Stack) -> None:
    """Text, suggestion, category."""
    photos(page, stack)
    reporting.go_on(page, "Ở đâu?")
    reporting.locate(page)
    reporting.go_on(page, "Việc gì?")
    reporting.describe(page)
    page.wait_for_timeout(400)


@scene("report-4-send")
def check(page: Page, stack: Stack) -> None:
    """Everything filled, the longest words."""
    what(page, stack)
    page.get_by_label("Bạn muốn báo điều gì?").fill(LONG)
    if page.get_by_role("button", name="Không, gửi việc mới").is_visible():
        page.get_by_role("button", name="Không, gửi việc mới").click()
    reporting.go_on(page, "Xem lại và gửi")
    page.get_by_role("button", name="Gửi phản ánh").click()
    page.locator(".summary").wait_for()


@scene("receipt")
def receipt(page: Page, _stack: Stack) -> None:
    """It has arrived."""
    reporting.fill_all(page)
    reporting.send(page)


@scene("queue-offline", themes=("light",))
def offline(page: Page, _stack: Stack) -> None:
    """It waits for the network."""
    reporting.fill_all(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Gửi phản ánh").click()
    page.locator("[data-sending=waiting]").first.wait_for()


@scene("track-own")
def track(page: Page, stack: Stack) -> None:
    """The reporter's own view."""
    receipt(page, stack)
    page.get_by_role("link", name="Theo dõi", exact=True).click()
    page.locator(".timeline li").first.wait_for()
    page.wait_for_timeout(800)


@scene("track-wrong", themes=("light",))
def wrong(page: Page, _stack: Stack) -> None:
    """A code that cannot be one."""
    page.goto("/r/DL-2222-2223")
    page.locator("h1").wait_for()


@scene("map-list")
def listed(page: Page, _stack: Stack) -> None:
    """Public reports as a list."""
    page.goto("/map")
    page.locator(".row-link, [data-list=empty]").first.wait_for()


@scene("map-map")
def mapped(page: Page, stack: Stack) -> None:
    """The same on the map."""
    listed(page, stack)
    page.get_by_role("tab", name="Bản đồ").click()
    page.locator(".leaflet-container").wait_for()
    page.wait_for_timeout(500)


@scene("map-error", themes=("light",))
def failed(page: Page, _stack: Stack) -> None:
    """The server is away."""
    page.route("**/map/reports.geojson", lambda route: route.abort())
    page.goto("/map")
    page.locator("[data-list=error]").wait_for()


@scene("mine")
def mine(page: Page, stack: Stack) -> None:
    """What this device knows."""
    receipt(page, stack)
    page.goto("/mine")
    page.locator("h2").first.wait_for()


@scene("onestop")
def onestop(page: Page, _stack: Stack) -> None:
    """The desks, before a number is taken."""
    page.goto("/onestop")
    page.get_by_role("button", name="Lấy số thứ tự").first.wait_for()


@scene("onestop-number")
def number(page: Page, stack: Stack) -> None:
    """A number of one's own, and a dossier that is not there."""
    onestop(page, stack)
    page.get_by_role("button", name="Lấy số thứ tự").first.click()
    page.locator(".mine-number .big").wait_for()
    page.get_by_label("Số hồ sơ hoặc mã ngắn").fill("HS-261125-AAAA-AAAA")
    page.get_by_role("button", name="Tra cứu").click()
    page.locator(".error").wait_for()


@scene("onestop-board", themes=("light",))
def board(page: Page, stack: Stack) -> None:
    """The board of the hall."""
    onestop(page, stack)
    page.get_by_role("link", name="Bảng gọi số").first.click()
    page.get_by_role("heading", name="Đang gọi").wait_for()


@scene("offices")
def offices(page: Page, _stack: Stack) -> None:
    """All offices, nearest first."""
    page.goto("/offices")
    page.get_by_role("button", name="Gần tôi trước").click()
    page.get_by_text("cách").first.wait_for()


@scene("apps")
def apps(page: Page, _stack: Stack) -> None:
    """The registry of the city's applications."""
    page.goto("/apps")
    page.locator(".offices .card, [data-list]").first.wait_for()
