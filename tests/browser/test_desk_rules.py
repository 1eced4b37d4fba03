"""The desk for everybody: dark, forced colours, fingers, wide letters, grey, keys, a long list."""

import json
import statistics
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import scenes_desk, scenes_signin  # noqa: F401 - registers their scenes
from tests.browser.desk_world import WARD, assigned, send, sign_in
from tests.browser.driver import DESKTOP, PHONE, violations
from tests.browser.rules import clipped_when_spaced, small_controls, told_by_colour_alone
from tests.browser.scenes import SCENES
from tests.e2e.client import City

OFFICER = f"officer.{WARD}"
DESK_SCENES = sorted(name for name in SCENES if name.startswith("desk-"))
ROWS = 500
PAINTS = 12


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


@pytest.mark.parametrize("name", DESK_SCENES)
def test_every_state_of_the_desk_is_for_every_eye_and_finger(
    open_context: Callable[..., Any], stack: dict[str, Any], name: str
):
    with open_context(PHONE) as (context, watch):
        watch.allow.append(".")  # some scenes are about errors
        page = context.new_page()
        SCENES[name].act(page, stack)
        assert told_by_colour_alone(page) == []
        assert small_controls(page) == []
        assert clipped_when_spaced(page) == []
        page.emulate_media(color_scheme="dark")
        assert violations(page) == []
        page.emulate_media(forced_colors="active")
        assert violations(page) == []


def test_the_focus_is_seen_in_the_order_of_the_page(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    assigned(city)
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        page.locator(".rows .line").first.wait_for()
        page.locator("h1").focus()
        seen = [_focused(page) for _ in range(14)]
    assert [each for each in seen if each["outline"] < 2] == []
    assert [each for each in seen if each["covered"]] == []
    tops = [each["top"] for each in seen if each["row"]]
    assert len(tops) >= 1
    assert tops == sorted(tops)


def _focused(page: Page) -> dict[str, Any]:
    page.keyboard.press("Tab")
    return page.evaluate(
        """() => {
          const e = document.activeElement, b = e.getBoundingClientRect(), s = getComputedStyle(e);
          const top = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);
          return { html: e.outerHTML.slice(0, 80), outline: parseFloat(s.outlineWidth),
            covered: Boolean(top && top.closest('header.top') && !e.closest('header.top')),
            row: Boolean(e.closest('.rows')), top: b.top + scrollY };
        }"""
    )


def test_escape_leaves_a_dialog_and_the_focus_goes_back(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        opener = page.get_by_role("button", name="Phím tắt")
        opener.focus()
        page.keyboard.press("Enter")
        page.locator("dialog[open]").wait_for()
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(opener).to_be_focused()


def test_what_is_missing_in_a_result_is_said_first_and_leads_to_the_field(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    city.official(WARD).act(code, "accept")
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=result]").click()
        page.get_by_role("button", name="Gửi", exact=True).click()
        expect(page.locator(".summary")).to_be_focused()
        page.locator(".summary a[href='#f-text']").click()
        field = page.locator("#f-text")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        described = field.get_attribute("aria-describedby") or ""
        assert page.locator(f"#{described.split()[-1]}").inner_text().strip()


def test_new_cases_are_announced_once(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        page.locator(".rows .line").first.wait_for()
        page.evaluate(
            """() => {
              window.heard = [];
              const live = document.querySelector('[aria-live=polite]');
              new MutationObserver(() => live.textContent && heard.push(live.textContent))
                .observe(live, { childList: true, characterData: true, subtree: true });
            }"""
        )
        assigned(city)
        page.locator(".newbar").wait_for()
        page.wait_for_timeout(1000)
        heard = page.evaluate("heard")
    assert len([each for each in heard if each.startswith("1 việc")]) == 1


def test_one_press_takes_the_routers_suggestion(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = send(city, text="Đồ ngu, dọn rác đi. Rác đầy đường.", category="environment")["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/triage")
        page.get_by_role("tab", name="Giữ lại").click()
        press = page.locator(f"[data-code='{code}'] [data-triage=release]")
        expect(press).to_contain_text("giao", timeout=20_000)
        press.click()
        expect(page.locator(f"[data-code='{code}']")).to_have_count(0, timeout=20_000)
    assert city.office().case(code)["unit"] == WARD


def test_the_map_beside_the_list_holds_the_cases_of_the_list(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city, location={"lat": 11.9555, "lon": 108.4555})["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        page.locator("#search").fill(code)
        expect(page.locator(".rows .line")).to_have_count(1, timeout=20_000)
        pin = page.locator(f".pin[title*='{code}']")
        pin.wait_for()
        assert violations(page) == []
        pin.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".casehead .code")).to_have_text(code)
        page.locator("[data-map=open]").click()
        expect(page.locator(".pin.here")).to_be_visible()


def test_a_key_press_in_the_search_of_500_rows_is_painted_at_once(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    # a row of "mine": what else the inbox holds may be nobody's move here
    row = city.official(WARD).inbox(q=assigned(city)["code"])[0]
    rows = [
        {**row, "code": f"DL-2222-{n:04d}", "excerpt": f"Rác đầy lối đi số {n}"}
        for n in range(ROWS)
    ]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()

        def listed(route: Route) -> None:
            body = json.dumps({"items": rows, "next": None})
            route.fulfill(status=200, content_type="application/json", body=body)

        page.route("**/api/v1/desk/cases?*", listed)
        sign_in(page, stack, OFFICER)
        expect(page.locator(".rows .line")).to_have_count(ROWS)
        page.locator("#search").focus()
        page.evaluate(
            """() => {
              window.paints = [];
              document.getElementById('search').addEventListener('input', (event) =>
                requestAnimationFrame(() => setTimeout(() =>
                  paints.push(performance.now() - event.timeStamp))));
            }"""
        )
        for letter in "rac day loi di"[:PAINTS]:
            page.keyboard.press(letter if letter != " " else "Space")
            page.wait_for_timeout(120)
        paints = sorted(page.evaluate("paints"))
    middle = statistics.median(paints)
    sys.stdout.write(
        f"key press to paint, {ROWS} rows: median {middle:.0f} ms, worst {paints[-1]:.0f} ms\n"
    )
    assert len(paints) == PAINTS
    assert middle < 100
