"""Pictures of the reporter's pages."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.scenes import scene


@scene("report-empty")
def empty(page: Page, _stack: dict[str, Any]) -> None:
    page.goto("/")
    page.locator("h1").wait_for()
