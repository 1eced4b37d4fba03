"""Pictures of the operations centre's wall."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.desk_world import a_busy_city
from tests.browser.driver import DESKTOP, PHONE, WALL
from tests.browser.scenes import scene

SCREENS = (WALL, DESKTOP, PHONE)


def open_wall(page: Page, stack: dict[str, Any], query: str = "") -> None:
    page.goto(f"{stack['notify']}/ioc/wall{query}")
    expect(page.locator("[data-figure=open] b")).to_have_text(re.compile(r"^\d+$"))


@scene("wall-live", sizes=SCREENS, themes=("dark",))
def live(page: Page, stack: dict[str, Any]) -> None:
    a_busy_city(stack)
    open_wall(page, stack)


@scene("wall-replay", sizes=(WALL,), themes=("dark",))
def replay(page: Page, stack: dict[str, Any]) -> None:
    a_busy_city(stack)
    start = datetime.now(UTC) - timedelta(minutes=30)
    open_wall(page, stack, f"?from={start:%Y-%m-%dT%H:%M:%SZ}&paused=1")


@scene("wall-stale", sizes=(WALL,), themes=("dark",))
def stale(page: Page, stack: dict[str, Any]) -> None:
    page.clock.install()
    open_wall(page, stack)
    page.route("**/api/v1/ioc/**", lambda route: route.abort())
    page.clock.fast_forward(40_000)
    page.clock.run_for(2_000)
    page.locator("[data-freshness=stale]").wait_for()


@scene("wall-dead", sizes=(WALL,), themes=("dark",))
def dead(page: Page, stack: dict[str, Any]) -> None:
    page.clock.install()
    open_wall(page, stack)
    page.route("**/api/v1/ioc/**", lambda route: route.abort())
    page.clock.fast_forward(400_000)
    page.clock.run_for(2_000)
    page.locator("[data-freshness=dead]").wait_for()


@scene("wall-locked", sizes=(WALL,), themes=("dark", "light"))
def locked(page: Page, stack: dict[str, Any]) -> None:
    def refused(route: Route) -> None:
        body = '{"status": 401}'
        route.fulfill(status=401, content_type="application/problem+json", body=body)

    page.route("**/api/v1/ioc/**", refused)
    page.goto(f"{stack['notify']}/ioc/wall")
    page.locator("#token").wait_for()
