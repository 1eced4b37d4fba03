"""The desk of a city that has been at work for years: more cases than a page of a list holds."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.crowded import copied
from tests.browser.desk_world import WARD, assigned, send, sign_in
from tests.browser.driver import DESKTOP, PHONE
from tests.e2e.client import City, eventually

OFFICER = f"officer.{WARD}"
PAST = 205  # more than the API gives at once
WAIT_MS = 20_000  # hundreds of rows, on a busy machine


@pytest.fixture(scope="module", autouse=True)
def patient() -> Iterator[None]:
    """Wait longer for what is expected."""
    expect.set_options(timeout=WAIT_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


@pytest.fixture(scope="module")
def crowd(stack: dict[str, Any], city: City) -> Iterator[None]:
    """As many closed cases and as many open ones, all due before any other."""
    code = assigned(city)["code"]
    with (
        copied(stack, code, PAST, prefix="DL-PAST", state="closed"),
        copied(stack, code, PAST, prefix="DL-OPEN", state="in_progress"),
    ):
        yield


@pytest.mark.usefixtures("crowd")
def test_a_new_case_is_seen_behind_hundreds_of_others(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    before = assigned(city)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        expect(page.locator(f"[data-code='{before}']")).to_have_count(1)
        expect(page.locator("[data-code^='DL-OPEN']")).to_have_count(PAST)
        expect(page.locator("[data-code^='DL-PAST']")).to_have_count(0)
        waiting = page.get_by_role("tab", name="Chờ tôi nhận").locator(".count")
        count = int(waiting.inner_text())
        assert count >= 1
        code = assigned(city)["code"]
        page.locator(".newbar").click(timeout=WAIT_MS)
        expect(page.locator(f"[data-code='{code}']")).to_be_attached()
        expect(waiting).to_have_text(str(count + 1))

        page.get_by_role("tab", name="Tất cả").click()
        expect(page.locator("[data-code^='DL-PAST']").first).to_be_attached()
        counted = page.get_by_role("tab", name="Tất cả").locator(".count")
        expect(counted).to_have_text(re.compile(r"^\d+\+$"))
        page.get_by_role("button", name="Xem thêm").click()
        expect(page.locator("[data-code^='DL-PAST']")).to_have_count(PAST)
        expect(counted).to_have_text(re.compile(r"^\d+$"))


@pytest.mark.usefixtures("crowd")
def test_the_office_begins_with_what_is_open_and_a_chosen_state_is_looked_for_everywhere(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/inbox")
        expect(page.locator(f"[data-code='{code}']")).to_be_attached()
        expect(page.locator("[data-code^='DL-PAST']")).to_have_count(0)
        page.locator("#by-state").select_option("closed")
        expect(page.locator("[data-code^='DL-PAST']").first).to_be_attached()
        expect(page.locator("[data-code^='DL-OPEN']")).to_have_count(0)


@pytest.mark.usefixtures("crowd")
def test_the_triage_and_the_leaders_see_what_is_theirs_behind_the_units_cases(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    held = send(city, text="Đồ ngu, dọn rác đi, rác đầy đường cả tuần.")["code"]
    urgent = assigned(city, text="Cháy nhà, có người bị thương, cứu với")["code"]
    asked = assigned(city)["code"]
    city.official(WARD).act(asked, "forward", text="Không thuộc thẩm quyền của phường.")
    city.office().act(asked, "guidance", text="Xin ý kiến về đơn vị chủ trì.")
    eventually(lambda: city.office().case(held)["state"] == "held")
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/triage")
        for tab, code in (("Giữ lại", held), ("Khẩn", urgent)):
            page.get_by_role("tab", name=re.compile(tab)).click()
            expect(page.locator(f"[data-code='{code}']")).to_be_attached()
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "leader")
        expect(page.locator(f"[data-code='{asked}']").first).to_be_attached()
