"""The desk offers what role and state allow, and nothing that is answered with a no."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.crowded import directives_due
from tests.browser.desk_world import WARD, assigned, send, sign_in
from tests.browser.driver import DESKTOP, PHONE, violations
from tests.e2e.client import City, report

OFFICER = f"officer.{WARD}"
MONITOR = "natural_resources"  # of environment
LOOK, ASK = "Xem danh tính", "Xin cung cấp cho bên thứ ba"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


def offered(page: Page, code: str) -> set[str]:
    """Which of the two the page of a case offers, once all of it stands."""
    page.goto(f"/desk/cases/{code}")
    page.locator(".casehead").wait_for()
    return {name for name in (LOOK, ASK) if page.get_by_role("button", name=name).count()}


def test_identity_and_disclosure_are_offered_to_whom_the_server_lets(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    plain = assigned(city)["code"]
    reporter = {**report()["reporter"], "anonymity": "confidential"}
    sealed = assigned(city, reporter=reporter)["code"]
    expected = {
        OFFICER: ({LOOK, ASK}, {ASK}),
        f"officer.{MONITOR}": (set(), set()),
        "office_clerk": ({LOOK, ASK}, {LOOK, ASK}),
        "leader": ({LOOK}, {LOOK}),
    }
    for username, (of_plain, of_sealed) in expected.items():
        with open_context(DESKTOP) as (context, _watch):
            page = context.new_page()
            sign_in(page, stack, username)
            assert (username, offered(page, plain)) == (username, of_plain)
            assert (username, offered(page, sealed)) == (username, of_sealed)


def test_what_is_listed_is_what_the_server_allows(city: City):
    code = assigned(city)["code"]
    for unit in (WARD, MONITOR):
        official = city.official(unit)
        listed = official.case(code)["actions"]
        looked = city.intake.get(
            f"/desk/cases/{code}/reporter?purpose=verify_report", headers=official.headers
        )
        assert ("identity" in listed) == (looked.status_code == 200)
        read = city.intake.get(f"/desk/cases/{code}/disclosures", headers=official.headers)
        assert ("disclosures/read" in listed) == (read.status_code == 200)


def test_the_leaders_see_each_directive_with_its_words_and_how_far_it_is(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    city.official(WARD).act(code, "forward", text="Không thuộc thẩm quyền của phường.")
    city.office().act(code, "guidance", text="Xin ý kiến về đơn vị chủ trì.")
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    for addressee, words in (
        ("urban_management", "Chủ trì thu gom, báo cáo trong ngày."),
        (MONITOR, "Kiểm tra điểm tập kết, đề xuất biện pháp."),
    ):
        city.leader().act(code, "directives", addressee=addressee, due_at=due, text=words)
    first, second = city.leader().case(code)["directives"]
    city.official(MONITOR).act(code, "directives/acknowledge", directive=second["id"])
    directives_due(stack, code, 1, datetime.now(UTC) - timedelta(hours=3))
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "leader")
        late = page.locator(f"[data-directive='{code}.{second['id']}']")
        expect(late).to_contain_text("Kiểm tra điểm tập kết")
        expect(late).to_contain_text("Quá hạn từ")
        expect(late.locator("[data-standing=read]")).to_be_visible()
        other = page.locator(f"[data-directive='{code}.{first['id']}']")
        expect(other.locator("[data-standing=sent]")).to_be_visible()
        order = page.locator("[data-directive]").evaluate_all(
            "all => all.map((each) => each.dataset.directive)"
        )
        late_at, other_at = (order.index(f"{code}.{each['id']}") for each in (second, first))
        assert late_at < other_at
        assert violations(page) == []
        city.official("urban_management").act(
            code, "directives/fulfil", directive=first["id"], text="Đã thu gom xong."
        )
        page.reload()
        expect(other.locator("[data-standing=done]")).to_be_visible()
    asked = city.intake.get("/desk/directives", headers=city.official(WARD).headers)
    assert asked.status_code == 403


def test_the_history_says_who_and_why(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = send(city, text="Đồ ngu, dọn rác đi, rác đầy đường cả tuần.")["code"]
    city.in_state({"code": code}, "held")
    city.office().act(code, "refuse", reason="insulting", text="Lời lẽ xúc phạm, xin viết lại.")
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "leader", f"/desk/cases/{code}")
        step = page.locator(".timeline li").first
        expect(step).to_contain_text("Văn phòng")
        expect(step).to_contain_text("Lời lẽ xúc phạm")
        assert "insulting" not in page.locator("main").inner_text()


def test_areas_are_chosen_in_the_readers_language(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    city.official(WARD).act(code, "forward", text="Không thuộc thẩm quyền của phường.")
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", f"/desk/cases/{code}")
        page.locator("[data-action=assign]").click()
        expect(page.locator("#f-area")).to_contain_text("Phường 1")
        page.get_by_role("button", name="English").click()
        expect(page.locator("#f-area")).to_contain_text("Ward 1")
        assert "Phường" not in page.locator("#f-area").inner_text()
