"""Why and where, pictures' names, what is there without a network, presses that come twice."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from deploy.local.layout import ROOT
from tests.browser.conftest import Open
from tests.browser.desk_world import WARD, assigned, resolved
from tests.browser.driver import PHONE, Size, violations
from tests.browser.reporting import fill_all, go_on, kept, photo, send
from tests.browser.test_reporter_actions import open_own
from tests.e2e.client import City

CUT = ["ERR_", "Failed to load resource"]
KEPT_MAP = """async () => {
  for (const name of await caches.keys()) {
    const urls = (await (await caches.open(name)).keys()).map((each) => each.url);
    if (urls.some((each) => /static\\/map-.*css/.test(each))) return urls.length;
  }
  return 0;
}"""


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


def picture(colour: str) -> dict[str, Any]:
    """A photo as a file picker hands it over."""
    return {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo(colour)}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        pytest.param(
            ("refuse", {"reason": "not_clear", "text": "Xin ghi rõ số nhà"}),
            ["Nội dung không rõ", "Xin ghi rõ số nhà", "1022"],
            id="refused",
        ),
        pytest.param(
            (
                "redirect",
                {
                    "reason": "complaint",
                    "agency": "Thanh tra thành phố Đà Lạt",
                    "text": "Theo Luật Khiếu nại",
                },
            ),
            ["Đây là đơn khiếu nại", "Thanh tra thành phố Đà Lạt", "Theo Luật Khiếu nại"],
            id="redirected",
        ),
    ],
)
def test_what_was_not_taken_up_says_why_and_where_to(
    context: BrowserContext, city: City, step: tuple[str, dict[str, str]], said: list[str]
):
    receipt = assigned(city)
    name, body = step
    city.office().act(receipt["code"], name, **body)
    page = context.new_page()
    open_own(page, receipt)
    for words in said:
        expect(page.locator(".note.warn")).to_contain_text(words)
    for words in said[:2]:
        expect(page.locator(".timeline")).to_contain_text(words)
    assert violations(page) == []


def test_a_result_outside_the_citys_authority_names_who_is_competent(
    context: BrowserContext, city: City
):
    receipt = assigned(city)
    city.official(WARD).act(
        receipt["code"],
        "result",
        outcome="outside_authority",
        text="Đường này do tỉnh quản lý, đã chuyển thông tin",
        agency="Sở Xây dựng tỉnh Lâm Đồng",
    )
    page = context.new_page()
    open_own(page, receipt)
    expect(page.locator(".result")).to_contain_text("Sở Xây dựng tỉnh Lâm Đồng")
    expect(page.locator(".timeline")).to_contain_text("Sở Xây dựng tỉnh Lâm Đồng")


def test_the_days_that_are_left_to_dispute_are_said(context: BrowserContext, stack: dict[str, Any]):
    page = context.new_page()
    open_own(page, resolved(stack))
    expect(page.locator("[data-dispute]")).to_contain_text("Còn 10 ngày để phản hồi")
    page.get_by_role("button", name="English").click()
    expect(page.locator("[data-dispute]")).to_contain_text("10 days left")


def test_pictures_are_named_by_kind_place_and_time(open_context: Open, stack: dict[str, Any]):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        open_own(page, resolved(stack))
        expect(page.locator(".pairs img")).to_have_count(2)
        named = r", .*Phường 1, .*\d\d:\d\d"
        for nth, what in enumerate(("Trước 1", "Sau 1")):
            alt = page.locator(".pairs img").nth(nth).get_attribute("alt") or ""
            assert re.match(what + named, alt), alt
        sent = page.locator("section[aria-labelledby=what-title]")
        assert re.match("Ảnh 1" + named, sent.locator("img").get_attribute("alt") or "")
        expect(sent.locator("audio")).to_have_attribute(
            "aria-label", re.compile("Bản ghi âm 2" + named)
        )
        expect(sent).to_contain_text("Chưa có ghi chú bằng chữ")


def test_a_pin_is_set_without_a_network_on_a_map_that_was_never_opened(
    open_context: Open, size: Size
):
    with open_context(size) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        page.goto("/")
        page.locator("#take-photo").wait_for()
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        for _ in range(60):
            if page.evaluate(KEPT_MAP):
                break
            page.wait_for_timeout(500)
        assert page.evaluate(KEPT_MAP)
        context.set_offline(True)
        page.reload()
        go_on(page, "Ở đâu?")
        page.get_by_role("button", name="Đặt ghim trên bản đồ").click()
        page.locator(".leaflet-container").wait_for()
        assert page.evaluate("getComputedStyle(document.querySelector('.pin')).position") == (
            "absolute"  # Leaflet's own styles are there as well
        )
        page.locator(".leaflet-container").click(position={"x": 60, "y": 60})
        page.locator(".form .chosen").wait_for()


def test_a_report_opened_without_a_network_shows_what_the_phone_keeps(
    open_context: Open, size: Size
):
    with open_context(size) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        fill_all(page, f"Mở lại khi mất mạng, rác {uuid.uuid4()}")
        code = send(page)
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        promise = page.locator(".promise").inner_text()
        page.close()
        context.set_offline(True)
        again = context.new_page()
        again.goto(f"/r/{code}")
        expect(again.get_by_role("heading", level=1)).to_have_text(code)
        expect(again.locator("[data-kept] .promise")).to_have_text(promise)
        assert violations(again) == []
        context.set_offline(False)
        again.locator(".timeline li").first.wait_for()  # by itself
        expect(again.locator("[data-kept]")).to_have_count(0)


def test_the_worker_keeps_the_reporters_pages_and_none_of_the_desks(origins: list[str]):
    manifest = json.loads((ROOT / "services/intake/static/manifest.json").read_text())
    own, desk = (set(manifest["pages"][name]["offline"]) for name in ("public", "desk"))
    worker = httpx.get(f"{origins[0]}/sw.js").text
    assert desk - own
    assert [each for each in desk - own if each in worker] == []
    assert [each for each in own if each not in worker] == []


def test_two_quick_presses_record_once(open_context: Open):
    slow = """(() => {
      if (!navigator.mediaDevices) return;  // about:blank
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (...all) => {
        window.asked = (window.asked ?? 0) + 1;
        await new Promise((ok) => setTimeout(ok, 600));
        return ask(...all);
      };
    })()"""
    with open_context(PHONE) as (context, _watch):
        context.add_init_script(slow)
        page = context.new_page()
        page.goto("/")
        record = page.get_by_role("button", name="Ghi âm", exact=True)
        record.click()
        record.click()
        page.locator(".recording").wait_for()
        page.wait_for_timeout(1500)
        page.locator(".recording").click()
        expect(page.locator(".form .thumb audio")).to_have_count(1)
        page.wait_for_timeout(1000)
        assert page.evaluate("window.asked") == 1
        assert len(kept(page, "media")) == 1


def test_a_recording_counts_among_the_eight(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        shots = [picture(f"#{n}{n}4466") for n in range(8)]
        page.get_by_test_id("album").set_input_files(shots)
        expect(page.locator(".form .thumb")).to_have_count(8, timeout=30_000)
        page.get_by_role("button", name="Ghi âm", exact=True).click()
        expect(page.locator(".note.bad")).to_contain_text("8")
        assert len(kept(page, "media")) == 8


def test_of_several_files_the_error_of_one_stays_when_another_succeeds(open_context: Open):
    full_once = """() => {
      const answers = [{ usage: 900, quota: 1000 }];
      navigator.storage.estimate = async () => answers.pop() ?? { usage: 0, quota: 0 };
    }"""
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        page.evaluate(full_once)
        page.get_by_test_id("album").set_input_files([picture("#112233"), picture("#445566")])
        expect(page.locator(".form .thumb")).to_have_count(1)
        expect(page.locator(".note.bad")).to_contain_text("Bộ nhớ máy gần đầy")


def test_news_that_cannot_be_fetched_is_not_called_none(open_context: Open, city: City):
    listed = city.intake.get("/apps").json()
    listed["items"][0]["links"]["news"] = f"/api/v1/apps/{listed['items'][0]['id']}/news"
    with open_context(PHONE) as (context, watch):
        watch.allow += CUT
        context.route("**/api/v1/apps", lambda route: route.fulfill(json=listed))
        page = context.new_page()
        page.goto("/apps")
        page.locator(".apps .card").first.wait_for()
        context.set_offline(True)
        page.get_by_role("button", name="Tin mới").first.click()
        expect(page.locator(".apps .error")).to_contain_text("Không nối được máy chủ")
        assert "Chưa có tin" not in page.locator("main").inner_text()


def test_a_map_of_more_than_it_can_hold_says_so(open_context: Open):
    case = {
        "category": "environment", "category_name": {"vi": "Môi trường"}, "state": "assigned",
        "mark": "open", "area": None, "unit_name": None, "received_at": "2026-11-30T08:00:00+07:00",
        "due_at": "2026-11-30T12:00:00+07:00", "resolved_at": None, "precision_m": 110,
    }  # fmt: skip
    asked: list[str] = []

    def many(route: Route) -> None:
        asked.append(route.request.url)
        full = [{"geometry": None, "properties": {**case, "code": f"DL-{n}"}} for n in range(2000)]
        route.fulfill(json={"type": "FeatureCollection", "features": full})

    with open_context(PHONE) as (context, _watch):
        context.route("**/map/reports.geojson*", many)
        page = context.new_page()
        page.goto("/map")
        count = page.get_by_text("chỉ 2000 phản ánh mới nhất")
        count.wait_for(timeout=30_000)
        assert "limit=2000" in asked[0]


def test_a_message_and_a_photo_whose_answers_were_lost_are_there_once(
    open_context: Open, city: City
):
    receipt = assigned(city)
    with open_context(PHONE) as (context, watch):
        watch.allow += CUT
        page = context.new_page()
        open_own(page, receipt)
        cut_once(page, "messages")
        cut_once(page, "media")
        page.get_by_label("Nhắn cho đơn vị xử lý").fill("Điểm rác ở phía sau cổng")
        page.get_by_role("button", name="Gửi lời nhắn").click()
        page.locator(".actions .error").wait_for()
        page.get_by_role("button", name="Gửi lời nhắn").click()
        expect(page.get_by_label("Nhắn cho đơn vị xử lý")).to_have_value("")
        page.locator(".actions input[type=file]").set_input_files(picture("#225577"))
        page.locator(".actions .error").wait_for()
        page.locator(".actions input[type=file]").set_input_files(picture("#225577"))
        expect(page.get_by_text("Đã thêm ảnh")).to_be_visible()
    view = city.own(receipt)
    steps = [each["type"] for each in view["timeline"]]
    assert steps.count("case.message_added.v1") == 1
    assert len(view["media"]) == 1


def cut_once(page: Page, what: str) -> None:
    """Lose the first answer to a step after the server has carried it out."""
    lost: list[int] = []

    def cut(route: Route) -> None:
        if lost or route.request.method != "POST":
            route.fallback()
            return
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    page.route(f"**/api/v1/reports/*/{what}", cut)
