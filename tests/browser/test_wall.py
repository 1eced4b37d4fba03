"""The wall in a real browser: live figures, honest about its age, nothing personal, a past hour."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk_world import WARD, assigned
from tests.browser.driver import WALL, violations
from tests.browser.scenes_wall import dead, locked, open_wall, stale
from tests.e2e.client import City


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


def figure(page: Page, name: str) -> int:
    return int(page.locator(f"[data-figure={name}] b").inner_text())


def test_a_new_report_is_on_the_wall_without_a_reload(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    with open_context(WALL) as (context, _watch):
        page = context.new_page()
        open_wall(page, stack)
        before = figure(page, "open")
        assigned(city)
        expect(page.locator("[data-figure=open] b")).to_have_text(str(before + 1), timeout=20_000)
        expect(page.locator(".feed li").first).to_be_visible()
        assert page.locator("main").get_attribute("data-freshness") in {"live", "quiet"}
        assert violations(page) == []


def test_the_wall_shows_what_the_api_counts(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    city.official(WARD).act(code, "accept")
    with open_context(WALL) as (context, _watch):
        page = context.new_page()
        open_wall(page, stack)
        page.wait_for_timeout(1500)  # what was said a moment ago is counted by now
        counted = httpx.get(f"{stack['notify']}/api/v1/ioc/summary").json()
        page.reload()
        open_wall(page, stack)
        assert (figure(page, "open"), figure(page, "overdue")) == (
            counted["open"],
            counted["overdue"],
        )


def test_nothing_scrolls_and_nothing_is_small_on_the_wall(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(WALL) as (context, _watch):
        page = context.new_page()
        open_wall(page, stack)
        size = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert size[0] <= WALL.width
        assert size[1] <= WALL.height
        small = page.evaluate(
            """() => [...document.querySelectorAll('main *')]
                .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
                .filter(e => !e.closest('svg') && parseFloat(getComputedStyle(e).fontSize) < 31.9)
                .map(e => e.className + ': ' + e.textContent.slice(0, 40))"""
        )
        assert small == []


def test_the_wall_holds_nobodys_name(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    answers: list[str] = []
    with open_context(WALL) as (context, _watch):
        page = context.new_page()
        page.on(
            "response",
            lambda r: answers.append(r.text()) if "/ioc/" in r.url and "stream" not in r.url else 0,
        )
        assigned(city)
        open_wall(page, stack)
        page.wait_for_timeout(1500)
        seen = page.content() + "".join(answers)
    for personal in ("Người Thử Nghiệm", "0900000000", "@example.com", "bốc mùi từ hôm qua"):
        assert personal not in seen


@pytest.mark.parametrize(("scene", "freshness"), [(stale, "stale"), (dead, "dead")])
def test_the_wall_says_how_old_it_is(
    open_context: Callable[..., Any],
    stack: dict[str, Any],
    scene: Callable[[Page, dict[str, Any]], None],
    freshness: str,
):
    with open_context(WALL) as (context, watch):
        watch.allow.append("ERR_FAILED")  # the server is cut off on purpose
        page = context.new_page()
        scene(page, stack)
        expect(page.locator(f"[data-fresh={freshness}]")).to_be_visible()


def test_a_past_hour_is_played_back_by_the_keyboard(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    assigned(city)
    start = datetime.now(UTC) - timedelta(hours=2)
    with open_context(WALL) as (context, _watch):
        page = context.new_page()
        open_wall(page, stack, f"?from={start:%Y-%m-%dT%H:%M:%SZ}&paused=1")
        expect(page.locator("main.replay")).to_be_visible()
        then = httpx.get(
            f"{stack['notify']}/api/v1/ioc/summary", params={"at": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
        ).json()
        assert figure(page, "open") == then["open"]
        clock = page.locator(".clock").inner_text()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".clock")).not_to_have_text(clock)
        page.keyboard.press("Escape")
        expect(page.locator("main.replay")).to_have_count(0)


def test_a_screen_without_a_token_asks_for_one(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(WALL) as (context, watch):
        watch.allow.append("401")  # being turned away is what this is about
        page = context.new_page()
        locked(page, stack)
        assert violations(page) == []
