"""Two tabs with one report, a worker that waits, a browser whose store fails or is refused."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Worker, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import assigned
from tests.browser.driver import PHONE, Size, violations
from tests.browser.reporting import code_of, describe, fill_all, go_on, kept, send, take_photo
from tests.browser.test_reporter_pending import until
from tests.browser.test_reporting import cases_with, own_view
from tests.e2e.client import City

CUT = ["ERR_", "Failed to load resource"]
ALONE = "delete globalThis.BroadcastChannel;"  # a tab that hears nothing of the others
SHOW = """(state) => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
REFUSED = "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };"
FAILS_ONCE = """
const open = IDBFactory.prototype.open;
const failing = Object.create(IDBOpenDBRequest.prototype, {
  addEventListener: { value: (kind, say) => { if (kind === 'error') setTimeout(say); } },
  removeEventListener: { value: () => undefined },
  error: { value: new DOMException('no', 'UnknownError') },
});
window.failed = 0;
IDBFactory.prototype.open = function (...all) {
  failed += 1;
  return failed > 1 ? open.apply(this, all) : failing;
};
"""
SYNC = """() => new Promise((ok) => {
  const event = new ExtendableEvent('sync');
  event.tag = 'send:all';
  event.waitUntil = (done) => done.then(() => ok('done'), () => ok('again later'));
  self.dispatchEvent(event);
})"""
ADDRESS = "Địa chỉ hoặc mô tả nơi"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


def address_becomes(page: Page, words: str) -> None:
    """Wait until the one draft that is kept has this address."""
    for _ in range(50):
        if [each["address"] for each in kept(page, "drafts")] == [words]:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never stored: {words}")


def until_done(page: Page, worker: Worker) -> None:
    """Call the worker until nothing waits; the browser may be calling it at the same time."""
    for _ in range(20):
        if worker.evaluate(SYNC) == "done":
            return
        page.wait_for_timeout(300)
    raise AssertionError("it still waits")


def two_tabs(context: BrowserContext) -> tuple[Page, Page]:
    """The same draft in two tabs, at its second step."""
    one = context.new_page()
    one.goto("/")
    take_photo(one)
    go_on(one, "Ở đâu?")
    one.get_by_label(ADDRESS).fill("Lời cũ")
    address_becomes(one, "Lời cũ")
    two = context.new_page()
    two.goto("/")
    expect(two.get_by_label(ADDRESS)).to_have_value("Lời cũ")
    return one, two


def test_a_tab_that_is_put_aside_writes_nothing_old_over_what_is_newer(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        context.add_init_script(ALONE)
        one, two = two_tabs(context)
        one.get_by_label(ADDRESS).fill("Lời mới")
        address_becomes(one, "Lời mới")
        two.evaluate(SHOW, "hidden")
        two.wait_for_timeout(400)
        assert [each["address"] for each in kept(two, "drafts")] == ["Lời mới"]
        two.evaluate(SHOW, "visible")
        expect(two.get_by_label(ADDRESS)).to_have_value("Lời mới")
        two.get_by_label(ADDRESS).fill("Lời mới nhất")
        two.evaluate(SHOW, "hidden")  # what was changed here is stored at once
        address_becomes(two, "Lời mới nhất")


@pytest.mark.parametrize("other", ["told", "alone"])
def test_a_draft_that_one_tab_drops_does_not_come_back_from_the_other(
    open_context: Open, other: str
):
    with open_context(PHONE) as (context, _watch):
        if other == "alone":
            context.add_init_script(ALONE)
        one, two = two_tabs(context)
        one.reload()
        one.once("dialog", lambda dialog: dialog.accept())
        one.get_by_role("button", name="Bỏ nháp, làm lại").click()
        until(one, "drafts", 0)
        if other == "told":  # it leaves the other screen by itself
            two.get_by_role("heading", level=1, name="Bạn thấy gì?").wait_for()
        else:
            two.get_by_label(ADDRESS).fill("Viết tiếp ở thẻ kia")
            two.evaluate(SHOW, "hidden")
            two.wait_for_timeout(400)
            two.evaluate(SHOW, "visible")
            two.get_by_role("heading", level=1, name="Bạn thấy gì?").wait_for()
        assert kept(two, "drafts") == kept(two, "media") == []


@pytest.mark.parametrize("other", ["told", "alone"])
def test_a_report_that_waits_cannot_be_changed_or_dropped_from_another_tab(
    open_context: Open, other: str, origins: list[str], stack: dict[str, Any]
):
    words = f"Chờ gửi ở thẻ khác, rác {uuid.uuid4()}"
    with open_context(PHONE) as (context, watch):
        watch.allow += CUT
        if other == "alone":
            context.add_init_script(ALONE)
        one, two = two_tabs(context)
        go_on(one, "Việc gì?")
        describe(one, words)
        go_on(one, "Xem lại và gửi")
        one.locator("#terms").check()
        two.get_by_role("button", name="Quay lại").click()
        expect(two.locator(".form .thumb .remove")).to_have_count(1)
        three = context.new_page()
        three.goto("/mine")
        three.get_by_role("button", name="Bỏ bản nháp").wait_for()
        context.set_offline(True)
        one.get_by_role("button", name="Gửi phản ánh").click()
        expect(one.locator("[data-sending=waiting]").first).to_be_visible()
        if other == "told":
            expect(two.locator(".form")).to_contain_text("đã được bấm gửi ở thẻ khác")
            expect(two.locator(".form .thumb .remove")).to_have_count(0)
            expect(two.get_by_role("button", name="Bỏ nháp, làm lại")).to_have_count(0)
            expect(three.get_by_role("button", name="Bỏ bản nháp")).to_have_count(0)
            assert violations(two) == []
        else:
            two.locator(".form .thumb .remove").click()
            expect(two.locator(".toast")).to_contain_text("đã được bấm gửi ở thẻ khác")
            three.once("dialog", lambda dialog: dialog.accept())
            three.get_by_role("button", name="Bỏ bản nháp").click()
            expect(three.locator(".toast")).to_contain_text("đã được bấm gửi ở thẻ khác")
        assert len(kept(two, "outbox")) == len(kept(two, "drafts")) == len(kept(two, "media")) == 1
        context.set_offline(False)
        view = own_view(origins, one, code_of(one))
        assert len(view["media"]) == 1
        assert cases_with(stack, words) == 1


def test_the_worker_asks_to_be_called_again_while_a_report_waits(open_context: Open):
    with open_context(PHONE) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        fill_all(page, f"Gửi trong nền, rác {uuid.uuid4()}")
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        (worker,) = context.service_workers
        context.set_offline(True)
        page.get_by_role("button", name="Gửi phản ánh").click()
        expect(page.locator("[data-sending=waiting]").first).to_be_visible()
        assert worker.evaluate(SYNC) == "again later"
        page.goto("about:blank")
        context.set_offline(False)
        until_done(page, worker)
        page.goto("/mine")
        page.locator("a[href^='/r/DL-']").first.wait_for()
        assert kept(page, "outbox") == []


def test_a_store_that_fails_once_stops_neither_the_pages_nor_the_sending(
    open_context: Open, stack: dict[str, Any]
):
    words = f"Bộ nhớ lỗi một lần, rác {uuid.uuid4()}"
    with open_context(PHONE) as (context, _watch):
        context.add_init_script(FAILS_ONCE)
        page = context.new_page()
        fill_all(page, words)
        send(page)
        assert page.evaluate("failed") >= 2
        assert cases_with(stack, words) == 1


def test_a_browser_that_keeps_nothing_says_so_and_shows_the_rest(
    open_context: Open, size: Size, city: City
):
    receipt = assigned(city)
    with open_context(size) as (context, _watch):
        context.add_init_script(REFUSED)
        page = context.new_page()
        page.goto("/?category=service_attitude&about_unit=onestop")  # it asks for no photo
        said = page.get_by_text("Trình duyệt này không cho lưu gì")
        said.wait_for()
        assert violations(page) == []
        go_on(page, "Ở đâu?")
        page.get_by_label(ADDRESS).fill("Trước 12 Phan Đình Phùng")
        go_on(page, "Việc gì?")
        page.get_by_label("Bạn muốn báo điều gì?").fill("Nói trống không ở quầy")
        expect(page.locator(".tile")).not_to_have_count(0)  # the city was asked
        go_on(page, "Xem lại và gửi")
        page.locator("#name").fill("Người Thử Nghiệm")
        page.locator("#terms").check()
        page.get_by_role("button", name="Gửi phản ánh").click()
        expect(page.locator(".toast")).to_contain_text("không lưu được")
        expect(page.get_by_role("heading", level=1)).to_have_text("Xem lại và gửi")
        page.goto("/mine")
        said.wait_for()
        expect(page.locator("#sent-title")).to_be_visible()
        page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
        page.get_by_role("heading", name="Riêng tư của bạn").wait_for()  # for this visit
        page.goto("/map")
        page.goto(f"/r/{receipt['code']}")
        page.get_by_role("heading", name="Các bước").wait_for()
