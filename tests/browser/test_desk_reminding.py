"""From a unit that is late to its cases, and one reminder for all of them."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.backdated import anonymous, received
from tests.browser.desk_world import sign_in
from tests.browser.driver import DESKTOP, Size, violations
from tests.e2e.client import City, eventually

AREA, UNIT = "Xã Tà Nung", "commune_ta_nung"  # no other test is late there
SHOWN = 10  # of a unit's cases, until more are asked for
WAIT_MS = 20_000  # a dozen of directives, on a busy machine


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


def late(stack: dict[str, Any], city: City, count: int) -> list[str]:
    """Codes of cases that the unit has had for three weeks."""
    at = datetime.now(UTC) - timedelta(days=21)
    body = anonymous(area=AREA, category="environment")
    codes = received(stack, [(at, body)] * count)
    for code in codes:
        eventually(lambda code=code: city.leader().case(code)["unit"] == UNIT, wait_s=60)
    return codes


def given(city: City, code: str) -> list[str]:
    """The words of a case's directives to the unit."""
    directives = city.leader().case(code)["directives"]
    return [each["text"] for each in directives if each["addressee"] == UNIT]


def opened(page: Page, stack: dict[str, Any]) -> Locator:
    """The unit's line on the leaders' page, opened by a key."""
    sign_in(page, stack, "leader")
    unit = page.locator(f"[data-unit={UNIT}]")
    unit.locator("summary").focus()
    page.keyboard.press("Enter")
    return unit


def remind(page: Page, unit: Locator) -> Locator:
    """The dialog of the reminder, once it has looked."""
    unit.get_by_role("button", name="Nhắc cả nhóm").click()
    box = page.locator("dialog[open]")
    expect(box).to_contain_text(re.compile("quá hạn|Không còn phản ánh"))
    return box


def lose(route: Route) -> None:
    """Let a call be carried out and its answer be lost."""
    route.fetch()
    route.abort()


def test_a_leader_gets_to_the_late_cases_of_a_unit(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City, size: Size
):
    late(stack, city, SHOWN + 1)
    with open_context(size) as (context, _watch):
        page = context.new_page()
        unit = opened(page, stack)
        expect(unit.locator("ol li")).to_have_count(SHOWN)
        unit.get_by_role("button", name="Xem thêm").click()
        expect(unit.locator("a.late").nth(SHOWN)).to_be_focused()
        first = unit.locator("a.late").first
        expect(first).to_contain_text(re.compile(r"Quá hạn .* làm việc"))
        expect(first).to_contain_text("Hạn ")
        assert violations(page) == []
        with page.expect_download() as letter:
            unit.get_by_role("button", name="Văn bản nhắc riêng").click()
        assert letter.value.suggested_filename.startswith(f"don-doc-{UNIT}-")
        page.get_by_role("button", name="English").click()
        expect(first).to_contain_text("of working time")
        first.focus()
        page.keyboard.press("Enter")
        page.locator(".casehead").wait_for()
        page.go_back()
        expect(first).to_be_visible()  # the unit is open as it was left


def test_a_unit_is_reminded_of_each_late_case_once(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City, size: Size
):
    told, lost, refused, *others = late(stack, city, 5)
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    city.leader().act(told, "directives", addressee=UNIT, due_at=due, text="Đã giao trước.")
    words = f"Xử lý dứt điểm, báo cáo {others[0]}."
    with open_context(size) as (context, watch):
        watch.allow += ["ERR_FAILED", "422"]
        page = context.new_page()
        unit = opened(page, stack)
        box = remind(page, unit)
        expect(box.locator("[data-left-out]")).to_contain_text("chỉ đạo chưa xong")
        expect(box.get_by_label("Hạn")).not_to_have_value("")
        send = box.get_by_role("button", name=re.compile(r"Gửi \d+ chỉ đạo"))
        send.click()
        expect(box.locator(".summary")).to_be_visible()
        assert violations(page) == []
        box.get_by_label("Nội dung").fill(words)
        page.route(f"**/desk/cases/{lost}/directives", lose, times=1)
        refusal = {"status": 422, "json": {"status": 422, "detail_vi": "Không giao được."}}
        page.route(
            f"**/desk/cases/{refused}/directives", lambda route: route.fulfill(**refusal), times=1
        )
        send.dblclick()
        done = box.locator("[data-remind=done]")
        expect(done).to_contain_text("2 phản ánh không gửi được", timeout=WAIT_MS)
        expect(done).to_be_focused()
        expect(done.locator("li", has_text=refused)).to_contain_text("Không giao được.")
        assert [given(city, each) for each in (lost, refused, *others)] == [
            [words], [], *[[words]] * len(others)
        ]  # fmt: skip
        again = box.get_by_role("button", name="Thử lại")
        expect(again).not_to_have_attribute("aria-disabled", "true")
        again.click()
        expect(again).to_have_count(0)
        expect(done.locator("li")).to_have_count(0)
        box.get_by_role("button", name="Đóng").click()
        expect(unit.get_by_role("button", name="Nhắc cả nhóm")).to_be_focused()
        box = remind(page, unit)
        expect(box).to_contain_text("Không còn phản ánh nào để nhắc.")
        expect(send).to_have_count(0)
    for each in (lost, refused, *others):
        assert given(city, each) == [words]
    assert given(city, told) == ["Đã giao trước."]


def test_a_closed_reminder_ends_after_the_current_case_and_says_so(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    codes = late(stack, city, 3)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        box = remind(page, opened(page, stack))
        page.route("**/desk/cases/*/directives", hold)
        box.get_by_label("Nội dung").fill("Xử lý dứt điểm, báo cáo.")
        with page.expect_request("**/desk/cases/*/directives"):
            box.get_by_role("button", name=re.compile(r"Gửi \d+ chỉ đạo")).click()
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        held[0].continue_()
        expect(page.locator(".toasts")).to_contain_text("Đã dừng: đã gửi 1 chỉ đạo")
    assert len(held) == 1
    assert sum(len(given(city, each)) for each in codes) <= 1
