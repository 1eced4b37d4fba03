"""Reports that an operator enters for somebody: by keyboard alone, kept, never twice."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.desk_world import WARD, assigned, files, sign_in
from tests.browser.driver import DESKTOP, PHONE, violations
from tests.e2e.client import City

DRAFT = "sessionStorage.getItem('desk.draft.entry')"
WORDS = "Ổ gà lớn trước nhà số 12, xe máy ngã nhiều lần; Ễ Ỗ Ậ."


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to look at what was entered."""
    city = City(stack)
    yield city
    city.close()


def fill(page: Page) -> None:
    page.locator("#e-text").fill(WORDS)
    page.locator("#e-category").select_option("urban_order")
    page.locator("#e-area").select_option(WARD)
    page.locator("#e-terms").check()


def send(page: Page) -> str:
    page.locator("[data-form=entry] button[type=submit]").click()
    return code_of(page)


def _is_printed_for_the_caller(page: Page, city: City, code: str) -> None:
    """On paper, with the private link, which neither the screen nor the tab keeps."""
    link = page.locator("[data-secret]")
    expect(page.get_by_role("button", name="In giấy tiếp nhận")).to_be_visible()
    expect(link).to_be_hidden()
    page.emulate_media(media="print")
    expect(link).to_be_visible()
    expect(page.get_by_role("button", name="In giấy tiếp nhận")).to_be_hidden()
    page.emulate_media(media="screen")
    token = link.inner_text().partition("#t=")[2].strip()
    own = {"Authorization": f"Bearer {token}"}
    assert city.intake.get(f"/reports/{code}", headers=own).json()["text"]
    assert token not in page.evaluate("JSON.stringify({ ...sessionStorage, ...localStorage })")


def code_of(page: Page) -> str:
    page.locator("[data-sent]").wait_for()
    return page.locator("[data-sent]").get_attribute("data-sent") or ""


def test_an_operator_on_the_telephone_types_and_reads_the_code_out(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/triage")
        page.locator("h1").wait_for()
        page.keyboard.press("n")
        expect(page.locator("#e-text")).to_be_focused()
        page.keyboard.type("Rác thải bốc mùi hôi thối trước chợ, hai hôm nay chưa ai dọn")
        page.locator("[data-suggested] button").first.wait_for()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Môi trường")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#e-category")).to_have_value("environment")
        _tab_to(page, "e-address")
        page.keyboard.type("12 Nguyễn Thị Minh Khai")
        _tab_to(page, "e-area")
        page.locator("#e-area").select_option(WARD)  # a list is chosen by its first letters
        _tab_to(page, "e-phone")
        page.keyboard.type("0905123456")
        _tab_to(page, "e-terms")
        page.keyboard.press("Space")
        page.keyboard.press("Control+Enter")
        code = code_of(page)
        expect(page.locator("[data-sent] h2")).to_be_focused()
        assert page.locator(".readout").get_attribute("aria-label") == " ".join(code)
        expect(page.locator("[data-sent]")).to_contain_text("Xử lý trước")
        assert violations(page) == []
        _is_printed_for_the_caller(page, city, code)
    found = city.office().case(code)
    assert found["channel"] == "hotline"
    assert found["category"] == "environment"
    assert found["location"]["address"] == "12 Nguyễn Thị Minh Khai"
    assert found["reporter"]["left_identity"] is True
    assert found["entered"]["by"] == "office"


def _tab_to(page: Page, target: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == target:
            return
    pytest.fail(f"{target} is not reached by Tab")


def test_what_is_typed_survives_a_reload_and_goes_when_it_is_sent_or_one_signs_out(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/entry")
        fill(page)
        page.locator("#e-phone").fill("0905123456")
        page.reload()
        expect(page.locator("#e-text")).to_have_value(WORDS)
        expect(page.locator("#e-phone")).to_have_value("0905123456")
        expect(page.get_by_text("Đã khôi phục")).to_be_visible()
        code = send(page)
        kept = page.evaluate(DRAFT)
        assert WORDS not in kept
        assert "0905123456" not in kept
        page.reload()  # the code is not lost with the page
        assert code_of(page) == code
        page.get_by_role("button", name="Nhập phản ánh tiếp").click()
        expect(page.locator("#e-text")).to_have_value("")
        page.locator("#e-text").fill(WORDS)
        page.get_by_role("button", name="Đăng xuất").click()
        page.locator("#signin-name").wait_for()
        assert page.evaluate(DRAFT) is None


def test_a_lost_answer_makes_no_second_case(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    text = f"{WORDS} {assigned(city)['code']}"
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("desk/reports|ERR_")  # the answer is cut on purpose
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/entry")
        fill(page)
        page.locator("#e-text").fill(text)
        answers: list[dict[str, Any]] = []

        def cut(route: Route) -> None:
            answers.append(route.fetch().json())
            route.abort()

        page.route("**/api/v1/desk/reports", cut, times=1)
        page.locator("[data-form=entry] button[type=submit]").click()
        page.locator(".summary").wait_for()
        expect(page.locator("#e-text")).to_have_value(text)
        assert send(page) == answers[0]["code"]


def test_a_caller_joins_a_known_case_instead_of_a_twin(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    # a place of its own: the list shows the nearest five
    spot = {"lat": 11.9 + random.random() / 20, "lon": 108.5 + random.random() / 20}
    known = assigned(city, location=spot)["code"]
    draft = {
        "channel": "hotline",
        "text": "Rác đổ đầy lối đi",
        "category": "environment",
        "area": WARD,
        "address": "",
        "place": spot,
        "kind": "resident",
        "name": "",
        "phone": "",
        "email": "",
        "language": "vi",
        "anonymity": "open",
        "terms": False,
    }
    kept = json.dumps(
        {"values": draft, "key": "3d5c6ad1-8d0a-4a36-9c0e-5f1f3a9d1c11", "sent": None}
    )
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.add_init_script(
            f"sessionStorage.getItem('desk.draft.entry') ?? "
            f"sessionStorage.setItem('desk.draft.entry', {json.dumps(kept)})"
        )
        sign_in(page, stack, "ioc_operator", "/desk/entry")
        line = page.locator(f"[data-known='{known}']")
        line.wait_for()
        line.get_by_role("button", name="Cùng việc này").click()
        assert code_of(page) == known
        assert violations(page) == []
    assert city.intake.get(f"/reports/{known}").json()["followers"] == 1


def test_a_visitor_at_the_counter_brings_a_photo_and_the_form_says_what_is_missing(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    with open_context(PHONE) as (context, watch):
        watch.allow.append("422")  # staff conduct without a name is refused on purpose
        page = context.new_page()
        sign_in(page, stack, "onestop_clerk", "/desk/entry")
        page.locator("[data-form=entry] button[type=submit]").click()
        expect(page.locator(".summary")).to_be_focused()
        page.locator(".summary a[href='#e-text']").click()
        expect(page.locator("#e-text")).to_be_focused()
        fill(page)
        page.locator("#e-category").select_option("service_attitude")
        page.locator("[data-form=entry] button[type=submit]").click()
        expect(page.locator(".summary")).to_contain_text("họ tên hoặc cách liên hệ")
        page.locator("#e-category").select_option("urban_order")
        name, body, kind = files()[0]
        page.locator("#e-files").set_input_files({"name": name, "mimeType": kind, "buffer": body})
        expect(page.get_by_text("scene.jpg")).to_be_visible()
        code = send(page)
    found = city.office().case(code)
    assert found["channel"] == "counter"
    assert len(found["media"]) == 1


def test_a_clerk_sees_more_dossiers_than_a_page_holds(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    body = {"procedure": "social_allowance", "papers": ["form"]}
    for _ in range(22):
        city.intake.post("/onestop/dossiers", json=body).raise_for_status()
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "onestop_clerk")
        page.locator("#which-desk").select_option("social")
        expect(page.locator("[data-dossier]")).to_have_count(20)
        page.locator("[data-action=more]").click()
        expect(page.locator("[data-dossier]")).to_have_count(22)
        expect(page.locator("[data-action=more]")).to_have_count(0)


def test_a_clerk_notes_the_papers_that_were_brought_and_gives_a_new_date(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    body = {"procedure": "household_business", "papers": ["form"]}
    number = city.intake.post("/onestop/dossiers", json=body).json()["number"]
    later = datetime.now(UTC).date() + timedelta(days=90)
    path, clerk = f"/onestop/dossiers/{number}", city.of_role("onestop_clerk")
    asked = city.intake.post(f"{path}/supplement", json={}, headers=clerk.headers)
    assert asked.json()["state"] == "supplement"
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "onestop_clerk")
        page.locator("#which-desk").select_option("business")
        line = page.locator(f"[data-dossier='{number}']")
        line.get_by_role("button", name="Giấy tờ").click()
        page.get_by_label("Giấy tờ pháp lý của chủ hộ").check()
        page.get_by_role("button", name="Bổ sung", exact=True).click()
        expect(line).to_contain_text("Đã tiếp nhận")
        line.get_by_role("button", name="Giấy tờ").click()
        page.locator("[data-action=postpone]").click()
        expect(page.get_by_role("alert")).to_contain_text("ngày mới và lời")
        page.get_by_label("Lời cho người nộp").fill("Chờ xác minh")
        page.get_by_label("Ngày hẹn mới").fill(f"{later:%Y-%m-%dT16:00}")
        assert violations(page) == []
        page.locator("[data-action=postpone]").click()
        expect(line).to_contain_text(f"{later:%d/%m}")
    shown = city.intake.get(path, headers=clerk.headers).json()
    assert (shown["state"], shown["promised_at"]) == ("received", f"{later}T16:00:00+07:00")


def test_danger_in_the_callers_words_puts_the_numbers_first(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "ioc_operator", "/desk/entry")
        expect(page.locator("[data-danger=false] a")).to_have_count(3)
        page.locator("#e-text").fill("Nhà đang cháy lớn, có người bị thương")
        expect(page.locator("[role=alert] [data-danger=true]")).to_be_visible()
        order = page.evaluate(
            """() => document.querySelector('[data-danger]').compareDocumentPosition(
              document.getElementById('e-text')) & Node.DOCUMENT_POSITION_FOLLOWING"""
        )
        assert order


def test_the_place_is_chosen_on_the_map_without_a_mouse(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "ioc_operator", "/desk/entry")
        page.get_by_role("button", name="Chọn trên bản đồ").press("Enter")
        page.locator(".pick-place.leaflet-container").focus()
        page.keyboard.press("Enter")
        place = page.locator("[data-place]")
        before = place.inner_text()
        page.get_by_role("button", name="Lên bắc").press("Enter")
        expect(place).not_to_have_text(before)


def test_who_enters_nothing_has_no_such_page_in_the_menu(
    open_context: Callable[..., Any], stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, f"officer.{WARD}")
        expect(page.get_by_role("link", name="Nhập phản ánh")).to_have_count(0)
