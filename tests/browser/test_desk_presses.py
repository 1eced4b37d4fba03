"""What is pressed twice, or while something is on its way, is done once and loses no word."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.desk_world import WARD, assigned, files, sign_in
from tests.browser.driver import DESKTOP, violations
from tests.e2e.client import City, eventually

Open = Callable[..., Any]
OFFICER = f"officer.{WARD}"
TWICE = "button => { button.click(); button.click(); }"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


@pytest.fixture
def after(tmp_path: Path) -> Path:
    """A photo of a result."""
    path = tmp_path / "after.jpg"
    path.write_bytes(files()[0][1])
    return path


def accepted(city: City) -> str:
    code: str = assigned(city)["code"]
    city.official(WARD).act(code, "accept")
    return code


def evidence(page: Page) -> Any:
    return page.locator("#f-evidence input[type=checkbox]")


def test_what_is_typed_while_a_photo_uploads_stays(
    open_context: Open, stack: dict[str, Any], city: City, after: Path
):
    code = accepted(city)
    words = "Tổ vệ sinh đã dọn sạch lối đi lúc 9 giờ, có ảnh kèm theo."
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/media", hold)
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=result]").click()
        page.locator("#add-media").set_input_files(after)
        page.locator("#f-outcome").select_option("solved")
        page.locator("#f-text").fill(words)
        assert len(held) == 1
        held[0].continue_()

        expect(evidence(page)).to_be_checked()
        expect(page.locator("#f-text")).to_have_value(words)
        expect(page.locator("#f-outcome")).to_have_value("solved")
        # one's own photo is nobody else's change, also when the stream has told of it
        page.wait_for_timeout(1500)
        expect(page.locator("main > .note.warn")).to_have_count(0)
        page.reload()
        page.locator("[data-action=result]").click()
        expect(page.locator("#f-text")).to_have_value(words)
        expect(evidence(page)).to_be_checked()


def test_a_photo_whose_answer_was_lost_is_there_once_and_chosen(
    open_context: Open, stack: dict[str, Any], city: City, after: Path
):
    code = accepted(city)
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        page.add_init_script(
            """const real = window.fetch;
            let lost = false;
            window.fetch = async (url, init) => {
              const answer = await real(url, init);
              if (lost || !String(url).endsWith('/media')) return answer;
              lost = true;
              throw new TypeError('it arrived, and nobody heard');
            };"""
        )
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=result]").click()
        page.locator("#add-media").set_input_files(after)
        page.locator("#f-evidence .error").wait_for()
        page.locator("#add-media").set_input_files(after)
        expect(evidence(page)).to_have_count(1)
        expect(evidence(page)).to_be_checked()
    media = city.official(WARD).case(code)["media"]
    assert [each["from"] for each in media].count("unit") == 1


def test_a_seal_that_is_pressed_twice_is_broken_once(
    open_context: Open, stack: dict[str, Any], city: City
):
    receipt = assigned(city)
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{receipt['code']}")
        page.get_by_role("button", name="Xem danh tính").click()
        page.get_by_label("Liên hệ người phản ánh").check()
        page.get_by_role("button", name="Mở niêm phong").evaluate(TWICE)
        expect(page.locator("dialog[open]")).to_contain_text("Người Thử Nghiệm")
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    looks = city.intake.get(f"/reports/{receipt['code']}/looks", headers=headers).json()["items"]
    assert len(looks) == 1


def test_a_double_press_takes_a_dossier_one_step_only(
    open_context: Open, stack: dict[str, Any], city: City
):
    body = {"procedure": "household_business", "papers": ["form"]}
    number = city.intake.post("/onestop/dossiers", json=body).json()["number"]
    path, clerk = f"/onestop/dossiers/{number}", city.of_role("onestop_clerk")
    needed = [each["id"] for each in _shown(city, path)["checklist"]]
    given = {"papers": needed}
    received = city.intake.post(f"{path}/receive", json=given, headers=clerk.headers)
    assert received.json()["state"] == "received", received.text
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "onestop_clerk")
        page.locator("#which-desk").select_option("business")
        line = page.locator(f"[data-dossier='{number}']")
        more = page.locator("[data-action=more]")
        while line.count() == 0 and more.count():
            more.click()
            page.wait_for_timeout(200)
        line.get_by_role("button", name="Chuyển thẩm định").dblclick(delay=120)
        expect(line).to_contain_text("Đang thẩm định")
        # the second half of a double press, on what the button has become
        line.get_by_role("button", name="Có kết quả").evaluate("button => button.click()")
        assert _shown(city, path)["state"] == "processing"
        page.wait_for_timeout(800)
        line.get_by_role("button", name="Có kết quả").click()
        expect(line).to_contain_text("Chờ trả kết quả")


def _shown(city: City, path: str) -> dict[str, Any]:
    found: dict[str, Any] = city.intake.get(
        path, headers=city.of_role("onestop_clerk").headers
    ).json()
    return found


def test_a_counter_whose_answers_are_slow_is_shown(open_context: Open, stack: dict[str, Any]):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        page.add_init_script(
            """const real = window.fetch;
            window.fetch = async (url, init) => {
              const slow = String(url).endsWith('onestop/desks');
              if (slow) await new Promise((done) => setTimeout(done, 5000));
              return real(url, init);
            };"""
        )
        sign_in(page, stack, "onestop_clerk")
        page.locator("#which-desk").wait_for(timeout=20_000)  # it is asked for every 4 s


def test_a_case_that_is_open_in_two_tabs_says_so_until_one_goes(
    open_context: Open, stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    words = "Việc này cũng đang mở ở một thẻ khác trên máy này."
    with open_context(DESKTOP) as (context, _watch):
        first = _signed_in(context, stack, code)
        second = _signed_in(context, stack, code)
        expect(first.get_by_text(words)).to_be_visible()
        expect(second.get_by_text(words)).to_be_visible()
        second.close(run_before_unload=True)
        expect(first.get_by_text(words)).to_have_count(0)


def _signed_in(context: BrowserContext, stack: dict[str, Any], code: str) -> Page:
    page = context.new_page()
    sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
    page.locator(".casehead").wait_for()
    return page


def test_a_leader_is_told_that_what_waits_could_not_be_read(
    open_context: Open, stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("ERR_FAILED")
        page = context.new_page()
        page.route("**/desk/disclosures?state=requested", lambda route: route.abort())
        sign_in(page, stack, "leader")
        box = page.locator("section[aria-labelledby=consent]")
        box.get_by_role("button", name="Thử lại").wait_for()
        expect(box.locator(".count")).to_have_count(0)
        page.unroute("**/desk/disclosures?state=requested")
        box.get_by_role("button", name="Thử lại").click()
        expect(box.locator(".count")).to_be_visible()


def test_a_file_is_had_from_a_page_whose_token_has_run_out(
    open_context: Open, stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("401")
        page = context.new_page()
        sign_in(page, stack, "leader")
        over = {"status": 401, "json": {"status": 401}}
        page.route("**/desk/chase?format=csv", lambda route: route.fulfill(**over), times=1)
        with page.expect_download() as told:
            page.get_by_role("button", name="Bảng kê (CSV)").click()
        assert told.value.path()


def test_a_file_that_does_not_come_is_said_where_it_was_asked_for(
    open_context: Open, stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("ERR_FAILED")
        page = context.new_page()
        sign_in(page, stack, "leader")
        page.route("**/desk/chase?format=csv", lambda route: route.abort())
        page.get_by_role("button", name="Bảng kê (CSV)").click()
        said = page.locator("section[aria-labelledby=late] [role=alert]")
        expect(said).to_be_visible()
        page.wait_for_timeout(6000)  # longer than a toast
        expect(said).to_be_visible()


def test_the_inbox_names_the_next_action_and_a_key_begins_it(
    open_context: Open, stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER)
        page.locator("#search").fill(code)
        expect(page.locator(".rows .line")).to_have_count(1)
        expect(page.locator(f"[data-code='{code}'] [data-next=accept]")).to_be_visible()
        assert violations(page) == []
        page.locator("#search").blur()
        page.keyboard.press("j")
        page.keyboard.press("a")
        page.locator("[data-form=accept] button[type=submit]").click()
        expect(page.locator(".casehead [data-state=accepted]")).to_be_visible()
        page.locator("h1").focus()
        page.keyboard.press("?")
        expect(page.locator("dialog[open] kbd").first).to_be_visible()


def test_a_triage_that_came_too_late_says_so_at_the_case(
    open_context: Open, stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    city.official(WARD).act(code, "forward", text="Không thuộc thẩm quyền của phường.")
    with open_context(DESKTOP) as (context, watch):
        watch.allow.extend(["412", "desk/stream|ERR_FAILED"])
        page = context.new_page()
        page.route("**/desk/stream", lambda route: route.abort())
        sign_in(page, stack, "office_clerk", "/desk/triage")
        page.get_by_role("tab", name="Chuyển về").click()
        line = page.locator(f"[data-code='{code}']")
        line.locator("select").select_option(WARD)
        city.office().act(code, "recategorise", category="urban_order")
        line.get_by_role("button", name="Giao", exact=True).click()
        expect(line.locator("[role=alert]")).to_be_visible()
        # what was read anew can be given
        page.wait_for_timeout(800)
        line.get_by_role("button", name="Giao", exact=True).click()
        eventually(lambda: city.office().case(code)["unit"] == WARD)


def test_a_double_press_is_no_answer_to_whether_one_is_sure(
    open_context: Open, stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, OFFICER, f"/desk/cases/{code}")
        page.locator("[data-action=forward]").click()
        page.locator("#f-text").fill("Không thuộc thẩm quyền của phường.")
        send = page.locator("[data-form=forward] button[type=submit]")
        send.dblclick(delay=60)
        expect(page.locator("[data-form=forward] .note.warn")).to_be_visible()
        page.wait_for_timeout(800)
        assert city.official(WARD).case(code)["state"] == "assigned"
        send.click()
        page.locator("[data-form=forward]").wait_for(state="detached")
    assert city.office().case(code)["state"] == "at_office"


def test_a_map_that_has_not_seen_all_claims_no_quiet_neighbourhood(
    open_context: Open, stack: dict[str, Any], city: City
):
    code = assigned(city, location={"lat": 11.9404, "lon": 108.4383})["code"]
    endless = {"items": [], "next": "more"}
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        page.route("**/desk/cases?*", lambda route: route.fulfill(json=endless))
        sign_in(page, stack, "office_clerk", f"/desk/cases/{code}")
        page.locator("[data-map=open]").click()
        expect(page.get_by_text("quanh đây có thể còn việc khác")).to_be_visible()
        expect(page.get_by_text("Không có việc nào khác")).to_have_count(0)
        assert violations(page) == []
