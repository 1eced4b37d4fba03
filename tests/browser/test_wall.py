"""The wall in a real browser: live figures, honest about its age, nothing personal, a past hour."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.backdated import a_city_with_overdue_cases
from tests.browser.desk_world import WARD, assigned
from tests.browser.driver import PHONE, WALL, Size, violations
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


AT = "new URLSearchParams(location.search).get('at')"


def test_a_playback_goes_on_after_a_reload_where_it_was(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    assigned(city)
    start = datetime.now(UTC) - timedelta(minutes=30)
    with open_context(WALL) as (context, _watch):
        page = context.new_page()
        open_wall(page, stack, f"?from={start:%Y-%m-%dT%H:%M:%SZ}&speed=60")
        later = (start + timedelta(minutes=2)).timestamp() * 1000  # of the hour, after some seconds
        for _ in range(80):
            if page.evaluate(f"Date.parse({AT})") >= later:
                break
            page.wait_for_timeout(250)
        kept = page.evaluate(AT)
        assert datetime.fromisoformat(kept).timestamp() * 1000 >= later
        page.reload()
        expect(page.locator(".scrubber")).to_be_visible()
        assert page.evaluate(AT) >= kept


@pytest.mark.parametrize("size", [WALL, PHONE], ids=lambda each: each.name)
def test_a_past_hour_is_played_back_without_a_keyboard(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City, size: Size
):
    assigned(city)
    city_time = timezone(timedelta(hours=7))
    start = (datetime.now(city_time) - timedelta(hours=2)).replace(minute=0)
    with open_context(size) as (context, _watch):
        page = context.new_page()
        open_wall(page, stack)
        expect(page.locator("[data-panel=onestop] b")).not_to_have_text("–")
        page.get_by_role("button", name="Phát lại").click()
        field = page.get_by_label("Từ lúc")
        field.fill(f"{start + timedelta(days=1):%Y-%m-%dT%H:%M}")
        page.get_by_role("button", name="Phát", exact=True).click()
        expect(page.locator("dialog[open]")).to_contain_text("Hãy chọn một lúc đã qua")
        assert violations(page) == []
        field.fill(f"{start:%Y-%m-%dT%H:%M}")
        page.get_by_role("button", name="Phát", exact=True).click()
        expect(page.locator("main.replay")).to_be_visible()
        expect(page.locator("[data-fresh]")).to_contain_text(f"{start:%H:%M}")
        of_then = city.notify.get("/ioc/onestop", params={"at": start.isoformat()}).json()["all"]
        expect(page.locator("[data-panel=onestop] b")).to_contain_text(str(of_then["waiting"]))
        page.get_by_role("button", name="Dừng").click()
        clock = page.locator(".clock").inner_text()
        page.get_by_role("button", name="Tới 5 phút").click()
        expect(page.locator(".clock")).not_to_have_text(clock)
        assert violations(page) == []
        page.get_by_role("button", name="Thoát").click()
        expect(page.locator("main.replay")).to_have_count(0)
        open_wall(page, stack)


@pytest.mark.parametrize("size", [WALL, PHONE], ids=lambda each: each.name)
def test_the_wall_and_its_door_speak_english_by_a_button(
    open_context: Callable[..., Any], stack: dict[str, Any], size: Size
):
    with open_context(size) as (context, watch):
        watch.allow.append("401")
        page = context.new_page()
        locked(page, stack)
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("button", name="Open the wall")).to_be_visible()
    with open_context(size) as (context, _watch):
        page = context.new_page()
        open_wall(page, stack)
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", name="Operations centre")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == "en"


def test_every_unit_and_category_with_cases_comes_to_be_seen(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    a_city_with_overdue_cases(stack)
    since = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    counted = httpx.get(f"{stack['notify']}/api/v1/ioc/summary", params={"from": since}).json()
    with open_context(WALL) as (context, _watch):
        page = context.new_page()
        open_wall(page, stack)
        for panel in ("unit", "category"):
            there = sum(each["total"] > 0 for each in counted[f"by_{panel}"])
            assert there > 3
            leaf = page.locator(f"[data-panel={panel}] .leaf")
            expect(leaf).to_contain_text(f"/{-(-there // 3)}")
        seen: set[str] = set()
        wanted = sum(each["total"] > 0 for each in counted["by_unit"])
        for _ in range(40 * (wanted // 3 + 2)):
            seen |= set(page.locator("[data-panel=unit] .label").all_inner_texts())
            if len(seen) >= wanted:
                break
            page.wait_for_timeout(250)
        assert len(seen) >= wanted
        running = "document.getAnimations().filter((each) => each.playState === 'running').length"
        assert page.evaluate(running) == 0


def test_a_screen_without_a_token_asks_for_one(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(WALL) as (context, watch):
        watch.allow.append("401")  # being turned away is what this is about
        page = context.new_page()
        locked(page, stack)
        assert violations(page) == []
