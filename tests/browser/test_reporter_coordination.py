"""Units that work together until a later date: its reporter reads both dates, and why."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import HELPERS, WARD, assigned, coordinated, sign_in
from tests.browser.driver import DESKTOP, violations
from tests.browser.test_reporter_actions import open_own
from tests.e2e.client import City

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LIVE_MS = 20_000  # until the stream has told a step


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


@pytest.fixture(scope="module")
def helpers(city: City) -> list[str]:
    """The names of the units that help."""
    named = {each["id"]: each["name"]["vi"] for each in city.intake.get("/units").json()["items"]}
    return [named[each] for each in HELPERS]


def at(when: datetime) -> re.Pattern[str]:
    """Time and date as the pages write them, with or without the weekday."""
    local = when.astimezone(ZONE)
    return re.compile(f"{local:%H:%M} (thứ [^ ]+ |chủ [^ ]+ )?{local:%d/%m}")


def says(place: Locator, dates: list[datetime], words: list[str]) -> None:
    """Check that dates and words stand in one place."""
    for each in (*words, *(at(date) for date in dates)):
        expect(place).to_contain_text(each, timeout=LIVE_MS)


def step(page: Page, title: str) -> Locator:
    """A step of the history by its title."""
    return page.locator(".timeline li").filter(has_text=title)


def test_both_dates_and_the_units_are_shown_as_they_are_agreed(
    context: BrowserContext, city: City, helpers: list[str]
):
    receipt = assigned(city)
    code, officer = receipt["code"], city.official(WARD)
    promised = datetime.fromisoformat(receipt["due_at"])
    expected = datetime.now(UTC) + timedelta(days=9)
    page = context.new_page()
    open_own(page, receipt)
    both = page.locator("[data-coordinated]")
    body = {"units": list(HELPERS), "expected_at": expected.isoformat(), "text": "Cần lấy mẫu."}

    officer.act(code, "coordination", **body)
    says(step(page, "Đề xuất phối hợp xử lý"), [expected], helpers)
    expect(both).to_have_count(0)  # nobody has agreed yet: the promise stands alone

    city.office().act(code, "coordination/approve")
    says(both, [expected, promised], [*helpers, "Phối hợp với", "hạn đã hứa"])
    says(step(page, "Các đơn vị phối hợp xử lý"), [expected], helpers)
    says(page.locator(".left"), [expected], ["theo phối hợp đã duyệt"])

    moved = expected + timedelta(days=2)
    officer.act(code, "coordination/move", expected_at=moved.isoformat(), text="Chờ kết quả mẫu")
    says(both, [moved, promised], helpers)
    says(step(page, "Đã đổi thời gian dự kiến"), [moved, expected], ["Chờ kết quả mẫu"])
    assert violations(page) == []


def test_anybody_and_the_desk_read_the_same(
    open_context: Open, stack: dict[str, Any], city: City, helpers: list[str]
):
    expected = datetime.now(UTC) + timedelta(days=9)
    receipt = coordinated(city, expected)
    moved = expected + timedelta(days=1)
    body = {"expected_at": moved.isoformat(), "text": "Chờ kết quả mẫu"}
    city.official(WARD).act(receipt["code"], "coordination/move", **body)
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        page.goto(f"/r/{receipt['code']}")
        says(page.locator("[data-coordinated]"), [moved], helpers)
        says(step(page, "Các đơn vị phối hợp xử lý"), [expected], helpers)
        sign_in(page, stack, "office_clerk", f"/desk/cases/{receipt['code']}")
        says(step(page, "Các đơn vị phối hợp xử lý"), [expected], helpers)
        says(step(page, "Đã đổi thời gian dự kiến"), [moved, expected], ["Chờ kết quả mẫu"])
