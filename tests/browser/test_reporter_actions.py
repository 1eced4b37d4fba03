"""What a reporter does after sending, and at the counter: each by the page, checked at the API."""

import re
import time
import uuid
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from shared.optouts import FRESH_S
from tests.browser.conftest import Open
from tests.browser.desk_world import WARD, assigned, resolved
from tests.browser.driver import PHONE, violations
from tests.browser.reporting import photo
from tests.e2e.client import City, eventually, report

REFUSED = r"status of (401|404|409|422)"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


def open_own(page: Page, receipt: dict[str, Any]) -> None:
    """Open the report by the private link, as from a mail."""
    page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
    page.get_by_role("heading", name="Các bước").wait_for()


def test_a_result_is_rated_with_stars(context: BrowserContext, stack: dict[str, Any], city: City):
    receipt = resolved(stack)
    page = context.new_page()
    open_own(page, receipt)
    expect(page.locator(".pairs img")).to_have_count(2)
    page.get_by_role("button", name="Đã giải quyết").click()
    page.get_by_role("radio", name="4 trên 5 sao").check(force=True)
    assert violations(page) == []
    page.get_by_role("button", name="Gửi đánh giá").click()
    expect(page.get_by_text("Bạn đã đánh giá 4/5.")).to_be_visible()
    assert city.own(receipt)["rating"]["score"] == 4


def test_a_result_that_is_none_is_disputed_and_the_case_is_open_again(
    context: BrowserContext, stack: dict[str, Any], city: City
):
    receipt = resolved(stack)
    page = context.new_page()
    open_own(page, receipt)
    page.get_by_role("button", name="Chưa giải quyết").click()
    page.get_by_label("Điều gì chưa xong?").fill("Rác vẫn còn sau nhà văn hoá")
    page.get_by_role("button", name="Yêu cầu xử lý lại").click()
    expect(page.locator("[data-state=reopened]").first).to_be_visible()
    expect(page.get_by_role("button", name="Yêu cầu xử lý lại")).to_have_count(0)
    assert city.own(receipt)["state"] == "reopened"


def test_a_report_is_withdrawn_only_after_a_second_press(context: BrowserContext, city: City):
    receipt = assigned(city)
    page = context.new_page()
    open_own(page, receipt)
    page.get_by_role("button", name="Rút phản ánh", exact=True).click()
    assert city.own(receipt)["state"] == "assigned"
    page.get_by_role("button", name="Rút phản ánh này").click()
    expect(page.locator("[data-state=withdrawn]").first).to_be_visible()
    expect(page.get_by_role("button", name="Rút phản ánh")).to_have_count(0)
    assert city.own(receipt)["state"] == "withdrawn"


def test_an_answer_to_the_unit_is_in_its_case(context: BrowserContext, city: City):
    receipt = assigned(city)
    words = f"Điểm rác ở phía sau cổng {uuid.uuid4()}"
    page = context.new_page()
    open_own(page, receipt)
    page.get_by_label("Nhắn cho đơn vị xử lý").fill(words)
    page.get_by_role("button", name="Gửi lời nhắn").click()
    expect(page.locator(".timeline")).to_contain_text(words)
    expect(page.get_by_label("Nhắn cho đơn vị xử lý")).to_have_value("")
    assert words in str(city.official(WARD).case(receipt["code"]))


def test_a_photo_is_added_later(context: BrowserContext, city: City):
    receipt = assigned(city)
    page = context.new_page()
    open_own(page, receipt)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Thêm ảnh").click()
    chooser.value.set_files(
        {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo("#225577")}
    )
    expect(page.locator("section[aria-labelledby=what-title] img")).to_have_count(1)
    assert [each["kind"] for each in city.own(receipt)["media"]] == ["image"]


def test_a_look_at_the_reporter_is_shown_to_the_reporter(context: BrowserContext, city: City):
    receipt = assigned(city)
    officer = city.official(WARD)
    path = f"/desk/cases/{receipt['code']}/reporter"
    purpose = {"purpose": "contact_reporter"}
    seen = city.intake.get(path, params=purpose, headers=officer.headers)
    assert seen.status_code == 200, seen.text
    page = context.new_page()
    open_own(page, receipt)
    page.get_by_role("button", name="Ai đã xem?").click()
    expect(page.get_by_role("dialog").locator("li")).to_have_count(1)
    expect(page.get_by_role("dialog")).to_contain_text("phường 1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Ai đã xem?")).to_be_focused()


def test_a_reporter_erases_themselves_and_the_case_stays(context: BrowserContext, city: City):
    receipt = assigned(city)
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    told = f"/reports/{receipt['code']}/notifications"
    assert city.intake.get(told, headers=headers).json()["addresses"]["email"] is True
    page = context.new_page()
    open_own(page, receipt)
    page.get_by_role("button", name="Xoá danh tính của tôi").click()
    page.get_by_role("button", name="Xoá vĩnh viễn").click()
    expect(page.locator(".toast", has_text="Đã xoá danh tính")).to_be_visible()
    assert city.own(receipt)["state"] == "assigned"
    assert city.intake.get(told, headers=headers).json()["addresses"]["email"] is False


def test_a_chosen_appearance_stays_after_a_reload(context: BrowserContext):
    page = context.new_page()
    page.goto("/apps")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Tối").click()
    dark = page.evaluate(ground)
    page.reload()
    page.locator("h1").wait_for()
    assert page.evaluate(ground) == dark != light
    expect(page.get_by_role("button", name="Tối")).to_have_attribute("aria-pressed", "true")
    assert violations(page) == []
    page.get_by_role("button", name="Theo máy").click()
    assert page.evaluate(ground) == light


def test_a_number_is_taken_watched_called_and_the_clerk_rated(context: BrowserContext, city: City):
    clerk = city.of_role("onestop_clerk")
    page = context.new_page()
    page.goto("/onestop")
    page.get_by_role("button", name="Lấy số thứ tự: Quầy Trả kết quả").click()
    mine = page.locator(".mine-number .big")
    mine.wait_for()
    number = mine.inner_text()
    call_until(city, clerk.headers, number)
    expect(page.locator(".mine-number .note.good")).to_contain_text(number, timeout=20_000)
    board = context.new_page()
    board.goto("/onestop/board/results")
    expect(board.locator(".huge").filter(has_text=number)).to_be_visible()
    board.close()
    serve(city, clerk.headers, number)
    page.get_by_role("radio", name="5 trên 5 sao").wait_for(state="attached", timeout=20_000)
    page.get_by_role("radio", name="5 trên 5 sao").check(force=True)
    page.get_by_role("button", name="Gửi đánh giá").click()
    expect(page.get_by_text("Bạn đã đánh giá 5/5.")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Xong").click()
    expect(page.locator(".desks")).to_be_visible()


def test_the_board_of_the_hall_hears_of_a_call_by_its_stream(context: BrowserContext, city: City):
    clerk = city.of_role("onestop_clerk")
    taken = city.intake.post("/onestop/desks/results/tickets", json={}).raise_for_status().json()
    board = context.new_page()
    board.goto("/onestop/board/results")
    expect(board.get_by_text("Đang cập nhật trực tiếp")).to_be_visible(timeout=20_000)
    board.wait_for_timeout(1000)  # what was asked for when it went live has its answer
    asked: list[str] = []
    board.on("request", lambda request: asked.append(request.url))
    board.evaluate("() => { for (let id = 1; id < 10000; id += 1) clearInterval(id); }")

    call_until(city, clerk.headers, taken["number"])

    expect(board.locator(".huge").filter(has_text=taken["number"])).to_be_visible(timeout=20_000)
    assert any(url.endswith("/api/v1/onestop/desks/results") for url in asked)
    serve(city, clerk.headers, taken["number"])


def test_the_board_asks_by_itself_while_its_stream_is_away(open_context: Open, city: City):
    clerk = city.of_role("onestop_clerk")
    taken = city.intake.post("/onestop/desks/results/tickets", json={}).raise_for_status().json()
    with open_context(PHONE) as (context, watch):
        watch.allow.append("ERR_FAILED|net::|stream")
        context.route("**/onestop/stream*", lambda route: route.abort())
        board = context.new_page()
        board.goto("/onestop/board/results")
        board.locator(".board h2").wait_for()
        call_until(city, clerk.headers, taken["number"])
        expect(board.locator(".huge").filter(has_text=taken["number"])).to_be_visible(
            timeout=20_000
        )
        expect(board.get_by_text("Cập nhật lúc")).to_be_visible()
    serve(city, clerk.headers, taken["number"])


def test_a_press_whose_answer_is_lost_takes_one_number(open_context: Open, city: City):
    def issued() -> int:
        """How many have a number of the day for which they are taken now."""
        day = {"on": city.intake.get("/onestop/desks").json()["opening"]["on"]}
        clerk, path = city.of_role("onestop_clerk"), "/onestop/desks/construction/tickets"
        return len(city.intake.get(path, params=day, headers=clerk.headers).json()["items"])

    before = issued()
    with open_context(PHONE) as (context, watch):
        watch.allow.append("ERR_FAILED|net::")
        page = context.new_page()
        lost: list[str] = []

        def lose(route: Route) -> None:
            """Let the request arrive, and its answer not."""
            lost.append(route.fetch().text())
            route.abort()

        page.route("**/desks/construction/tickets", lose)
        press = page.get_by_role("button", name="Lấy số thứ tự: Quầy Xây dựng")
        page.goto("/onestop")
        press.click()
        page.locator(".desks .note.bad").wait_for()
        page.unroute("**/desks/construction/tickets")
        page.reload()
        press.click()
        number = page.locator(".mine-number .big")
        number.wait_for()
        assert len(lost) == 1
        assert issued() == before + 1
        assert f'"{number.inner_text()}"' in lost[0]


def call_until(city: City, headers: dict[str, str], number: str) -> None:
    """Call numbers until this one has its turn; those before are served."""
    for _ in range(60):
        path = "/onestop/desks/results/next"
        answer = city.intake.post(path, json={"position": "12"}, headers=headers)
        ticket = answer.json()["ticket"]
        assert ticket, answer.text
        if ticket["number"] == number:
            return
    raise AssertionError(f"{number} was never called")


def serve(city: City, headers: dict[str, str], number: str) -> None:
    """Serve the number that is called."""
    ledger = city.intake.get("/onestop/desks/results/tickets", headers=headers).json()["items"]
    (ticket,) = [e for e in ledger if (e["number"], e["state"]) == (number, "serving")]
    done = city.intake.post(f"/onestop/tickets/{ticket['id']}/serve", json={}, headers=headers)
    assert done.status_code == 200, done.text


def test_a_dossier_is_found_by_its_number_and_by_its_short_code(
    context: BrowserContext, city: City
):
    person = {"name": "Người Nộp Thử", "email": f"{uuid.uuid4().hex[:10]}@example.com"}
    body = {"procedure": "household_business", "papers": ["form"], "applicant": person}
    handed = city.intake.post("/onestop/dossiers", json=body)
    assert handed.status_code == 201, handed.text
    page = context.new_page()
    for typed in (handed.json()["number"], handed.json()["short_code"].lower()):
        page.goto("/onestop")
        page.get_by_label("Số hồ sơ hoặc mã ngắn").fill(typed)
        page.get_by_role("button", name="Tra cứu").click()
        expect(page.get_by_text(handed.json()["number"])).to_be_visible()
        expect(page.get_by_text("hẹn trả")).to_be_visible()
        assert person["name"] not in page.content()


def test_the_link_of_a_letter_opens_the_dossier_with_what_the_clerk_wrote(
    context: BrowserContext, city: City
):
    body = {"procedure": "household_business", "papers": ["form"]}
    mine = city.intake.post("/onestop/dossiers", json=body).json()
    clerk = city.of_role("onestop_clerk").headers
    said = {"papers": ["identity"], "text": "Xin mang theo bản gốc"}
    path = f"/onestop/dossiers/{mine['number']}/supplement"
    city.intake.post(path, json=said, headers=clerk).raise_for_status()
    page = context.new_page()

    page.goto(f"/onestop#d={mine['number']}&t={mine['dossier_token']}")

    expect(page.get_by_text("Xin mang theo bản gốc")).to_be_visible()
    expect(page.get_by_text("Bạn cần bổ sung: Giấy tờ pháp lý của chủ hộ")).to_be_visible()
    assert "#" not in page.url
    assert violations(page) == []


def test_an_applicant_says_what_they_have_brought_and_the_clock_goes_on(
    context: BrowserContext, city: City
):
    body = {"procedure": "household_business", "papers": ["form"]}
    mine = city.intake.post("/onestop/dossiers", json=body).json()
    path = f"/onestop/dossiers/{mine['number']}"
    clerk = city.of_role("onestop_clerk").headers
    said = {"papers": ["identity"], "text": "Xin mang theo bản gốc"}
    city.intake.post(f"{path}/supplement", json=said, headers=clerk).raise_for_status()
    page = context.new_page()
    send = page.get_by_role("button", name="Báo đã bổ sung")
    page.goto("/onestop")
    page.get_by_label("Số hồ sơ hoặc mã ngắn").fill(mine["number"])
    page.get_by_role("button", name="Tra cứu").click()
    expect(page.get_by_text("Chờ bổ sung")).to_be_visible()
    expect(send).to_have_count(0)  # without the secret of the letter it is nobody's to say

    page.goto("about:blank")
    page.goto(f"/onestop#d={mine['number']}&t={mine['dossier_token']}")
    send.click()
    expect(page.get_by_text("Chọn ít nhất một giấy tờ")).to_be_visible()
    page.get_by_role("checkbox", name="Giấy tờ pháp lý của chủ hộ").check()
    page.get_by_label("Lời nhắn").fill("Đã nộp tại quầy 6")
    assert violations(page) == []
    send.click()

    expect(page.get_by_text("Đã tiếp nhận").first).to_be_visible()
    expect(send).to_have_count(0)
    own = {"Authorization": f"Bearer {mine['dossier_token']}"}
    after = city.intake.get(path, headers=own).json()
    assert (after["state"], after["paused"]) == ("received", False)
    assert after["steps"][-1]["text"] == "Đã nộp tại quầy 6"


def test_the_way_out_of_mails_is_a_page_in_both_languages(open_context: Open, city: City):
    assigned(city, reporter=(who := a_person()))
    token = token_of_a_mail(city, who["email"])
    with open_context(PHONE) as (context, watch):
        watch.allow.append(REFUSED)
        urls: list[str] = []
        context.on("request", lambda request: urls.append(request.url))
        page = context.new_page()
        page.goto(f"/opt-out#{token}x")
        page.get_by_role("button", name="Ngừng nhận thông báo").click()
        expect(page.locator(".note.bad")).to_be_visible()
        assert violations(page) == []
        page.goto("about:blank")
        page.goto(f"/opt-out#{token}")
        page.get_by_role("button", name="English").click()
        page.get_by_role("button", name="Stop messages").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Messages have ended")
        expect(page.locator(".note.good")).to_contain_text("e-mail")
        assert violations(page) == []
        assert token not in page.url
        assert not [url for url in urls if token in url]
    headers = city.office().headers
    time.sleep(FRESH_S + 0.5)  # notify looks for who opted out every so often, and was just told
    later = city.send(report(reporter=who)).json()["code"]

    def refused() -> bool:
        found = city.notify.get("/deliveries", params={"code": later}, headers=headers).json()
        return any(each["reason"] for each in found["items"])

    assert eventually(refused, 30)


def a_person() -> dict[str, Any]:
    """A reporter with an address that nobody else has."""
    return {"kind": "resident", "email": f"{uuid.uuid4().hex[:12]}@example.com", "language": "vi"}


def token_of_a_mail(city: City, address: str) -> str:
    """The token in the opt-out link of the first mail to an address."""

    def look() -> str | None:
        for path in Path(city.stack["mail"]).glob("*.eml"):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            if mail["X-Envelope-To"] == address:
                found = re.search(r"/opt-out#(\S+)", mail.get_content())
                return found[1] if found else None
        return None

    return eventually(look)


def test_offices_say_when_they_are_open_and_how_far_they_are(
    context: BrowserContext, origins: list[str]
):
    page = context.new_page()
    page.goto("/offices")
    expect(page.locator(".hours")).to_contain_text(re.compile("mở cửa|đóng cửa"))
    page.get_by_role("button", name="Gần tôi trước").click()
    expect(page.locator(".rows .card").first).to_contain_text("cách")
    near = httpx.get(f"{origins[0]}/api/v1/units.geojson?lat=11.9404&lon=108.4383").json()
    nearest = near["features"][0]["properties"]["name"]["vi"]
    expect(page.locator(".rows h2").first).to_have_text(nearest)
    page.get_by_label("Loại cơ quan").select_option("department")
    listed = set(page.locator(".rows h2").all_inner_texts())
    if page.get_by_role("tab", name="Bản đồ").is_visible():
        page.get_by_role("tab", name="Bản đồ").click()
    page.locator(".house").first.wait_for()
    marks = page.locator(".house").evaluate_all("all => all.map((each) => each.title)")
    assert marks
    assert set(marks) <= listed
    assert violations(page) == []
