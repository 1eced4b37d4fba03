"""Report, result, rating: the three clients side by side on one stack."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk_world import WARD, files, sign_in
from tests.browser.driver import DESKTOP, PHONE, WALL
from tests.browser.scenes_wall import open_wall
from tests.e2e.client import City, report


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


def test_a_report_goes_from_the_phone_to_the_desk_and_back_with_the_wall_beside_it(
    open_context: Callable[..., Any], stack: dict[str, Any], city: City, tmp_path: Path
):
    after = tmp_path / "after.jpg"
    after.write_bytes(files()[0][1])
    with (
        open_context(WALL) as (walls, _),
        open_context(DESKTOP) as (desks, _),
        open_context(PHONE) as (phones, _),
    ):
        wall = walls.new_page()
        open_wall(wall, stack)
        answer = city.send(report(), files())
        assert answer.status_code == 201
        receipt = answer.json()
        code = receipt["code"]
        expect(wall.locator(".feed")).to_contain_text("Môi trường", timeout=20_000)

        phone = phones.new_page()
        phone.goto(f"/r/{code}#t={receipt['tracking_token']}")
        expect(phone.locator("[data-state]").first).to_be_visible()
        assert receipt["tracking_token"] not in phone.url

        desk = desks.new_page()
        sign_in(desk, stack, f"officer.{WARD}", f"/desk/cases/{code}")
        desk.locator("[data-action=accept]").click()
        desk.locator("[data-form=accept] button[type=submit]").click()
        expect(phone.locator("[data-state=accepted]").first).to_be_visible(timeout=20_000)

        desk.locator("[data-action=result]").click()
        desk.locator("#f-outcome").select_option("solved")
        desk.locator("#f-text").fill("Đã dọn sạch, có ảnh sau khi xử lý kèm theo.")
        desk.locator("#add-media").set_input_files(after)
        expect(desk.locator("#f-evidence input[type=checkbox]").first).to_be_checked()
        desk.locator("[data-form=result] button[type=submit]").click()
        expect(desk.locator(".casehead [data-state=resolved]")).to_be_visible()
        expect(phone.locator("[data-state=resolved]").first).to_be_visible(timeout=20_000)

        city.reporter(receipt, "rating", score=5)
        expect(desk.locator(".note.good")).to_be_visible(timeout=20_000)
    assert city.own(receipt)["rating"]["score"] == 5
