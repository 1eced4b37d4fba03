"""The desk in a real browser: an officer, two officers, the Office, a leader, consent."""

import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser import scenes_desk, scenes_signin  # noqa: F401 - registers their scenes
from tests.browser.desk_world import WARD, assigned, files, send, sign_in
from tests.browser.driver import DESKTOP, PHONE, Size, violations
from tests.browser.scenes import SCENES
from tests.e2e.client import City, eventually

OFFICER = f"officer.{WARD}"
DESK_SCENES = sorted(name for name, each in SCENES.items() if name.startswith("desk-"))


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, for making cases and for looking at what the pages did."""
    city = City(stack)
    yield city
    city.close()


def in_state(city: City, code: str, state: str) -> dict[str, Any]:
    return eventually(
        lambda: (
            case if (case := city.intake.get(f"/reports/{code}").json())["state"] == state else None
        )
    )


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=lambda each: each.name)
def test_an_officer_accepts_and_publishes_a_result_with_evidence(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City, size: Size, tmp_path: Path
):
    code = assigned(city, with_files=True)["code"]
    after = tmp_path / "after.jpg"
    after.write_bytes(files()[0][1])
    with open_context(size) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        page.locator(f"[data-code='{code}'] a").click()
        expect(page.locator(".thumb img").first).to_be_visible()
        expect(page.locator("audio").first).to_be_visible()
        page.locator("[data-action=accept]").click()
        page.locator("[data-form=accept] button[type=submit]").click()
        expect(page.locator(".casehead [data-state=accepted]")).to_be_visible()

        page.locator("[data-action=result]").click()
        page.locator("#f-outcome").select_option("solved")
        page.locator("#f-text").fill("Tổ vệ sinh đã dọn sạch lối đi lúc 9 giờ, có ảnh kèm theo.")
        page.locator("#add-media").set_input_files(after)
        expect(page.locator("#f-evidence input[type=checkbox]").first).to_be_checked()
        page.locator("[data-form=result] button[type=submit]").click()

        expect(page.locator(".casehead [data-state=resolved]")).to_be_visible()
        assert violations(page) == []
    result = in_state(city, code, "resolved")["result"]
    assert result["outcome"] == "solved"
    assert len(result["media"]) == 1


def test_the_keyboard_alone_is_enough(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        page.goto("/desk")
        page.locator("#signin-name").focus()
        page.keyboard.type(OFFICER)
        page.keyboard.press("Tab")
        password = next(a["password"] for a in stack["accounts"] if a["username"] == OFFICER)
        page.keyboard.type(password)
        page.keyboard.press("Enter")
        page.locator(".rows .line").first.wait_for()
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()
        with page.expect_response(lambda answer: f"q={code}" in answer.url):
            page.keyboard.type(code)
        expect(page.locator(".rows .line")).to_have_count(1)
        expect(page.locator(f"[data-code='{code}']")).to_be_visible()
        page.locator("#search").blur()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.locator("[data-action=accept]").wait_for()
        expect(page.locator("h1")).to_be_focused()
        page.keyboard.press("a")
        page.locator("[data-form=accept] button[type=submit]").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".casehead [data-state=accepted]")).to_be_visible()
        page.keyboard.press("u")
        expect(page.locator(".inbox")).to_be_visible()
    in_state(city, code, "accepted")


def test_the_second_of_two_officers_overwrites_nothing_and_keeps_the_words(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    words = "Đã cử tổ trật tự đến kiểm tra, sẽ báo lại trước 16 giờ."
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("412")  # the conflict is what this is about
        page = context.new_page()
        page.route("**/desk/stream", lambda route: route.abort())  # the page learns it the hard way
        watch.allow.append("desk/stream|ERR_FAILED")
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=accept]").click()
        page.locator("[data-form=accept] button[type=submit]").click()
        page.locator("[data-action=progress]").click()
        page.locator("#f-text").fill(words)
        city.official(WARD, "unit_head").act(code, "dispatch", officer="Tổ hai")

        page.locator("[data-form=progress] button[type=submit]").click()
        expect(page.locator("[data-form=progress] .note.warn")).to_be_visible()
        expect(page.locator("#f-text")).to_have_value(words)
        assert not any(
            step["type"] == "case.progressed.v1"
            for step in city.official(WARD).case(code)["timeline"]
        )

        page.locator("[data-form=progress] button[type=submit]").click()
        page.locator("[data-form=progress]").wait_for(state="detached")
    steps = [step["type"] for step in city.official(WARD).case(code)["timeline"]]
    assert steps.count("case.progressed.v1") == 1
    assert "case.dispatched.v1" in steps


def test_two_officers_see_each_others_change(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        expect(page.locator(".casehead [data-state=assigned]")).to_be_visible()
        city.official(WARD, "unit_head").act(code, "accept")

        expect(page.locator(".casehead [data-state=accepted]")).to_be_visible(timeout=20_000)
        expect(page.locator("main .note.warn")).to_be_visible()


def test_new_cases_wait_above_the_list_and_move_no_row(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    assigned(city)
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        page.locator(".rows .line").first.wait_for()
        before = page.locator(".rows .line").count()
        code = assigned(city)["code"]

        expect(page.locator(".newbar")).to_be_visible(timeout=20_000)
        assert page.locator(".rows .line").count() == before
        page.locator(".newbar").click()
        expect(page.locator(f"[data-code='{code}']")).to_be_visible()


def test_an_ended_session_asks_again_and_loses_no_word(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("401")  # the session is ended on purpose
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=accept]").click()
        page.locator("[data-form=accept] button[type=submit]").click()
        page.locator("[data-action=progress]").click()
        page.locator("#f-text").fill("Đang chờ xe chuyên dụng đến nơi.")
        token = page.evaluate("JSON.parse(sessionStorage.getItem('desk.session'))")["access_token"]

        def ends(route: Route) -> None:
            # on the way, and not before: else the page's own looks may ask first
            _end_sessions(token, city)
            route.continue_()

        page.route("**/progress", ends, times=1)
        page.locator("[data-form=progress] button[type=submit]").click()
        page.locator("dialog[open] #signin-password").wait_for()
        password = next(a["password"] for a in stack["accounts"] if a["username"] == OFFICER)
        page.locator("dialog[open] #signin-password").fill(password)
        page.locator("dialog[open] button[type=submit]").click()
        page.locator("[data-form=progress]").wait_for(state="detached")
    steps = [step["type"] for step in city.official(WARD, "unit_head").case(code)["timeline"]]
    assert steps.count("case.progressed.v1") == 1


def _end_sessions(token: str, city: City) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = city.intake.post("/auth/logout", headers=headers)
    assert answer.status_code == 204, answer.text


def test_an_identity_is_opened_for_a_purpose_and_the_reporter_sees_that(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    receipt = assigned(city)
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{receipt['code']}")
        assert "Người Thử Nghiệm" not in page.content()
        page.get_by_role("button", name="Xem danh tính").click()
        expect(page.get_by_role("button", name="Mở niêm phong")).to_be_disabled()
        page.get_by_label("Liên hệ người phản ánh").check()
        page.get_by_role("button", name="Mở niêm phong").click()
        expect(page.locator("dialog[open]")).to_contain_text("Người Thử Nghiệm")
        page.get_by_role("button", name="Che lại").click()
        assert "Người Thử Nghiệm" not in page.content()
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    looks = city.intake.get(f"/reports/{receipt['code']}/looks", headers=headers).json()["items"]
    assert [each["purpose"]["id"] for each in looks] == ["contact_reporter"]


def test_the_office_releases_what_was_held(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = send(city, text="Đồ ngu, dọn rác đi, rác đầy đường cả tuần.")["code"]
    in_state(city, code, "held")
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/triage")
        page.get_by_role("tab", name="Giữ lại").click()
        page.locator(f"[data-code='{code}'] a").click()
        page.locator("[data-action=release]").click()
        page.locator("[data-form=release] button[type=submit]").click()
        page.locator(".casehead [data-state=held]").wait_for(state="detached")
    in_state(city, code, "assigned")


def test_a_leader_answers_a_question_with_a_directive(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    city.official(WARD).act(code, "forward", text="Không thuộc thẩm quyền của phường.")
    city.office().act(code, "guidance", text="Xin ý kiến về đơn vị chủ trì.")
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "leader")
        page.locator(f"[data-code='{code}'] a").first.click()
        page.locator("[data-action=directives]").click()
        page.locator("#f-addressee").select_option("urban_management")
        page.locator("#f-due_at").fill("2027-06-01T16:00")
        page.locator("#f-text").fill("Giao Phòng Quản lý đô thị chủ trì, báo cáo trong ngày.")
        page.locator("[data-form=directives] button[type=submit]").click()
        expect(page.locator(".directive")).to_be_visible()
        assert violations(page) == []
    directives = city.leader().case(code)["directives"]
    assert [each["addressee"] for each in directives] == ["urban_management"]
    assert directives[0]["due_at"].startswith("2027-06-01T")


def test_content_leaves_only_with_a_leaders_consent(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", f"/desk/cases/{code}")
        page.get_by_role("button", name="Xin cung cấp cho bên thứ ba").click()
        box = page.locator("dialog[open]")
        box.get_by_label("Nơi nhận").fill("Báo Lâm Đồng")
        box.get_by_label("Người liên hệ").fill("Ban bạn đọc")
        box.get_by_label("Mục đích").fill("Trả lời bạn đọc về việc thu gom rác.")
        box.get_by_label("Căn cứ pháp lý").fill("Văn bản đề nghị số 12")
        box.get_by_label("Hết hạn").fill(_in_days(7))
        box.get_by_label("Nội dung").check()
        box.get_by_role("button", name="Gửi lãnh đạo").click()
        expect(page.locator(".disclosure")).to_contain_text("Chờ đồng ý")
        expect(page.get_by_role("button", name="Tải gói đã đóng dấu")).to_have_count(0)
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "leader")
        card = page.locator(".disclosure", has_text=code)
        card.get_by_role("button", name="Đồng ý", exact=True).click()
        page.locator("dialog[open]").get_by_label("Lý do").fill("Đồng ý cung cấp nội dung.")
        page.locator("dialog[open]").get_by_role("button", name="Đồng ý", exact=True).click()
        page.locator("dialog[open]").wait_for(state="detached")
    headers = city.office().headers
    found = city.intake.get(f"/desk/cases/{code}/disclosures", headers=headers).json()["items"]
    assert [each["state"] for each in found] == ["approved"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", f"/desk/cases/{code}")
        with page.expect_download() as told:
            page.locator(".disclosure").get_by_role("button", name="Tải gói đã đóng dấu").click()
        assert zipfile.is_zipfile(told.value.path())


def _in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize("name", DESK_SCENES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=lambda each: each.name)
def test_every_state_of_the_desk_is_accessible_and_fits(
    open_context: Callable[..., Any], stack: dict[str, Any], name: str, size: Size
):
    with open_context(size) as (context, watch):
        watch.allow.append(".")  # some scenes are about errors
        page = context.new_page()
        SCENES[name].act(page, stack)
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, f"{name} is {wide} px wide on a screen of 320"


def test_the_desk_speaks_english(context: BrowserContext, stack: dict[str, Any]):
    page = context.new_page()
    sign_in(page, stack, OFFICER)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("link", name="Inbox")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
