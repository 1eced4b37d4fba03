"""What a phone keeps and a person comes back to: what needs them, drafts, receipts, tokens."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import assigned
from tests.browser.driver import PHONE, Size, offline, violations
from tests.browser.reporting import code_of, describe, fill_all, go_on, kept, send, take_photo
from tests.browser.test_reporting import cases_with, own_view
from tests.e2e.client import City

CUT = ["ERR_", "Failed to load resource"]
OLDER = """async (days) => {
  const open = indexedDB.open('civic');
  const db = await new Promise((ok) => { open.onsuccess = () => ok(open.result); });
  const store = db.transaction('outbox', 'readwrite').objectStore('outbox');
  const all = store.getAll();
  const [row] = await new Promise((ok) => { all.onsuccess = () => ok(all.result); });
  const put = store.put({ ...row, created_at: row.created_at - days * 86400000 });
  await new Promise((ok) => { put.onsuccess = ok; });
  db.close();
}"""


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


def refused(page: Page, words: str) -> None:
    """Send a report that the server refuses: its address passes here, and not there."""
    fill_all(page, words)
    page.get_by_label("Thư điện tử").fill("ten@@example.com")
    page.get_by_role("button", name="Gửi phản ánh").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cần bạn xem lại")


def week_old(page: Page, context: BrowserContext, words: str) -> None:
    """Leave a report unsent for eight days, as a phone in a drawer does."""
    fill_all(page, words)
    offline(context)
    page.get_by_role("button", name="Gửi phản ánh").click()
    expect(page.locator("[data-sending=waiting]").first).to_be_visible()
    for _ in range(100):  # else this page is still at its first try when it is closed
        if kept(page, "outbox")[0]["attempts"]:
            break
        page.wait_for_timeout(50)
    else:
        raise AssertionError("the page has not tried to send")
    page.evaluate(OLDER, 8)


def test_a_refused_report_is_mended_after_its_tab_was_closed(
    open_context: Open, size: Size, stack: dict[str, Any], origins: list[str]
):
    words = f"Máy chủ từ chối, rác {uuid.uuid4()}"
    with open_context(size) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        refused(page, words)
        assert violations(page) == []
        page.close()
        again = context.new_page()
        again.goto("/")
        again.locator(".strip [data-sending=review]").click()
        again.get_by_role("heading", level=1, name="Của tôi").wait_for()
        stuck = again.locator("[data-stuck=review]")
        expect(stuck).to_contain_text("thư điện tử", ignore_case=True)
        assert violations(again) == []
        stuck.get_by_role("button", name="Sửa rồi gửi như phản ánh mới").click()
        again.get_by_role("heading", level=1, name="Xem lại và gửi").wait_for()
        expect(again.locator(".form .thumb")).to_have_count(1)
        again.get_by_label("Thư điện tử").fill(f"{uuid.uuid4().hex[:10]}@example.com")
        view = own_view(origins, again, send(again))
        assert len(view["media"]) == 1
        assert kept(again, "outbox") == kept(again, "drafts") == []
        assert cases_with(stack, words) == 1


def test_a_refused_report_is_sent_again_as_it_is_or_dropped(open_context: Open):
    with open_context(PHONE) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        refused(page, f"Bỏ phản ánh, rác {uuid.uuid4()}")
        page.goto("/mine")
        (before,) = kept(page, "outbox")
        with page.expect_response(re.compile(r"/api/v1/reports$")) as asked:
            page.get_by_role("button", name="Vẫn như vậy, gửi").click()
        assert asked.value.status == 422  # the server was asked again, and says the same
        expect(page.locator("[data-stuck=review]")).to_be_visible()
        (after,) = kept(page, "outbox")
        assert after["key"] == before["key"]
        page.get_by_role("button", name="Bỏ phản ánh này").click()
        assert len(kept(page, "outbox")) == 1  # asked first
        page.get_by_role("button", name="Bỏ hẳn").click()
        expect(page.locator("[data-sending]")).to_have_count(0)
        assert kept(page, "outbox") == kept(page, "drafts") == kept(page, "media") == []


def test_a_report_of_last_week_waits_for_a_person_and_goes_out_once(
    open_context: Open, size: Size, stack: dict[str, Any]
):
    words = f"Chờ hơn một tuần, rác {uuid.uuid4()}"
    with open_context(size) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        week_old(page, context, words)
        page.close()
        context.set_offline(False)
        again = context.new_page()
        again.goto("/mine")  # no try has failed since: the network is there, and it is asked first
        expect(again.locator("[data-stuck=stale]")).to_be_visible()
        assert violations(again) == []
        again.wait_for_timeout(1500)
        assert cases_with(stack, words) == 0
        again.get_by_role("button", name="Vẫn như vậy, gửi").click()
        again.get_by_role("link", name=re.compile("DL-")).first.wait_for()
        assert kept(again, "outbox") == kept(again, "media") == []
        assert cases_with(stack, words) == 1


def test_a_second_tab_that_sends_after_the_receipt_shows_it(
    open_context: Open, stack: dict[str, Any]
):
    words = f"Thẻ thứ hai gửi sau, rác {uuid.uuid4()}"
    with open_context(PHONE) as (context, _watch):
        one = context.new_page()
        fill_all(one, words)
        one.wait_for_timeout(900)  # the draft is stored within a second
        two = context.new_page()
        two.goto("/")
        two.get_by_role("heading", level=1, name="Xem lại và gửi").wait_for()
        code = send(one)
        two.locator("#terms").uncheck()  # it is still being written there
        two.locator("#terms").check()
        two.wait_for_timeout(900)
        two.get_by_role("button", name="Gửi phản ánh").click()
        assert code_of(two) == code
        assert cases_with(stack, words) == 1
        assert kept(two, "drafts") == kept(two, "outbox") == kept(two, "media") == []


def test_drafts_are_taken_up_and_thrown_away_one_by_one(context: BrowserContext):
    page = context.new_page()
    page.goto("/")
    take_photo(page)
    go_on(page, "Ở đâu?")
    page.get_by_label("Địa chỉ hoặc mô tả nơi").fill("Nháp thứ nhất")
    page.wait_for_timeout(900)
    page.goto("/?category=service_attitude&about_unit=onestop")  # another report is begun
    take_photo(page, "#775533")
    go_on(page, "Ở đâu?")
    page.get_by_label("Địa chỉ hoặc mô tả nơi").fill("Nháp thứ tư")
    page.wait_for_timeout(900)
    first, second = sorted(kept(page, "drafts"), key=lambda each: str(each["address"]))
    page.evaluate("document.querySelector('a[href=\"/mine\"]').click()")
    page.locator("#drafts-title").wait_for()
    page.locator(f'a[href="/?draft={first["id"]}"]').click()
    expect(page.get_by_label("Địa chỉ hoặc mô tả nơi")).to_have_value("Nháp thứ nhất")
    page.evaluate("document.querySelector('a[href=\"/mine\"]').click()")
    page.locator("#drafts-title").wait_for()
    row = page.locator(".card", has=page.locator(f'a[href="/?draft={first["id"]}"]'))
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Bỏ bản nháp").click()
    expect(row).to_have_count(0)
    page.evaluate("document.querySelector('a.brand').click()")
    page.get_by_role("heading", level=1, name="Bạn thấy gì?").wait_for()
    expect(page.locator(".form .thumb")).to_have_count(0)  # it is gone from the screen as well
    assert [each["id"] for each in kept(page, "drafts")] == [second["id"]]
    assert [each["draft_id"] for each in kept(page, "media")] == [second["id"]]


def test_ones_own_report_nearby_is_opened_and_keeps_its_token(context: BrowserContext, city: City):
    context.set_geolocation({"latitude": 11.9 + uuid.uuid4().int % 90 / 1000, "longitude": 108.4})
    page = context.new_page()
    words = f"Báo hai lần một chỗ, rác {uuid.uuid4()}"
    fill_all(page, words)
    code = send(page)
    before = kept(page, "receipts")
    page.get_by_role("button", name="Báo việc khác").click()
    take_photo(page)
    go_on(page, "Ở đâu?")
    page.get_by_role("button", name="Vị trí của tôi").click()
    page.locator(".form .chosen").wait_for()
    go_on(page, "Việc gì?")
    describe(page, words)
    own = page.locator(f'[data-similar="{code}"]')
    expect(own).to_contain_text("bạn đã báo")
    expect(own.get_by_role("button", name="Theo dõi việc này")).to_have_count(0)
    own.get_by_role("link", name="Mở").click()
    page.get_by_role("heading", name="Riêng tư của bạn").wait_for()  # the own view
    assert kept(page, "receipts") == [{**before[0], "unseen": False}]
    assert city.intake.get(f"/reports/{code}").json()["followers"] == 0


def test_a_follower_whose_answer_was_lost_or_who_comes_by_another_tab_counts_once(
    open_context: Open, city: City
):
    watched = assigned(city)["code"]
    lost: list[int] = []

    def cut_once(route: Route) -> None:
        if lost:
            route.fallback()
            return
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    with open_context(PHONE) as (context, watch):
        watch.allow += CUT
        other = context.new_page()
        other.goto(f"/r/{watched}")
        follow = "Theo dõi việc này"
        other.get_by_role("button", name=follow).wait_for()
        page = context.new_page()
        page.route(f"**/api/v1/reports/{watched}/follow", cut_once)
        page.goto(f"/r/{watched}")
        page.get_by_role("button", name=follow).click()
        page.locator(".note.bad").wait_for()  # it failed, as far as this page knows
        page.get_by_role("button", name=follow).click()
        page.get_by_role("button", name="Chọn cách nhận tin").wait_for()
        other.get_by_role("button", name=follow).click()  # it still shows the button
        other.get_by_role("button", name="Chọn cách nhận tin").wait_for()
        assert lost == [201]
    assert city.intake.get(f"/reports/{watched}").json()["followers"] == 1


def test_a_private_link_that_is_wrong_does_not_replace_the_right_one(
    open_context: Open, city: City
):
    mine = assigned(city)
    with open_context(PHONE) as (context, watch):
        watch.allow.append("status of 401")
        page = context.new_page()
        page.goto(f"/r/{mine['code']}#t={mine['tracking_token']}")
        page.get_by_role("heading", name="Riêng tư của bạn").wait_for()
        page.goto("/apps")
        page.goto(f"/r/{mine['code']}#x")
        page.get_by_role("heading", name="Riêng tư của bạn").wait_for()
        (receipt,) = kept(page, "receipts")
        assert receipt["token"] == mine["tracking_token"]


def test_what_went_out_while_nobody_looked_is_said_with_its_code(open_context: Open, size: Size):
    words = f"Mở lại trang đầu, rác tràn {uuid.uuid4()}"
    with open_context(size) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        fill_all(page, words)
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        offline(context)
        page.get_by_role("button", name="Gửi phản ánh").click()
        expect(page.locator("[data-sending=waiting]").first).to_be_visible()
        page.close()
        again = context.new_page()
        again.goto("/")  # from the worker's shell
        again.get_by_role("heading", level=1, name="Bạn thấy gì?").wait_for()
        expect(again.locator(".strip [data-sending]")).to_be_visible()
        assert violations(again) == []
        context.set_offline(False)
        said = again.locator(".strip [data-arrived]")
        said.wait_for(timeout=30_000)
        (receipt,) = kept(again, "receipts")
        expect(said).to_have_text(f"Đã gửi: {receipt['code']}")
        assert violations(again) == []
        again.reload()
        said.wait_for()  # until somebody has looked
        said.click()
        again.get_by_role("heading", name="Các bước").wait_for()
        again.goto("/")
        again.get_by_role("heading", level=1, name="Bạn thấy gì?").wait_for()
        again.wait_for_timeout(500)
        expect(again.locator(".strip")).to_have_count(0)
