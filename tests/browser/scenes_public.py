"""Pictures of the reporter's pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page

from tests.browser import reporting
from tests.browser.backdated import a_city_with_overdue_cases
from tests.browser.desk_world import WARD, assigned, coordinated, resolved
from tests.browser.scenes import Act, scene
from tests.e2e.client import City

Stack = dict[str, Any]
LONG = "Vỉa hè trước số 12 bị lấn chiếm, người đi bộ phải xuống lòng đường. " * 12


def in_english(path: str, seen: str) -> Act:
    """Return a scene that opens a page in English and waits for `seen`."""

    def act(page: Page, stack: Stack) -> None:
        page.context.add_cookies([{"name": "lang", "value": "en", "url": stack["intake"]}])
        page.goto(path)
        page.locator(seen).first.wait_for()

    return act


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


@scene("queue-review")
def refused(page: Page, _stack: Stack) -> None:
    """The server has refused it."""
    reporting.fill_all(page)
    page.get_by_label("Thư điện tử").fill("ten@@example.com")
    page.get_by_role("button", name="Gửi phản ánh").click()
    page.locator("[data-stuck=review]").wait_for()


@scene("mine-review")
def mine_refused(page: Page, stack: Stack) -> None:
    """The same among what this device knows, with a receipt and a draft."""
    receipt(page, stack)
    page.goto("/apps")  # the same address once more would show the same receipt
    refused(page, stack)
    page.goto("/?category=environment")
    reporting.take_photo(page)
    page.goto("/mine")
    page.locator("[data-stuck=review]").wait_for()


@scene("report-strip")
def strip(page: Page, stack: Stack) -> None:
    """The first page while one report is on its way and another has arrived."""
    offline(page, stack)
    page.get_by_role("button", name="Báo việc khác").click()
    page.context.set_offline(False)
    page.locator(".strip [data-arrived]").wait_for(timeout=30_000)
    page.goto("/apps")
    refused(page, stack)
    page.goto("/apps")
    page.goto("/")
    page.locator(".strip [data-sending]").wait_for()
    page.locator(".strip [data-arrived]").wait_for()


@scene("track-kept")
def kept(page: Page, stack: Stack) -> None:
    """One's own report without a network."""
    receipt(page, stack)
    page.route("**/api/v1/reports/*", lambda route: route.abort())
    page.goto(str(page.get_by_role("link", name="Theo dõi", exact=True).get_attribute("href")))
    page.locator("[data-kept]").wait_for()


@scene("track-redirected")
def redirected(page: Page, stack: Stack) -> None:
    """It belongs elsewhere: why, and where."""
    city = City(stack)
    sent = assigned(city)
    away = {"reason": "complaint", "agency": "Thanh tra thành phố Đà Lạt"}
    city.office().act(sent["code"], "redirect", text="Theo Luật Khiếu nại năm 2011.", **away)
    city.close()
    page.goto(f"/r/{sent['code']}#t={sent['tracking_token']}")
    page.locator(".note.warn").wait_for()


@scene("track-coordinated")
def together(page: Page, stack: Stack) -> None:
    """Several units until a later date, which has moved once; both dates stand."""
    city = City(stack)
    expected = datetime.now(UTC) + timedelta(days=9)
    sent = coordinated(city, expected)
    moved = (expected + timedelta(days=2)).isoformat()
    city.official(WARD).act(sent["code"], "coordination/move", expected_at=moved, text="Chờ mẫu.")
    city.close()
    page.goto(f"/r/{sent['code']}#t={sent['tracking_token']}")
    page.locator("[data-coordinated]").wait_for()


@scene("track-own")
def track(page: Page, stack: Stack) -> None:
    """The reporter's own view."""
    receipt(page, stack)
    page.get_by_role("link", name="Theo dõi", exact=True).click()
    page.locator(".timeline li").first.wait_for()
    page.wait_for_timeout(800)


@scene("track-followed")
def followed(page: Page, stack: Stack) -> None:
    """Somebody else's report, followed, with the form and its complaints."""
    city = City(stack)
    code = assigned(city)["code"]
    city.close()
    page.goto(f"/r/{code}")
    page.get_by_role("button", name="Theo dõi việc này").click()
    page.get_by_role("button", name="Chọn cách nhận tin").click()
    page.get_by_role("button", name="Lưu", exact=True).click()
    page.locator("#told-consent-error").wait_for()


@scene("track-unconfirmed", themes=("light",))
def unconfirmed(page: Page, stack: Stack) -> None:
    """An address that waits for its owner's yes."""
    followed(page, stack)
    page.locator("#told-email").fill("an.nguyen@example.com")
    page.locator("#told-consent").check()
    page.get_by_role("button", name="Lưu", exact=True).click()
    page.locator("#told-code").wait_for()


@scene("track-public", themes=("light",))
def public(page: Page, stack: Stack) -> None:
    """What anybody sees of a report."""
    city = City(stack)
    code = assigned(city)["code"]
    city.close()
    page.goto(f"/r/{code}")
    page.get_by_role("button", name="Theo dõi việc này").wait_for()


@scene("track-loading", themes=("light", "dark"))
def loading(page: Page, _stack: Stack) -> None:
    """Nothing has come yet."""
    page.route("**/api/v1/reports/*", lambda _route: None)
    page.goto("/r/DL-X69F-AT9Z")  # its last character is right
    page.locator("h1").wait_for()


@scene("confirm", themes=("light",))
def confirm(page: Page, _stack: Stack) -> None:
    """The question behind a mail's link."""
    page.goto("/confirm#none")
    page.get_by_role("button", name="Đúng, báo tin cho tôi").wait_for()


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
    if page.get_by_role("tab", name="Bản đồ").is_visible():
        page.get_by_role("tab", name="Bản đồ").click()
    page.locator(".leaflet-container").wait_for()
    page.wait_for_timeout(500)


@scene("map-list-overdue")
def listed_late(page: Page, stack: Stack) -> None:
    """Reports that are days over their time, as everybody sees them."""
    a_city_with_overdue_cases(stack)
    listed(page, stack)
    page.locator(".row-link").first.wait_for()


@scene("map-map-overdue")
def mapped_late(page: Page, stack: Stack) -> None:
    """The same on the map."""
    a_city_with_overdue_cases(stack)
    mapped(page, stack)


@scene("map-error", themes=("light",))
def failed(page: Page, _stack: Stack) -> None:
    """The server is away."""
    page.route("**/map/reports.geojson*", lambda route: route.abort())
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
    page.locator(".apps .card, [data-list]").first.wait_for()


@scene("opt-out", themes=("light",))
def out(page: Page, _stack: Stack) -> None:
    """The way out of messages, with a link that is not ours."""
    page.goto("/opt-out#none.email.none")
    page.get_by_role("button", name="Ngừng nhận thông báo").click()
    page.locator(".note.bad").wait_for()


@scene("offices-map", themes=("light",))
def office_map(page: Page, stack: Stack) -> None:
    """The same on the map."""
    offices(page, stack)
    if page.get_by_role("tab", name="Bản đồ").is_visible():
        page.get_by_role("tab", name="Bản đồ").click()
    page.locator(".house").first.wait_for()


@scene("track-result")
def result(page: Page, stack: Stack) -> None:
    """A result with evidence, to be judged; the longest words."""
    receipt = resolved(stack)
    page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
    page.locator(".result img").first.wait_for()
    page.get_by_role("button", name="Đã giải quyết").click()


for _name, _path, _seen in (
    ("en-report", "/", "#take-photo"),
    ("en-map", "/map", ".rows a, [data-list=empty]"),
    ("en-onestop", "/onestop", ".desks .card"),
    ("en-offices", "/offices", ".rows .card"),
    ("en-apps", "/apps", ".apps .card"),
    ("en-opt-out", "/opt-out#a.email.b", ".optout .btn"),
):
    scene(_name, themes=("light",))(in_english(_path, _seen))
