"""English is one tap away: everywhere at once, without a network, and when the worker sends."""

import re
import uuid
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Open
from tests.browser.driver import PHONE, Size, violations
from tests.browser.reporting import fill_all, kept

CUT = ["ERR_INTERNET_DISCONNECTED", "Failed to load resource"]
VIETNAMESE = re.compile(r"[àáạảãăâđèéẹẻẽêìíịỉĩòóọỏõôơùúụủũưỳýỵỷỹ]", re.IGNORECASE)
ELSEWHERE = "/static/licenses.txt"  # of our origin, and no page of ours runs there


def in_english(page: Page) -> None:
    """See that the line of the shell, the document and its title speak English."""
    line = page.locator("#emergency")
    expect(line).to_contain_text("Emergency? Call now")
    assert not VIETNAMESE.search(line.inner_text())
    assert page.evaluate("document.documentElement.lang") == "en"
    expect(page).to_have_title(re.compile(r" · Đà Lạt Online$"))  # it follows with the next paint
    assert not VIETNAMESE.search(page.title().replace("Đà Lạt", ""))


@pytest.mark.parametrize(
    "path", ["/", "/mine", "/map", "/onestop", "/offices", "/apps", "/opt-out"]
)
def test_one_tap_changes_the_line_of_the_shell_and_the_title(context: BrowserContext, path: str):
    page = context.new_page()
    page.goto(path)
    expect(page).to_have_title(re.compile(" · "))
    before = page.title()
    page.get_by_role("button", name="English").click()
    in_english(page)
    assert page.title() != before
    page.get_by_role("button", name="Tiếng Việt").click()
    expect(page.locator("#emergency")).to_contain_text("Khẩn cấp? Gọi ngay")
    expect(page).to_have_title(before)


def test_a_reload_without_a_network_stays_english(open_context: Open, size: Size):
    with open_context(size) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        page.goto("/")
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")  # it holds the first shell
        page.get_by_role("button", name="English").click()
        in_english(page)
        context.set_offline(True)
        page.reload()
        page.get_by_role("button", name="Tiếng Việt").wait_for()
        in_english(page)
        assert violations(page) == []


def test_the_worker_sends_in_the_language_of_the_sender(open_context: Open, origins: list[str]):
    """A refusal that comes when the page is gone is in the words that its sender reads."""
    with open_context(PHONE) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        fill_all(page, f"Báo bằng tiếng Anh, rác {uuid.uuid4()}")
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        page.get_by_label("Thư điện tử").fill("ten@@example.com")  # the server will say no
        page.get_by_role("button", name="English").click()
        context.set_offline(True)
        page.get_by_role("button", name="Send the report").click()
        page.locator("[data-sending=waiting]").first.wait_for()
        page.goto("about:blank")
        context.set_offline(False)
        page.goto(ELSEWHERE)
        wake(context, page, origins[0])
        for _ in range(40):
            (row,) = kept(page, "outbox")
            if row["state"] == "review":
                break
            page.wait_for_timeout(250)
        problem: Any = row["problem"]
        assert row["state"] == "review"
        assert problem["words"]
        assert not VIETNAMESE.search(problem["words"])


def wake(context: BrowserContext, page: Page, origin: str) -> None:
    """Have the browser call its worker as it does when a network comes back."""
    session = context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(each["registrationId"] for each in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    for _ in range(40):
        if found:
            break
        page.wait_for_timeout(100)
    order = {"origin": origin, "registrationId": found[0], "tag": "send:x", "lastChance": False}
    session.send("ServiceWorker.dispatchSyncEvent", order)
