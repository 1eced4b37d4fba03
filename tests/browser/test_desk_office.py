"""The Office's and the leaders' rooms: audit, the router's reasons, marks, preview."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk_world import WARD, assigned, send, sign_in
from tests.browser.driver import DESKTOP, PHONE, violations
from tests.e2e.client import City, eventually

ACCOUNT = re.compile(r"\bu_[0-9a-f]{8,}")
RUDE = "Chiều nay rác đầy đường, ai cũng thấy. Đồ ngu, dọn đi! Gọi tôi số 0905123456."


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to make things happen."""
    city = City(stack)
    yield city
    city.close()


def test_the_audit_names_people_newest_first_and_goes_back_page_by_page(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = assigned(city)["code"]
    officer = city.official(WARD)
    asked = f"/desk/cases/{code}/reporter?purpose=verify_report"
    for _ in range(110):  # more than a page
        answer = city.intake.get(asked, headers=officer.headers)
        assert answer.status_code == 200, answer.text
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/audit")
        page.locator("[data-entry]").first.wait_for()
        assert not ACCOUNT.search(page.locator("main").inner_text())
        page.locator("#audit-subject").fill(code)
        page.get_by_role("button", name="Tìm").click()
        lines = page.locator("[data-entry='reporter.viewed']")
        expect(lines).to_have_count(100)
        expect(lines.first).to_contain_text("Cán bộ P.1")
        expect(lines.first).to_contain_text("Xác minh nội dung phản ánh")
        page.get_by_role("button", name="Xem cũ hơn").click()
        expect(lines).to_have_count(110)
        numbers = [int(each.get_attribute("data-number") or 0) for each in lines.all()]
        assert numbers == sorted(numbers, reverse=True)
        page.locator("#audit-kind").select_option("reporter.erased")
        page.locator("[data-list=empty]").wait_for()
        page.locator("#audit-kind").select_option("")
        page.locator("#audit-subject").fill(f"officer.{WARD}")
        page.get_by_role("button", name="Tìm").click()
        expect(page.locator("[data-entry='account.signed_in']").first).to_be_visible()
        assert violations(page) == []


def test_the_triage_says_in_the_regulations_words_why_and_marks_the_words_that_held(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    code = send(city, text=RUDE)["code"]
    office = city.office()

    def routed() -> bool:
        case = office.case(code)
        return case["state"] == "held" and case["routed"] is not None

    eventually(routed)
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "office_clerk", "/desk/triage")
        page.get_by_role("tab", name="Giữ lại").click()
        line = page.locator(f"[data-code='{code}']")
        why = line.locator(".why")
        expect(why).to_contain_text("Môi trường (người phản ánh chọn) × Phường 1")
        expect(why).to_contain_text("Nguồn:")
        assert "_by_" not in page.locator("main").inner_text()
        assert line.locator("mark").evaluate_all(
            "all => all.map((each) => each.firstChild.textContent)"
        ) == ["Đồ ngu", "0905123456"]
        page.get_by_role("button", name="English").click()
        expect(why).to_contain_text("Environment (chosen by the reporter) × Ward 1")
        line.locator("a").first.click()
        expect(page.locator("[data-reasons]")).to_contain_text("“Đồ ngu”")
        expect(page.locator("mark.abuse")).to_have_attribute("title", "Insults")
        assert violations(page) == []


def test_a_unit_does_not_see_a_text_by_its_marked_words(city: City):
    code = send(city, text=RUDE)["code"]
    eventually(lambda: city.office().case(code)["suggested"])
    city.office().act(code, "release")
    eventually(lambda: city.office().case(code)["state"] == "assigned")
    assert city.official(WARD).case(code)["flagged"] == []
    assert city.office().case(code)["flagged"] != []


def test_a_leader_sees_exactly_what_leaves_before_agreeing(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City
):
    receipt = assigned(city, with_files=True, text="Rác <b>đầy</b> đường & chưa dọn.")
    found = _asked(city, receipt["code"], ["text", "category", "place", "media", "timeline"])
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        sign_in(page, stack, "leader", "/desk/disclosures")
        card = page.locator(f"[data-disclosure='{found['id']}']")
        card.get_by_role("button", name="Đồng ý", exact=True).click()
        page.locator("[data-preview=ready]").wait_for()
        paper = page.locator(".paper")
        expect(paper.locator("h2").first).to_contain_text("Nội dung phản ánh")
        expect(paper.locator("pre")).to_have_text("Rác <b>đầy</b> đường & chưa dọn.")
        expect(paper.locator("img")).to_have_js_property("complete", value=True)
        assert paper.locator("img").evaluate("image => image.naturalWidth") > 0
        expect(paper.locator("audio")).to_have_count(1)
        shown = _lines(paper.locator(".sheet").evaluate(TEXT))
        assert violations(page) == []
        page.locator("dialog[open] textarea").fill("Đồng ý cung cấp nội dung.")
        page.locator("dialog[open]").get_by_role("button", name="Đồng ý", exact=True).click()
        page.locator("dialog[open]").wait_for(state="detached")

        # the recipient's page says the same, but for the moment of the consent
        path = f"/desk/cases/{receipt['code']}/disclosures/{found['id']}/package"
        package = city.intake.get(path, headers=city.leader().headers)
        assert package.status_code == 200, package.text
        with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
            html = archive.read("summary.html").decode().partition("<body>")[2]  # policy: no style
        told = _lines(page.evaluate(PARSED, html))
    assert [line for line in told if line not in shown and not _moment(line)] == []
    assert [line for line in shown if line not in told and not _moment(line)] == []


# what stands on a page, a line for each piece of text; players and links stand for the same file
TEXT = """sheet => {
  const copy = sheet.cloneNode(true);
  copy.querySelectorAll('.mark, audio, a').forEach((each) => each.remove());
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  const lines = [];
  while (walker.nextNode()) lines.push(walker.currentNode.textContent.trim());
  return lines.join('\\n');
}"""
PARSED = (
    f"html => ({TEXT})(new DOMParser().parseFromString(html, 'text/html').querySelector('.sheet'))"
)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def _moment(line: str) -> bool:
    return re.fullmatch(r"\d\d:\d\d:\d\d \d\d/\d\d/\d{4}", line) is not None


def test_an_identity_stays_sealed_in_a_preview(city: City):
    receipt = assigned(city)
    found = _asked(city, receipt["code"], [], identity={"justification": "Cơ quan điều tra hỏi."})
    path = f"/desk/cases/{receipt['code']}/disclosures/{found['id']}/preview"
    answer = city.intake.get(path, headers=city.leader().headers)
    assert answer.status_code == 200, answer.text
    assert "Còn niêm phong" in answer.text
    assert "Người Thử Nghiệm" not in answer.text
    assert city.intake.get(path, headers=city.official("ward_2").headers).status_code == 404
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    assert (
        city.intake.get(f"/reports/{receipt['code']}/looks", headers=headers).json()["items"] == []
    )


def _asked(city: City, code: str, fields: list[str], **more: Any) -> dict[str, Any]:
    body = {
        "recipient": {"organisation": "Báo Lâm Đồng", "contact": "Ban bạn đọc"},
        "purpose": "Trả lời bạn đọc về việc thu gom rác.",
        "legal_basis": "Văn bản đề nghị số 12",
        "fields": fields,
        "expires_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
        **more,
    }
    headers = city.office().headers
    answer = city.intake.post(f"/desk/cases/{code}/disclosures", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
