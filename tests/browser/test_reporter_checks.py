"""Checks of every reporter's page that a person would make with a ruler and a magnifying glass.

The list of all checks and where each is made stands in tests/browser/README.md.
"""

import re
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import a_busy_city, assigned, resolved
from tests.browser.driver import PHONE, Size, violations
from tests.browser.reporting import (
    describe,
    fill_all,
    go_on,
    locate,
    record_sound,
    send,
    take_photo,
    ward_known,
)
from tests.e2e.client import City

Stack = dict[str, Any]
Act = Callable[[Page, Stack], None]
MARKS = "ẾỖẶ ậợ Ẵg"


def opened(path: str, ready: str) -> Act:
    """Return what opens a page and waits until `ready` is there."""

    def act(page: Page, stack: Stack) -> None:
        a_busy_city(stack)
        page.goto(path)
        page.locator(ready).first.wait_for()

    return act


def with_media(page: Page, _stack: Stack) -> None:
    """The first step with a photo and a sound."""
    page.goto("/")
    take_photo(page)
    record_sound(page)


def placed(page: Page, stack: Stack) -> None:
    """The second step, the map open."""
    with_media(page, stack)
    go_on(page, "Ở đâu?")
    locate(page)
    page.get_by_role("button", name="Đặt ghim trên bản đồ").click()
    page.locator(".pin").wait_for()


def described(page: Page, stack: Stack) -> None:
    """The third step with a suggestion and similar reports."""
    a_busy_city(stack)
    page.goto("/")
    take_photo(page)
    go_on(page, "Ở đâu?")
    locate(page)
    go_on(page, "Việc gì?")
    describe(page)


def complained(page: Page, _stack: Stack) -> None:
    """The last step with an error."""
    fill_all(page)
    page.locator("#terms").uncheck()
    page.get_by_role("button", name="Gửi phản ánh").click()
    page.locator(".summary").wait_for()


def received(page: Page, _stack: Stack) -> None:
    """The receipt."""
    fill_all(page)
    send(page)


def judged(page: Page, stack: Stack) -> None:
    """A result about to be judged."""
    receipt = resolved(stack)
    page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
    page.locator(".result img").first.wait_for()
    page.get_by_role("button", name="Đã giải quyết").click()


STATES: dict[str, Act] = {
    "first view": opened("/", "#take-photo"),
    "photo and sound": with_media,
    "place": placed,
    "matter": described,
    "error of the last step": complained,
    "receipt": received,
    "result": judged,
    "map": opened("/map", ".rows a"),
    "mine": opened("/mine", "#code"),
    "one-stop": opened("/onestop", ".desks .card"),
    "board": opened("/onestop/board/results", ".board h2"),
    "offices": opened("/offices", ".rows .card"),
    "applications": opened("/apps", ".apps .card"),
    "opt-out": opened("/opt-out#a.email.b", ".optout .btn"),
    "wrong code": opened("/r/DL-2222-2223", "h1"),
}
EVERY = pytest.mark.parametrize("act", STATES.values(), ids=STATES.keys())

# 7: what is smaller than 44 by 44: links inside a sentence (WCAG 2.5.8 lets them), the control of
# a label that is itself large enough, what is drawn by the browser (audio), the map's credit
SMALL = """() => {
  const all = 'a[href], button, input, select, textarea, summary, [role=tab], .leaflet-marker-icon';
  const large = (box) => box.width >= 43.5 && box.height >= 43.5;
  const seen = { visibilityProperty: true, opacityProperty: true };
  const hidden = (each) => !each.checkVisibility(seen)
    || each.closest('.hidden-visually, .skip, .leaflet-control-attribution')
    || each.closest('dialog:not([open])');
  return [...document.querySelectorAll(all)].filter((each) => {
    if (hidden(each) || each.type === 'file') return false;
    const label = each.closest('label')
      ?? (each.id && document.querySelector(`label[for="${each.id}"]`));
    const inSentence = each.matches('p a, li a') && getComputedStyle(each).display === 'inline';
    const choice = ['radio', 'checkbox'].includes(each.type);
    return !inSentence && !large((choice && label ? label : each).getBoundingClientRect());
  }).map((each) => {
    const box = each.getBoundingClientRect();
    return `${each.outerHTML.slice(0, 120)} ${Math.round(box.width)}x${Math.round(box.height)}`;
  });
}"""

# 9 and 10: words in a box that hides what does not fit, and their lines that do not fit
CUT = """() => {
  const found = [];
  for (const each of document.querySelectorAll('#app *, #emergency *')) {
    const style = getComputedStyle(each);
    if (each.closest('.leaflet-container, .hidden-visually, svg, audio')) continue;
    if (!each.checkVisibility()) continue;
    if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
    if (style.webkitLineClamp !== 'none') continue;
    if (style.overflowY === 'auto' || style.overflowX === 'auto') continue;
    if (!each.textContent.trim() || each.matches('textarea, input, select')) continue;
    if (each.scrollHeight > each.clientHeight + 1 || each.scrollWidth > each.clientWidth + 1) {
      found.push(`${each.className || each.tagName}: ${each.textContent.trim().slice(0, 60)}`);
    }
  }
  return found;
}"""
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""


@EVERY
def test_every_control_is_large_enough_for_a_wet_finger(
    context: BrowserContext, stack: Stack, act: Act
):
    page = context.new_page()
    act(page, stack)
    assert page.evaluate(SMALL) == []


@EVERY
def test_wider_spacing_of_words_cuts_nothing_off(open_context: Open, stack: Stack, act: Act):
    with open_context(PHONE, bypass_csp=True) as (context, _watch):
        page = context.new_page()
        act(page, stack)
        assert page.evaluate(CUT) == []
        page.add_style_tag(content=SPACED)
        assert page.evaluate(CUT) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE.width


@EVERY
@pytest.mark.parametrize("look", ["dark", "forced"])
def test_no_barrier_in_dark_and_in_the_colours_of_the_system(
    open_context: Open, stack: Stack, act: Act, look: str
):
    colours: dict[str, Any] = {"color_scheme": "dark"} if look == "dark" else {}
    if look == "forced":
        colours["forced_colors"] = "active"
    with open_context(PHONE, **colours) as (context, _watch):
        page = context.new_page()
        act(page, stack)
        assert violations(page) == []


@EVERY
def test_headings_are_in_order_images_are_named_and_nothing_moves(
    open_context: Open, stack: Stack, act: Act
):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        act(page, stack)
        levels = page.locator("h1, h2, h3, h4").evaluate_all(
            "all => all.filter((e) => e.checkVisibility()).map((e) => Number(e.tagName[1]))"
        )
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert page.locator("main").count() == 1
        assert page.locator("img:not([alt])").count() == 0
        named = page.locator("main img, audio").evaluate_all(
            "all => all.map((e) => e.getAttribute('alt') || e.getAttribute('aria-label') || '')"
        )
        assert all(each.strip() for each in named)
        moving = page.evaluate(
            "document.getAnimations().filter((e) => e.effect.getTiming().duration > 0).length"
        )
        assert moving == 0


def test_marks_above_and_below_letters_are_not_cut(open_context: Open):
    """Check 10: the ink of stacked marks lies inside the boxes that hide what sticks out."""
    with open_context(PHONE, bypass_csp=True) as (context, _watch):
        page = context.new_page()
        fill_all(page)
        send(page)
        page.goto("/mine")
        page.locator(".card b").first.wait_for()
        page.goto("/")
        page.locator(".dots li").first.wait_for()
        cut = page.evaluate(
            """(words) => {
              const pen = document.createElement('canvas').getContext('2d');
              const found = [];
              const all = '.dots li, .btn, .chip, .brand span, h1, h2, .field label';
              for (const each of document.querySelectorAll(all)) {
                if (!each.checkVisibility()) continue;
                const style = getComputedStyle(each);
                pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
                const ink = pen.measureText(words);
                const need = ink.actualBoundingBoxAscent + ink.actualBoundingBoxDescent;
                if (style.overflowY !== 'hidden') continue; // what is not hidden is not cut
                const has = each.clientHeight;
                if (need > has) found.push(`${each.className} needs ${need} has ${has}`);
              }
              return found;
            }""",
            MARKS,
        )
        assert cut == []


def test_states_are_told_apart_without_colour(open_context: Open, stack: Stack):
    """Check 12: in greyscale a state still has its own icon and its own words."""
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        opened("/map", ".rows a")(page, stack)
        chips = page.locator("[data-state]").evaluate_all(
            """all => all.map((e) => [e.dataset.state,
                 e.querySelector('use').getAttribute('href').split('#')[1], e.innerText.trim()])"""
        )
        assert chips
        seen: dict[tuple[str, str], str] = {}
        for state, icon, words in chips:
            assert icon
            assert words
            assert seen.setdefault((icon, words), state) == state
        page.locator("[data-choose=dark]").click()
        assert page.locator("[data-choose=dark]").get_attribute("aria-pressed") == "true"


def test_titles_and_language_follow_the_step_and_the_reader(context: BrowserContext):
    """Check 13: the title names the step; English has no key and no Vietnamese of ours."""
    page = context.new_page()
    page.goto("/")
    take_photo(page)
    titles = [page.title()]
    go_on(page, "Ở đâu?")
    titles.append(page.title())
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", level=1, name="Where is it?").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert len(set(titles)) == 2
    words = page.locator("main button, main label, main legend, main .hint").all_inner_texts()
    vietnamese = re.compile("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
    names = ("Phan Đình Phùng", "Phường", "Đà Lạt")  # places keep their names
    wrong = [e for e in words if vietnamese.search(e) and not any(name in e for name in names)]
    assert wrong == []
    assert not [each for each in words if re.fullmatch(r"[a-z]+(\.[a-z0-9]+)+", each.strip())]


def test_the_summary_leads_to_the_field_that_is_marked(context: BrowserContext):
    """Check 5: the link of the summary reaches the field, which says that it is wrong and why."""
    page = context.new_page()
    page.goto("/")
    page.context.clear_permissions()
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("heading", level=1, name="Ở đâu?").wait_for()
    page.get_by_role("button", name="Tiếp tục").click()
    summary = page.locator(".summary")
    expect(summary).to_be_focused()
    link = summary.get_by_role("link").first
    words = link.inner_text()
    link.click()
    field = page.locator("#address")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    described = (field.get_attribute("aria-describedby") or "").split()
    assert any(words in page.locator(f"#{each}").inner_text() for each in described)


def test_public_pages_hold_no_person(context: BrowserContext, stack: Stack):
    """Check 34: neither the page nor any answer it got holds a reporter's name or number."""
    name, phone = "Người Không Được Lộ", "0987123987"
    city = City(stack)
    who = {"kind": "resident", "name": name, "phone": phone, "language": "vi"}
    receipt = assigned(city, reporter=who)
    city.close()
    page = context.new_page()
    answers: list[str] = []

    def note(response: Response) -> None:
        if "/api/v1/" in response.url and "json" in response.headers.get("content-type", ""):
            answers.append(response.text())

    page.on("response", note)
    for path in ("/map", f"/r/{receipt['code']}", "/onestop", "/offices"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        answers.append(page.content())
    assert len(answers) > 8
    assert not [each for each in answers if name in each or phone in each]


def test_the_pin_is_set_and_moved_without_dragging(context: BrowserContext):
    """Check 16: a landmark or the four buttons, by keyboard, with the same place on the map."""
    page = context.new_page()
    page.goto("/")
    page.context.clear_permissions()
    take_photo(page)
    go_on(page, "Ở đâu?")
    page.get_by_label("Gần cơ quan, mốc nào?").fill("van phong hdnd")
    page.locator(".picks button").first.focus()
    page.keyboard.press("Enter")
    shown = page.locator(".form .chosen .num").first
    before = shown.inner_text()
    page.get_by_role("button", name="Sang đông").focus()
    page.keyboard.press("Enter")
    expect(shown).not_to_have_text(before)
    lat, lon = (float(each) for each in before.split(", "))
    after_lat, after_lon = (float(each) for each in shown.inner_text().split(", "))
    assert after_lat == lat
    assert 10 < (after_lon - lon) * 108_800 < 30  # twenty metres at this latitude


def test_a_report_takes_few_taps(open_context: Open):
    """Under a minute on a cheap phone: taps are counted, the camera's own two left out."""
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.add_init_script(
            "addEventListener('click', (e) => e.isTrusted"
            " && (sessionStorage.taps = Number(sessionStorage.taps ?? 0) + 1), true)"
        )
        page.goto("/")
        take_photo(page)  # one tap on "Chụp ảnh", which opens the system's camera
        go_on(page, "Ở đâu?")
        ward_known(page)  # the device has said where it is
        go_on(page, "Việc gì?")
        page.get_by_label("Bạn muốn báo điều gì?").tap()
        page.keyboard.type("rác tràn ra đường")
        expect(page.locator(".suggested input:checked")).to_have_count(1)
        expect(page.locator(".suggested")).to_contain_text("đổi nếu chưa đúng")
        go_on(page, "Xem lại và gửi")
        expect(page.locator(".only-phone .review")).to_contain_text(
            "Môi trường"
        )  # seen before it is sent
        expect(page.locator(".preview[open]")).to_be_visible()  # who sees what, too
        assert not page.locator("#terms").is_checked()  # said anew with every report
        page.locator("#terms").tap()
        send(page)
        taps = 1 + int(page.evaluate("sessionStorage.taps"))
        sys.stdout.write(f"taps from the first view to the receipt: {taps}\n")
        assert taps <= 7


def test_focus_is_never_behind_a_bar_and_a_dialog_gives_it_back(
    context: BrowserContext, size: Size
):
    """Checks 3 and 4: the focused control is inside the window; Escape returns the focus."""
    page = context.new_page()
    page.goto("/")
    page.locator("#take-photo").wait_for()
    seen: list[float] = []
    for _ in range(24):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # past the last control: the browser's own bar has the focus
        box = page.evaluate(
            """() => { const b = document.activeElement.getBoundingClientRect();
                 return [b.top, b.bottom, innerHeight, b.top + scrollY]; }"""
        )
        assert box[0] >= 0
        assert box[1] <= box[2] + 1
        seen.append(box[3])
    if size == PHONE:
        menu = page.get_by_role("button", name="Menu")
        menu.click()
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
        expect(menu).to_be_focused()
