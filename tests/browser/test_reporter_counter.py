"""Waiting at the counter: what is shown is dated, the turn is said in time, an offer stays."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Open
from tests.browser.driver import PHONE, Size, violations
from tests.browser.reporting import go_on, kept, take_photo
from tests.browser.test_reporter_actions import call_until, serve
from tests.e2e.client import City

DESK = "Quầy Trả kết quả"
BUZZED = "navigator.vibrate = (ms) => { (window.buzzes ??= []).push(ms); return true; };"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


def take_number(page: Page) -> str:
    """Take a number at the desk of results and return it."""
    page.goto("/onestop")
    page.get_by_role("button", name=f"Lấy số thứ tự: {DESK}").click()
    mine = page.locator(".mine-number .big")
    mine.wait_for()
    return mine.inner_text()


def test_what_is_known_of_the_queue_is_dated_and_its_loss_is_said(open_context: Open, size: Size):
    with open_context(size) as (context, watch):
        watch.allow += ["ERR_INTERNET_DISCONNECTED", "Failed to load resource"]
        page = context.new_page()
        take_number(page)
        mine = page.locator(".mine-number")
        expect(mine).to_contain_text(re.compile(r"Cập nhật lúc \d\d:\d\d"))
        expect(mine).not_to_contain_text("đang nối lại")
        context.set_offline(True)
        lost = mine.locator(".note.warn")
        expect(lost).to_contain_text("đang nối lại", timeout=20_000)
        expect(lost).to_contain_text(re.compile(r"Cập nhật lúc \d\d:\d\d"))
        assert violations(page) == []
        context.set_offline(False)
        expect(lost).to_have_count(0, timeout=20_000)


def test_who_holds_no_number_reads_too_how_old_the_queues_are(open_context: Open):
    with open_context(PHONE) as (context, watch):
        watch.allow.append("ERR_FAILED|net::")
        page = context.new_page()
        page.goto("/onestop")
        page.locator(".desks li").first.wait_for()
        old = page.locator("[data-stale]")
        expect(old).to_have_count(0)
        context.route("**/onestop/desks", lambda route: route.abort())
        expect(old).to_contain_text("đang nối lại", timeout=30_000)
        expect(old).to_contain_text(re.compile(r"Cập nhật lúc \d\d:\d\d"))
        expect(page.locator(".desks li").first).to_be_visible()
        assert violations(page) == []
        context.unroute("**/onestop/desks")
        old.get_by_role("button", name="Thử lại").click()
        expect(old).to_have_count(0)


def test_the_turn_is_said_to_the_eye_and_to_the_hand_before_it_comes(
    context: BrowserContext, city: City
):
    """Also when two are called between two looks: it is three or fewer, not three exactly."""
    context.add_init_script(BUZZED)
    path = "/onestop/desks/results/tickets"
    clerk = city.of_role("onestop_clerk").headers
    before = [
        city.intake.post(path, json={"channel": "online"}).raise_for_status().json()["number"]
        for _ in range(5)
    ]
    page = context.new_page()
    number = take_number(page)
    soon = page.locator(".mine-number .note", has_text="Sắp đến lượt bạn")
    expect(soon).to_have_count(0)
    assert page.evaluate("window.buzzes ?? []") == []
    call_until(city, clerk, before[3])  # one waits before us
    expect(soon).to_be_visible(timeout=20_000)
    assert len(page.evaluate("window.buzzes")) == 1
    assert violations(page) == []
    call_until(city, clerk, number)
    expect(page.locator(".mine-number .note.good")).to_contain_text(number, timeout=20_000)
    assert len(page.evaluate("window.buzzes")) == 2
    serve(city, clerk, number)


def test_the_offer_after_one_star_stays_and_begins_a_report_of_its_own(
    context: BrowserContext, city: City
):
    clerk = city.of_role("onestop_clerk").headers
    page = context.new_page()
    page.goto("/")  # a draft is open when the offer comes
    take_photo(page)
    go_on(page, "Ở đâu?")
    page.get_by_label("Địa chỉ hoặc mô tả nơi").fill("Nháp mở trước khi đến quầy")
    page.wait_for_timeout(900)
    page.evaluate("document.querySelector('a[href=\"/onestop\"]').click()")
    page.get_by_role("button", name=f"Lấy số thứ tự: {DESK}").click()
    number = page.locator(".mine-number .big").inner_text()
    call_until(city, clerk, number)
    page.locator(".mine-number .note.good").wait_for(timeout=20_000)
    serve(city, clerk, number)
    star = page.get_by_role("radio", name="1 trên 5 sao")
    star.wait_for(state="attached", timeout=20_000)
    star.check(force=True)
    page.get_by_role("button", name="Gửi đánh giá").click()
    offer = page.locator(".mine-number a[href*='service_attitude']")
    offer.wait_for()
    page.wait_for_timeout(10_000)  # longer than from one look to the next
    assert violations(page) == []
    offer.click()
    page.get_by_role("heading", level=1, name="Bạn thấy gì?").wait_for()
    expect(page.locator(".form .thumb")).to_have_count(0)
    take_photo(page)
    page.wait_for_timeout(900)
    (draft,) = [each for each in kept(page, "drafts") if each["category"]]
    assert draft["category"] == "service_attitude"
    assert draft["about_unit"] == "onestop"
    assert "Nháp mở trước khi đến quầy" in {each["address"] for each in kept(page, "drafts")}


def test_the_link_of_a_reminder_shows_the_number_and_gives_it_back(
    context: BrowserContext, city: City
):
    """Whoever took it at the machine in the hall holds no secret in this browser."""
    path = "/onestop/desks/results/tickets"
    mine, other = (city.intake.post(path, json={}).raise_for_status().json() for _ in range(2))
    page = context.new_page()

    page.goto(f"/onestop#n={mine['id']}&t={mine['ticket_token']}")

    shown = page.locator(".mine-number .big")
    expect(shown).to_have_text(mine["number"])
    assert "#" not in page.url
    page.reload()  # it is kept as one that was taken here
    expect(shown).to_have_text(mine["number"])
    page.goto("about:blank")
    page.goto(f"/onestop#n={other['id']}&t={other['ticket_token']}")
    expect(shown).to_have_text(other["number"])
    assert violations(page) == []
    for ticket, after in ((other, mine["number"]), (mine, None)):
        page.get_by_role("button", name="Trả số").click()
        page.locator("dialog[open]").get_by_role("button", name="Trả số").click()
        if after:
            expect(shown).to_have_text(after)
        else:
            expect(page.locator(".desks")).to_be_visible()
        own = {"Authorization": f"Bearer {ticket['ticket_token']}"}
        found = city.intake.get(f"/onestop/tickets/{ticket['id']}", headers=own).json()
        assert found["state"] == "left"
