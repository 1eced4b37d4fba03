"""Pictures of the operations centre's wall, in every state that it can be met in."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.backdated import a_city_with_overdue_cases
from tests.browser.driver import DESKTOP, PHONE, WALL
from tests.browser.scenes import scene

SCREENS = (WALL, DESKTOP, PHONE)
API = "**/api/v1/ioc/"
LONG = "Trung tâm Quản lý và Khai thác công trình công cộng liên phường xã khu vực Đông Bắc"
MANY = 2_000


def open_wall(page: Page, stack: dict[str, Any], query: str = "") -> None:
    page.goto(f"{stack['notify']}/ioc/wall{query}")
    expect(page.locator("[data-figure=open] b")).to_have_text(re.compile(r"^\d+$"))


@scene("wall-live", sizes=SCREENS, themes=("dark", "light"))
def live(page: Page, stack: dict[str, Any]) -> None:
    a_city_with_overdue_cases(stack)
    open_wall(page, stack)
    page.locator("ol.late li").first.wait_for()


@scene("wall-english", sizes=(WALL, PHONE), themes=("dark",))
def english(page: Page, stack: dict[str, Any]) -> None:
    page.context.add_cookies([{"name": "lang", "value": "en", "url": stack["notify"]}])
    live(page, stack)


@scene("wall-forced-colours", sizes=SCREENS, themes=("dark", "light"))
def forced_colours(page: Page, stack: dict[str, Any]) -> None:
    page.emulate_media(forced_colors="active")
    live(page, stack)


@scene("wall-empty", sizes=SCREENS, themes=("dark",))
def empty(page: Page, stack: dict[str, Any]) -> None:
    """The city before its first report: the server's own answers of a moment long ago."""
    past = "at=2020-01-01T00:00:00Z"
    for name in ("summary", "cases", "incidents"):
        page.route(f"{API}{name}*", lambda route: route.continue_(url=_asking(route, past)))
    page.route(f"{API}onestop*", lambda route: route.continue_(url=_asking(route, "on=2020-01-02")))
    nothing = {"items": [], "next": "-1"}
    page.route(f"{API}events*", lambda route: route.fulfill(json=nothing))
    page.route(f"{API}stream*", lambda _route: None)
    open_wall(page, stack)


def _asking(route: Route, query: str) -> str:
    url = route.request.url
    return f"{url}{'&' if '?' in url else '?'}{query}"


@scene("wall-many", sizes=(WALL, PHONE), themes=("dark",))
def many(page: Page, stack: dict[str, Any]) -> None:
    """2,000 open cases: rings that do not touch."""
    a_city_with_overdue_cases(stack)
    changed(page, "ioc/cases", _multiplied)
    changed(page, "ioc/summary", lambda body: {**body, "open": MANY, "overdue": 431})
    open_wall(page, stack)


def _multiplied(body: dict[str, Any]) -> dict[str, Any]:
    placed = [each for each in body["items"] if each["lat"]]
    return {**body, "items": [_moved(placed[n % len(placed)], n) for n in range(MANY)]}


def _moved(case: dict[str, Any], n: int) -> dict[str, Any]:
    lat, lon = 11.90 + (n * 37 % 101) / 1000, 108.39 + (n * 53 % 121) / 1000
    return {**case, "code": f"{case['code']}-{n}", "lat": lat, "lon": lon}


@scene("wall-long-names", sizes=SCREENS, themes=("dark",))
def long_names(page: Page, stack: dict[str, Any]) -> None:
    def lengthened(body: dict[str, Any]) -> dict[str, Any]:
        long = {"name": {"vi": LONG, "en": LONG}, "short": LONG}
        return {**body, "items": [{**each, **long} for each in body["items"]]}

    for path in ("units", "categories", "areas"):
        changed(page, path, lengthened)
    live(page, stack)


def changed(page: Page, path: str, change: Callable[[Any], dict[str, Any]]) -> None:
    """Change what the server answers to one call."""

    def answer(route: Route) -> None:
        found = route.fetch()
        route.fulfill(response=found, body=json.dumps(change(found.json())))

    page.route(re.compile(f"/{path}([?].*)?$"), answer)


@scene("wall-replay", sizes=SCREENS, themes=("dark",))
def replay(page: Page, stack: dict[str, Any]) -> None:
    a_city_with_overdue_cases(stack)
    start = datetime.now(UTC) - timedelta(minutes=30)
    open_wall(page, stack, f"?from={start:%Y-%m-%dT%H:%M:%SZ}")
    page.locator("main.replay").wait_for()
    page.wait_for_timeout(4000)  # four minutes of then


@scene("wall-replay-paused", sizes=SCREENS, themes=("dark",))
def replay_paused(page: Page, stack: dict[str, Any]) -> None:
    a_city_with_overdue_cases(stack)
    start = datetime.now(UTC) - timedelta(minutes=30)
    open_wall(page, stack, f"?from={start:%Y-%m-%dT%H:%M:%SZ}")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    page.wait_for_timeout(1000)


def _silent(page: Page, stack: dict[str, Any], ms: int, freshness: str) -> None:
    a_city_with_overdue_cases(stack)
    page.clock.install()
    open_wall(page, stack)
    page.locator(".bars li").first.wait_for()
    page.route(f"{API}**", lambda route: route.abort())
    page.clock.fast_forward(ms)
    page.clock.run_for(2_000)
    page.locator(f"[data-freshness={freshness}]").wait_for()


@scene("wall-stale", sizes=SCREENS, themes=("dark",))
def stale(page: Page, stack: dict[str, Any]) -> None:
    _silent(page, stack, 40_000, "stale")


@scene("wall-dead", sizes=SCREENS, themes=("dark",))
def dead(page: Page, stack: dict[str, Any]) -> None:
    _silent(page, stack, 400_000, "dead")


@scene("wall-stream-lost", sizes=SCREENS, themes=("dark",))
def stream_lost(page: Page, stack: dict[str, Any]) -> None:
    """The live channel is gone, the figures still come: it says so, and asks."""
    page.route(f"{API}stream*", lambda route: route.abort())
    page.clock.install()
    open_wall(page, stack)
    page.clock.run_for(15_000)
    page.locator("[data-channel=lost]").wait_for()


@scene("wall-unreachable", sizes=(WALL,), themes=("dark",))
def unreachable(page: Page, stack: dict[str, Any]) -> None:
    """Opened while the server does not answer: no figure, and no word of being live."""
    page.route(f"{API}**", lambda route: route.abort())
    page.goto(f"{stack['notify']}/ioc/wall")
    page.locator(".fresh").wait_for()


def _refused(page: Page, stack: dict[str, Any]) -> None:
    def refuse(route: Route) -> None:
        body = '{"status": 401}'
        route.fulfill(status=401, content_type="application/problem+json", body=body)

    page.route(f"{API}**", refuse)
    page.goto(f"{stack['notify']}/ioc/wall")
    page.locator("#token").wait_for()


@scene("wall-locked", sizes=SCREENS, themes=("dark", "light"))
def locked(page: Page, stack: dict[str, Any]) -> None:
    _refused(page, stack)


@scene("wall-expired", sizes=SCREENS, themes=("dark", "light"))
def expired(page: Page, stack: dict[str, Any]) -> None:
    page.add_init_script("localStorage.setItem('wall.token', 'of-yesterday')")
    _refused(page, stack)
    page.locator(".summary").wait_for()
