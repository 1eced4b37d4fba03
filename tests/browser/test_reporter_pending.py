"""What is not ready yet when a person goes on: photos in work, positions, answers, presses."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import assigned
from tests.browser.driver import PHONE, holds
from tests.browser.reporting import describe, go_on, kept, photo
from tests.browser.test_reporter_actions import open_own
from tests.browser.test_reporting import cases_with, own_view
from tests.e2e.client import City

ASKING = "Đang chuẩn bị ảnh…"
HELD = """
const read = Blob.prototype.arrayBuffer;
window.held = new Promise((ok, no) => { window.release = ok; window.spoil = no; });
File.prototype.arrayBuffer = async function () { await window.held; return read.call(this); };
"""  # a phone that takes its time with a photo
WATCHES = """
window.watches = new Set();
const { geolocation } = navigator;
const [watch, clear] = ['watchPosition', 'clearWatch'].map((n) => geolocation[n].bind(geolocation));
geolocation.watchPosition = (...all) => { const id = watch(...all); watches.add(id); return id; };
geolocation.clearWatch = (id) => { watches.delete(id); clear(id); };
"""


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


def held_up(page: Page, url: str | re.Pattern[str]) -> list[Route]:
    """Hold the requests to an address back, and return the list to which each is added."""
    found: list[Route] = []

    def hold(route: Route) -> None:
        found.append(route)

    page.route(url, hold)
    return found


def choose_photo(page: Page, colour: str = "#447755") -> None:
    """Choose a photo that is not ready before `release()`."""
    page.get_by_test_id("camera").set_input_files(
        {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo(colour)}
    )
    expect(page.locator("#take-photo")).to_have_text(ASKING)


def to_the_end(page: Page, words: str) -> None:
    """Bring a report from its first step to the last, terms ticked."""
    go_on(page, "Ở đâu?")
    page.get_by_label("Địa chỉ hoặc mô tả nơi").fill("Trước 12 Phan Đình Phùng")
    go_on(page, "Việc gì?")
    describe(page, words)
    go_on(page, "Xem lại và gửi")
    page.locator("#terms").check()


def follow_link(page: Page, to: str) -> None:
    """Press a link of ours, without a reload."""
    page.evaluate(
        "(to) => { const a = Object.assign(document.createElement('a'), { href: to });"
        " document.body.append(a); a.click(); a.remove(); }",
        to,
    )


def until(page: Page, store: str, count: int) -> list[dict[str, Any]]:
    """Wait until the browser keeps so many, and return them."""
    for _ in range(50):
        found = kept(page, store)
        if len(found) == count:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"{store} holds {len(found)}, not {count}")


def test_a_photo_that_is_still_in_work_goes_out_with_its_report(
    open_context: Open, origins: list[str], stack: dict[str, Any]
):
    words = f"Ảnh chưa xong khi gửi, rác {uuid.uuid4()}"
    with open_context(PHONE) as (context, _watch):
        context.add_init_script(HELD)
        page = context.new_page()
        page.goto("/")
        choose_photo(page)
        to_the_end(page, words)
        page.get_by_role("button", name="Gửi phản ánh").click()
        expect(page.locator("form button[type=submit]")).to_have_text(ASKING)
        assert kept(page, "outbox") == []
        follow_link(page, "/map")  # it goes out from another page as well
        page.get_by_role("heading", level=1, name="Phản ánh công khai").wait_for()
        page.evaluate("release()")
        said = page.locator(".strip [data-arrived]")
        said.wait_for(timeout=30_000)
        assert "sent" not in (page.evaluate("history.state") or {})  # the entry is the map's
        assert page.url.endswith("/map")
        (receipt,) = kept(page, "receipts")
        assert len(own_view(origins, page, str(receipt["code"]))["media"]) == 1
        assert kept(page, "drafts") == kept(page, "media") == kept(page, "outbox") == []
        assert cases_with(stack, words) == 1
        page.go_back()
        page.get_by_role("heading", level=1, name="Bạn thấy gì?").wait_for()
        expect(page.locator(".form .thumb")).to_have_count(0)


def test_a_photo_in_work_stays_with_the_report_for_which_it_was_taken(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        context.add_init_script(HELD)
        page = context.new_page()
        page.goto("/")
        choose_photo(page)
        follow_link(page, "/?category=service_attitude&about_unit=onestop")
        expect(page.locator("#take-photo")).to_have_text("Chụp ảnh")
        page.evaluate("release()")
        (found,) = until(page, "media", 1)
        expect(page.locator(".form .thumb")).to_have_count(0)
        drafts = {str(each["id"]): each for each in until(page, "drafts", 2)}
        assert drafts.pop(str(found["draft_id"]))["category"] is None
        (other,) = drafts.values()
        assert other["category"] == "service_attitude"
        follow_link(page, f"/?draft={found['draft_id']}")
        expect(page.locator(".form .thumb")).to_have_count(1)


def test_a_photo_in_work_does_not_bring_a_dropped_draft_back(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        context.add_init_script(HELD)
        page = context.new_page()
        page.goto("/")
        go_on(page, "Ở đâu?")
        page.get_by_label("Địa chỉ hoặc mô tả nơi").fill("Nháp sẽ bỏ")
        until(page, "drafts", 1)
        page.get_by_role("button", name="Quay lại").click()
        page.reload()
        drop = page.get_by_role("button", name="Bỏ nháp, làm lại")
        drop.wait_for()
        choose_photo(page)
        page.once("dialog", lambda dialog: dialog.dismiss())
        drop.click()
        assert len(kept(page, "drafts")) == 1  # asked first
        page.once("dialog", lambda dialog: dialog.accept())
        drop.click()
        until(page, "drafts", 0)
        page.evaluate("release()")
        page.wait_for_timeout(800)
        assert kept(page, "drafts") == kept(page, "media") == []
        expect(page.locator(".form .thumb")).to_have_count(0)


def test_the_watch_of_the_place_ends_with_the_first_step(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        context.add_init_script(HELD + WATCHES)
        page = context.new_page()
        page.goto("/")
        holds(page, "watches.size === 1")
        choose_photo(page)
        go_on(page, "Ở đâu?")
        holds(page, "watches.size === 0")
        page.evaluate("release()")
        until(page, "media", 1)
        page.wait_for_timeout(300)
        assert page.evaluate("watches.size") == 0


def test_who_goes_on_before_following_is_answered_keeps_the_draft(open_context: Open, city: City):
    place = {"latitude": 11.9 + uuid.uuid4().int % 90_000 / 1_000_000, "longitude": 108.41}
    known = assigned(city, location={"lat": place["latitude"], "lon": place["longitude"]})
    code = known["code"]
    with open_context(PHONE, geolocation=place) as (context, _watch):
        page = context.new_page()
        waiting = held_up(page, f"**/api/v1/reports/{code}/follow")
        page.goto("/")
        go_on(page, "Ở đâu?")
        page.get_by_role("button", name="Vị trí của tôi").click()
        page.locator(".form .chosen").wait_for()
        go_on(page, "Việc gì?")
        describe(page, f"Theo dõi rồi quay lại, rác {uuid.uuid4()}")
        row = page.locator(f'[data-similar="{code}"]')
        row.get_by_role("button", name="Theo dõi việc này").click()
        page.get_by_role("button", name="Quay lại").click()
        page.get_by_role("heading", level=1, name="Ở đâu?").wait_for()
        waiting[0].fallback()
        page.locator(".toast").wait_for()
        page.wait_for_timeout(300)
        assert page.url.endswith("/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ở đâu?")
        assert len(kept(page, "drafts")) == 1
        assert [each["kind"] for each in kept(page, "receipts")] == ["followed"]


def test_a_photo_that_is_added_later_says_that_it_is_in_work_and_is_added_once(
    context: BrowserContext, city: City
):
    receipt = assigned(city)
    page = context.new_page()
    page.add_init_script(HELD)
    open_own(page, receipt)
    chosen = page.locator(".actions input[type=file]")
    picture = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo("#225577")}
    chosen.set_input_files(picture)
    expect(page.get_by_role("button", name=ASKING)).to_have_attribute("aria-disabled", "true")
    chosen.set_input_files({**picture, "buffer": photo("#772255")})  # a second press
    page.evaluate("release()")
    expect(page.get_by_text("Đã thêm ảnh")).to_be_visible()
    expect(page.locator("section[aria-labelledby=what-title] img")).to_have_count(1)
    assert len(city.own(receipt)["media"]) == 1
    page.reload()
    page.get_by_role("button", name="Thêm ảnh").wait_for()
    chosen.set_input_files(picture)
    page.evaluate("spoil(new Error('unreadable'))")
    expect(page.locator(".toast")).to_have_text("Không đọc được tệp này. Hãy thử ảnh khác.")
    expect(page.get_by_role("button", name="Thêm ảnh")).to_be_visible()


def test_a_form_that_is_being_answered_is_not_sent_again(open_context: Open):
    with open_context(PHONE) as (context, watch):
        watch.allow.append("status of 404")
        page = context.new_page()
        waiting = held_up(page, "**/api/v1/onestop/dossiers/*")
        page.goto("/onestop")
        number = page.get_by_label("Số hồ sơ hoặc mã ngắn")
        number.fill("KHONG-CO")
        look = page.get_by_role("button", name="Tra cứu")
        look.click()
        expect(look).to_have_attribute("aria-disabled", "true")
        look.click(force=True)
        number.press("Enter")
        page.wait_for_timeout(300)
        assert len(waiting) == 1
        waiting[0].fulfill(status=404, content_type="application/problem+json", body="{}")
        expect(look).not_to_have_attribute("aria-disabled", "true")
        number.press("Enter")
        expect(look).to_have_attribute("aria-disabled", "true")
        assert len(waiting) == 2
        waiting[1].fulfill(status=404, content_type="application/problem+json", body="{}")


def test_a_screen_reader_hears_the_state_and_not_every_per_cent(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        waiting = held_up(page, re.compile(r"/api/v1/reports$"))
        page.get_by_test_id("camera").set_input_files(
            {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo("#447755")}
        )
        expect(page.locator(".form .thumb")).to_have_count(1)
        to_the_end(page, f"Đang gửi, rác {uuid.uuid4()}")
        page.get_by_role("button", name="Gửi phản ánh").click()
        chip = page.locator("[data-sending=sending]").first
        expect(chip).to_contain_text("%")
        expect(chip.get_by_role("status")).to_have_text("Đang gửi")
        waiting[0].fallback()
        page.get_by_test_id("code").wait_for(timeout=30_000)
