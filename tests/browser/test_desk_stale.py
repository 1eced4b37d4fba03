"""Old figures say so: under each heading of the desk, with the moment of the last good look."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.desk_world import assigned, sign_in
from tests.browser.driver import DESKTOP, violations
from tests.e2e.client import City

Open = Callable[..., Any]
OF = re.compile(r"Dữ liệu lúc \d\d:\d\d")
WAIT_MS = 25_000  # a poll is due every ten seconds


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


def _broken(page: Page, stack: dict[str, Any], what: str) -> str:
    """From now on the server answers 503 to this part of the API; return what is routed."""
    path = f"{stack['intake']}/api/v1/{what}"
    page.route(path, lambda route: route.fulfill(status=503, json={"status": 503}))
    return path


def _at(context: BrowserContext, stack: dict[str, Any], who: str, path: str) -> Page:
    page = context.new_page()
    sign_in(page, stack, who, path)
    page.locator("main h1").wait_for()
    expect(page.locator("[data-list=loading]")).to_have_count(0)
    return page


def _says_so_until_it_is_over(page: Page, routed: str, places: tuple[str, ...]) -> None:
    for place in places:
        expect(page.locator(f"{place} > .note.warn")).to_contain_text(OF, timeout=WAIT_MS)
    assert violations(page) == []
    page.unroute(routed)
    expect(page.locator("main .note.warn")).to_have_count(0, timeout=WAIT_MS)


@pytest.mark.parametrize(
    ("who", "path", "places"),
    [
        pytest.param(
            "leader",
            "/desk/leaders",
            ("main", *(f"[aria-labelledby={each}]" for each in ("directives", "consent", "late"))),
            id="leaders",
        ),
        pytest.param("office_clerk", "/desk/triage", ("main",), id="triage"),
        pytest.param("office_clerk", "/desk/disclosures", ("main",), id="disclosures"),
    ],
)
def test_a_list_that_could_not_be_read_anew_says_of_when_it_is(
    open_context: Open, stack: dict[str, Any], city: City, who: str, path: str, places: tuple[str]
):
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("503")
        page = _at(context, stack, who, path)
        routed = _broken(page, stack, "desk/**")
        assigned(city)  # the lists are asked again
        _says_so_until_it_is_over(page, routed, places)


def test_the_counter_says_of_when_its_figures_are(open_context: Open, stack: dict[str, Any]):
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("503")
        page = _at(context, stack, "onestop_clerk", "/desk/onestop")
        with page.expect_response("**/tickets"):
            page.locator("#which-desk").select_option(index=1)
        page.locator("[data-action=call]").wait_for()
        expect(page.locator("[data-list=loading]")).to_have_count(0)
        routed = _broken(page, stack, "onestop/**")
        places = ("main", "[aria-labelledby=now]", "[aria-labelledby=dossiers]")
        _says_so_until_it_is_over(page, routed, places)


def test_one_list_that_fails_hides_no_other_from_the_leaders(
    open_context: Open, stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("503")
        page = context.new_page()
        _broken(page, stack, "desk/cases?*")
        sign_in(page, stack, "leader", "/desk/leaders")
        expect(page.locator("main [data-list=error]")).to_have_count(1)
        for each in ("directives", "consent"):
            expect(page.locator(f"[aria-labelledby={each}] .count")).to_be_visible()
        expect(page.locator("[aria-labelledby=late]")).to_be_visible()
