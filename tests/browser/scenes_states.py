"""Pictures of every page while it loads, when it fails, when there is nothing, and in English.

The pages themselves are in `scenes_public.py` and `scenes_desk.py`; here the answers that a page
waits for are held back, refused or emptied.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route

from tests.browser.desk_world import LONG_WORDS, assigned, resolved, sign_in
from tests.browser.scenes import Act, scene
from tests.browser.scenes_desk import disclosures
from tests.browser.scenes_public import onestop, what
from tests.browser.test_reporter_actions import call_until, serve
from tests.browser.test_reporter_lists import back_without_a_network
from tests.e2e.client import City

Stack = dict[str, Any]
Answer = Callable[[Route], None]
LIGHT = ("light",)


def never(_route: Route) -> None:
    """Hold the answer back."""


def away(route: Route) -> None:
    """Refuse as a server does whose store is away."""
    problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503}
    body = json.dumps({**problem, "code": "store_unavailable"})
    route.fulfill(status=503, content_type="application/problem+json", body=body)


def nothing(route: Route) -> None:
    """Answer that there is none, in the shape of every list of the API."""
    body = {"items": [], "features": [], "type": "FeatureCollection", "next": None}
    route.fulfill(status=200, content_type="application/json", body=json.dumps(body))


def public(path: str, asked: str, answer: Answer, seen: str) -> Act:
    """Return a scene of a public page whose request `asked` is answered with `answer`."""

    def act(page: Page, _stack: Stack) -> None:
        page.route(f"**/api/v1/{asked}", answer)
        page.goto(path)
        page.locator(seen).first.wait_for()

    return act


def desk(path: str, who: str, asked: str, answer: Answer, seen: str) -> Act:
    """Return the same of a page of the desk."""

    def act(page: Page, stack: Stack) -> None:
        page.route(f"**/api/v1/{asked}", answer)
        sign_in(page, stack, who, path)
        page.locator(seen).first.wait_for()

    return act


LOADING, ERROR, EMPTY = "[data-list=loading]", "[data-list=error]", "[data-list=empty]"
PUBLIC = (
    ("map", "/map", "map/reports.geojson*"),
    ("onestop", "/onestop", "onestop/desks"),
    ("board", "/onestop/board/results", "onestop/desks/results*"),
    ("offices", "/offices", "units.geojson*"),
    ("apps", "/apps", "apps"),
)
for _name, _path, _asked in PUBLIC:
    scene(f"{_name}-loading", themes=LIGHT)(public(_path, _asked, never, LOADING))
    scene(f"{_name}-error")(public(_path, _asked, away, ERROR))
    if _name != "board":
        scene(f"{_name}-empty", themes=LIGHT)(public(_path, _asked, nothing, EMPTY))
scene("mine-empty")(public("/mine", "none", never, EMPTY))
scene("track-error")(public("/r/DL-X69F-AT9Z", "reports/*", away, ERROR))


@scene("map-old", themes=LIGHT)
def old_list(page: Page, _stack: Stack) -> None:
    """The public list as it was, when nothing answers any more."""
    back_without_a_network(page)
    page.locator("[data-stale]").wait_for()


DESK = (
    ("triage", "/desk/triage", "office_clerk", "desk/cases*"),
    ("leaders", "/desk/leaders", "leader", "desk/cases*"),
    ("disclosures", "/desk/disclosures", "leader", "desk/disclosures*"),
    ("audit", "/desk/audit", "office_clerk", "desk/audit*"),
    ("onestop", "/desk/onestop", "onestop_clerk", "onestop/desks"),
)
for _name, _path, _who, _asked in DESK:
    scene(f"desk-{_name}-loading", themes=LIGHT)(desk(_path, _who, _asked, never, LOADING))
    scene(f"desk-{_name}-error")(desk(_path, _who, _asked, away, ERROR))
    _seen = ".columns" if _name == "leaders" else EMPTY
    scene(f"desk-{_name}-empty", themes=LIGHT)(desk(_path, _who, _asked, nothing, _seen))


@scene("onestop-called")
def called(page: Page, stack: Stack) -> None:
    """One's own number has its turn."""
    city = City(stack)
    onestop(page, stack)
    page.get_by_role("button", name="Lấy số thứ tự: Quầy Trả kết quả").click()
    number = page.locator(".mine-number .big")
    number.wait_for()
    call_until(city, city.of_role("onestop_clerk").headers, number.inner_text())
    city.close()
    page.locator(".mine-number .note.good").wait_for(timeout=20_000)


@scene("onestop-rate")
def rated(page: Page, stack: Stack) -> None:
    """The clerk is judged."""
    called(page, stack)
    city = City(stack)
    number = page.locator(".mine-number .big").inner_text()
    serve(city, city.of_role("onestop_clerk").headers, number)
    city.close()
    page.get_by_role("radio", name="2 trên 5 sao").wait_for(state="attached", timeout=20_000)
    page.get_by_role("radio", name="2 trên 5 sao").check(force=True)


@scene("onestop-dossier")
def dossier(page: Page, stack: Stack) -> None:
    """A dossier that was found."""
    city = City(stack)
    person = {"name": "Người Nộp Thử", "email": f"{uuid.uuid4().hex[:10]}@example.com"}
    body = {"procedure": "household_business", "papers": ["form"], "applicant": person}
    handed = city.intake.post("/onestop/dossiers", json=body).raise_for_status().json()
    city.close()
    page.goto("/onestop")
    page.get_by_label("Số hồ sơ hoặc mã ngắn").fill(handed["short_code"])
    page.get_by_role("button", name="Tra cứu").click()
    page.get_by_text(handed["number"]).wait_for()


@scene("track-long", themes=LIGHT)
def long(page: Page, stack: Stack) -> None:
    """The longest words on the public page of a report."""
    city = City(stack)
    receipt = assigned(city, text=LONG_WORDS)
    city.close()
    page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
    page.locator(".timeline li").first.wait_for()


def _english(page: Page, stack: Stack) -> None:
    page.context.add_cookies([{"name": "lang", "value": "en", "url": stack["intake"]}])


@scene("en-track", themes=LIGHT)
def track_in_english(page: Page, stack: Stack) -> None:
    """A result with evidence, in English."""
    receipt = resolved(stack)
    _english(page, stack)
    page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
    page.locator(".result img").first.wait_for()


@scene("en-mine", themes=LIGHT)
def mine_in_english(page: Page, stack: Stack) -> None:
    """What the phone knows, with a draft, in English."""
    what(page, stack)
    _english(page, stack)
    page.goto("/mine")
    page.locator("#drafts-title").wait_for()


@scene("en-desk-case", themes=LIGHT)
def case_in_english(page: Page, stack: Stack) -> None:
    """The desk's case in English."""
    city = City(stack)
    code = assigned(city, with_files=True)["code"]
    city.close()
    sign_in(page, stack, "officer.ward_1", f"/desk/cases/{code}")
    page.get_by_role("button", name="English").click()
    page.locator(".thumb img").first.wait_for()


def _desk_in_english(name: str, path: str, who: str, seen: str) -> None:
    @scene(f"en-desk-{name}", themes=LIGHT)
    def act(page: Page, stack: Stack) -> None:
        sign_in(page, stack, who, path)
        page.get_by_role("button", name="English").click()
        page.locator(seen).first.wait_for()

    del act


_desk_in_english("triage", "/desk/triage", "office_clerk", ".rows .line, [data-list]")
_desk_in_english("leaders", "/desk/leaders", "leader", ".columns")
_desk_in_english("entry", "/desk/entry", "office_clerk", "#e-text")
_desk_in_english("settings", "/desk/settings", "officer.ward_2", "#quiet")
_desk_in_english("onestop", "/desk/onestop", "onestop_clerk", "#which-desk")
_desk_in_english("audit", "/desk/audit", "office_clerk", "[data-entry], [data-list]")


@scene("en-desk-disclosures", themes=LIGHT)
def disclosures_in_english(page: Page, stack: Stack) -> None:
    """The leaders' disclosures in English."""
    disclosures(page, stack)
    page.get_by_role("button", name="English").click()
    page.locator(".disclosure").first.wait_for()
