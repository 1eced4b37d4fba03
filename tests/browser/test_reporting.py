"""A reporter's journeys in a real browser, on a phone and on a desktop."""

import re
import sys
import uuid
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Page, Request, Route, expect
from pymongo import MongoClient

from tests.browser.conftest import Open
from tests.browser.driver import PHONE, Size, offline, violations
from tests.browser.reporting import (
    code_of,
    describe,
    fill_all,
    go_on,
    kept,
    locate,
    record_sound,
    send,
    take_photo,
)

REPORTS = re.compile(r"/api/v1/reports$")


def posts(context: BrowserContext) -> list[Request]:
    """Return the list that every POST of a report is added to from now on."""
    found: list[Request] = []

    def note(request: Request) -> None:
        if request.method == "POST" and REPORTS.search(request.url):
            found.append(request)

    context.on("request", note)
    return found


def cases_with(stack: dict[str, Any], words: str) -> int:
    """Count the cases that the city has with exactly these words."""
    with MongoClient(stack["mongo"]) as client:
        return client["civic_intake"]["cases"].count_documents({"content.text": words})


def own_view(origins: list[str], page: Page, code: str) -> dict[str, Any]:
    """Ask the server for the case with the token that the browser keeps."""
    (token,) = [str(each["token"]) for each in kept(page, "receipts") if each["code"] == code]
    answer = httpx.get(
        f"{origins[0]}/api/v1/reports/{code}", headers={"Authorization": f"Bearer {token}"}
    )
    return answer.raise_for_status().json()


def test_a_report_with_photo_and_sound_is_sent_and_followed(
    context: BrowserContext, origins: list[str]
):
    page = context.new_page()
    urls: list[str] = []
    context.on("request", lambda request: urls.append(request.url))
    page.goto("/")
    take_photo(page)
    record_sound(page)
    assert violations(page) == []
    go_on(page, "Ở đâu?")
    locate(page)
    assert violations(page) == []
    go_on(page, "Việc gì?")
    describe(page)
    expect(page.locator(".limit")).to_contain_text("4 giờ")
    assert violations(page) == []
    if page.get_by_role("button", name="Không, gửi việc mới").is_visible():
        page.get_by_role("button", name="Không, gửi việc mới").click()
    go_on(page, "Xem lại và gửi")
    assert not page.locator("#terms").is_checked()
    page.get_by_role("button", name="Gửi phản ánh").click()
    summary = page.locator(".summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Đánh dấu cam kết")
    page.locator("#terms").check()
    assert violations(page) == []
    code = send(page)
    assert violations(page) == []

    view = own_view(origins, page, code)
    assert [each["kind"] for each in view["media"]] == ["image", "audio"]
    assert view["media"][1]["size_bytes"] > 0
    assert view["category"] == "environment"
    assert view["location"]["lat"] == 11.9404
    assert httpx.get(f"{origins[0]}/api/v1/reports/{code}/qr.svg").text.startswith("<svg")
    page.get_by_role("link", name="Theo dõi", exact=True).click()
    page.get_by_role("heading", name="Các bước").wait_for()
    page.locator(".timeline li").first.wait_for()
    expect(page.locator(".left")).to_contain_text("chậm nhất")
    assert violations(page) == []
    (token,) = [str(each["token"]) for each in kept(page, "receipts")]
    assert not [url for url in urls if token in url]


def test_sent_without_a_network_it_arrives_once_after_the_tab_was_closed(
    open_context: Open, size: Size, origins: list[str], stack: dict[str, Any]
):
    words = f"Mất mạng khi gửi, rác tràn {uuid.uuid4()}"
    with open_context(size) as (context, watch):
        watch.allow += ["ERR_INTERNET_DISCONNECTED", "Failed to load resource"]
        page = context.new_page()
        fill_all(page, words)
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        offline(context)
        page.get_by_role("button", name="Gửi phản ánh").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Chưa gửi xong")
        expect(page.locator("[data-sending=waiting]").first).to_be_visible()
        assert page.get_by_test_id("code").count() == 0
        hashes = [each["sha256"] for each in kept(page, "media")]
        page.close()
        again = context.new_page()
        again.goto("/mine")  # the worker's shell: there is still no network
        expect(again.locator("[data-sending]").first).to_be_visible()
        again.close()
        context.set_offline(False)
        back = context.new_page()
        back.goto("/mine")
        back.get_by_role("link", name=re.compile("DL-")).wait_for(timeout=30_000)

        (receipt,) = kept(back, "receipts")
        view = own_view(origins, back, str(receipt["code"]))
        assert [each["kind"] for each in view["media"]] == ["image"]
        assert kept(back, "outbox") == kept(back, "media") == kept(back, "drafts") == []
        assert cases_with(stack, words) == 1
        assert {each["sha256"] for each in view["media"]} == set(hashes)


def test_an_answer_that_is_lost_after_the_server_stored_it_gives_the_same_code(
    open_context: Open, stack: dict[str, Any]
):
    words = f"Trả lời bị cắt, rác {uuid.uuid4()}"
    with open_context(PHONE) as (context, watch):
        watch.allow.append("Failed to load resource")
        stored: list[str] = []

        def cut_once(route: Route) -> None:
            if stored:
                route.fallback()
                return
            stored.append(route.fetch().json()["code"])
            route.abort("connectionreset")

        context.route(REPORTS, cut_once)
        page = context.new_page()
        fill_all(page, words)
        page.get_by_role("button", name="Gửi phản ánh").click()
        assert code_of(page) == stored[0]
        assert len(kept(page, "receipts")) == 1
        assert cases_with(stack, words) == 1


def test_the_sign_in_page_of_a_hotel_is_not_a_success(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        caught: list[int] = []

        def portal(route: Route) -> None:
            if len(caught) >= 1:
                route.fallback()
                return
            caught.append(1)
            route.fulfill(status=200, content_type="text/html", body="<h1>Wi-Fi</h1>")

        context.route(REPORTS, portal)
        page = context.new_page()
        fill_all(page, "Cổng đăng nhập khách sạn, rác")
        page.get_by_role("button", name="Gửi phản ánh").click()
        code_of(page)
        assert caught == [1]


def test_two_tabs_that_press_send_make_one_case(open_context: Open, stack: dict[str, Any]):
    words = f"Hai thẻ cùng gửi, rác {uuid.uuid4()}"
    with open_context(PHONE) as (context, _watch):
        sent = posts(context)
        one = context.new_page()
        fill_all(one, words)
        one.wait_for_timeout(900)  # the draft is stored within a second
        two = context.new_page()
        two.goto("/")
        two.get_by_role("heading", level=1, name="Xem lại và gửi").wait_for()
        two.locator("#terms").check()
        for page in (one, two):
            page.get_by_role("button", name="Gửi phản ánh").click(no_wait_after=True)
        assert code_of(one) == code_of(two)
        assert len(sent) == 1
        assert cases_with(stack, words) == 1


def test_a_reload_at_each_step_keeps_everything(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        take_photo(page, "#aa3322")
        take_photo(page, "#2233aa")  # image.jpg again
        record_sound(page)
        page.reload()
        expect(page.locator(".form .thumb")).to_have_count(3)
        expect(page.get_by_text("Đã khôi phục nháp lúc")).to_be_visible()
        hashes = {each["sha256"] for each in kept(page, "media")}
        assert len(hashes) == 3
        go_on(page, "Ở đâu?")
        locate(page)
        page.wait_for_timeout(900)
        page.reload()
        page.locator(".form .chosen").wait_for()
        go_on(page, "Việc gì?")
        describe(page, "Tải lại trang, rác")
        page.wait_for_timeout(900)
        page.reload()
        expect(page.get_by_label("Bạn muốn báo điều gì?")).to_have_value("Tải lại trang, rác")
        assert {each["sha256"] for each in kept(page, "media")} == hashes
        sounds = [each for each in kept(page, "media") if each["kind"] == "audio"]
        assert sounds[0]["duration_ms"] > 1000
        assert sounds[0]["type"] == "audio/webm"


def test_without_permissions_the_journey_still_ends_in_a_receipt(open_context: Open):
    with open_context(PHONE, permissions=[], geolocation=None) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        take_photo(page)
        go_on(page, "Ở đâu?")
        page.get_by_role("button", name="Vị trí của tôi").click()
        page.locator(".note.warn").first.wait_for(timeout=20_000)
        page.get_by_label("Địa chỉ hoặc mô tả nơi").fill("Trước 12 Phan Đình Phùng")
        go_on(page, "Việc gì?")
        describe(page, "Không cho phép vị trí, rác")
        go_on(page, "Xem lại và gửi")
        page.locator("#terms").check()
        send(page)


def test_the_first_view_is_light_and_the_map_comes_only_when_it_is_opened(
    open_context: Open,
):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: dict[str, float] = {}
        names: dict[str, str] = {}
        session.on(
            "Network.responseReceived",
            lambda e: names.update({e["requestId"]: e["type"]}),
        )

        def done(event: dict[str, Any]) -> None:
            kind = names.get(event["requestId"], "Other")
            sizes[kind] = sizes.get(kind, 0) + event["encodedDataLength"]

        session.on("Network.loadingFinished", done)
        page.goto("/")
        page.get_by_role("button", name="Chụp ảnh").wait_for()
        page.wait_for_load_state("networkidle")
        said = {kind: round(size / 1000, 1) for kind, size in sizes.items()}
        sys.stdout.write(f"first view in kB, as sent: {said}\n")
        assert 0 < sum(sizes.values()) < 150_000


def test_a_report_can_be_sent_by_keyboard_alone(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        take_photo(page)  # the file picker is the system's own

        def press_to(name: str) -> None:
            for _ in range(80):
                page.keyboard.press("Tab")
                label = page.evaluate(
                    "(document.activeElement.innerText || document.activeElement.id || '').trim()"
                )
                if name in label:
                    width = page.evaluate(
                        "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
                    )
                    assert width >= 2
                    return
            raise AssertionError(f"{name} is not reached by Tab")

        press_to("Tiếp tục")
        page.keyboard.press("Enter")
        page.get_by_role("heading", level=1, name="Ở đâu?").wait_for()
        press_to("address")
        page.keyboard.type("12 Phan Đình Phùng")
        press_to("iếp tục")  # or "Đúng, tiếp tục", once the sketch asks for the ward
        page.keyboard.press("Enter")
        page.get_by_role("heading", level=1, name="Việc gì?").wait_for()
        press_to("text")
        page.keyboard.type("rác tràn, chỉ dùng bàn phím")
        page.locator(".suggested").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        press_to("Tiếp tục")
        page.keyboard.press("Enter")
        page.get_by_role("heading", level=1, name="Xem lại và gửi").wait_for()
        press_to("terms")
        page.keyboard.press("Space")
        press_to("Gửi phản ánh")
        page.keyboard.press("Enter")
        code_of(page)
