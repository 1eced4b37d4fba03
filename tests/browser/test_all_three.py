"""Report, result, rating: the three clients side by side on one stack, by hand, and recorded."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk_world import files, sign_in
from tests.browser.driver import DESKTOP, PHONE, WALL
from tests.browser.recording import Recording, traced
from tests.browser.reporting import describe, go_on, locate, record_sound, send, take_photo
from tests.browser.scenes_wall import open_wall
from tests.e2e.client import City, eventually

NAME = "report-to-rating"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API, to look at what the pages did."""
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
        traced({"phone": phones, "desk": desks, "wall": walls}, NAME),
    ):
        phone, desk, wall = phones.new_page(), desks.new_page(), walls.new_page()
        film = Recording(NAME, {"phone": phone, "desk": desk, "wall": wall})
        open_wall(wall, stack)
        before, rated = _open_on(wall), _rated(city)
        desk.goto("/desk")
        code = _report(phone, film)
        unit = eventually(lambda: _unit_of(city, code))
        expect(wall.locator(".feed")).to_contain_text("Môi trường", timeout=20_000)
        expect(_opens(wall)).to_have_text(str(before + 1), timeout=20_000)
        film.step("the wall shows it")
        _resolve(desk, stack, f"officer.{unit}", code, after, film)
        expect(wall.locator(".feed")).to_contain_text("Đã có kết quả", timeout=20_000)
        expect(_opens(wall)).to_have_text(str(before), timeout=20_000)
        film.step("the wall counts it as done")
        _rate(phone, code, film)
        expect(desk.locator(".note.good")).to_be_visible(timeout=20_000)
        expect(wall.locator(".feed")).to_contain_text("Người dân đánh giá", timeout=20_000)
        eventually(lambda: _rated(city) == rated + 1)
        film.step("desk and wall see the rating")
        path = film.film()
    with Image.open(path) as made:
        assert getattr(made, "n_frames", 1) >= 9
    assert (path.parent / "trace-desk.zip").stat().st_size > 0
    shown = city.official(unit).case(code)
    assert shown["rating"]["score"] == 5
    assert {each["kind"] for each in shown["media"] if each["from"] == "reporter"} == {
        "image",
        "audio",
    }
    assert [each["outcome"] for each in shown["results"]] == ["solved"]


def _opens(wall: Page) -> Locator:
    return wall.locator("[data-figure=open] b")


def _open_on(wall: Page) -> int:
    return int(_opens(wall).inner_text())


def _rated(city: City) -> int:
    counted: int = city.notify.get("/ioc/summary").json()["rated"]
    return counted


def _unit_of(city: City, code: str) -> str | None:
    answer: httpx.Response = city.intake.get(f"/reports/{code}")
    found = answer.json()
    return found["unit"] if found["state"] == "assigned" else None


def _report(phone: Page, film: Recording) -> str:
    """Report with a photo and a recording, as a person with a telephone does."""
    phone.goto("/")
    take_photo(phone)
    record_sound(phone)
    film.step("photo and sound")
    go_on(phone, "Ở đâu?")
    locate(phone)
    film.step("the place")
    go_on(phone, "Việc gì?")
    describe(phone)
    other = phone.get_by_role("button", name="Không, gửi việc mới")
    phone.wait_for_timeout(800)  # what is known nearby is asked of the server
    if other.is_visible():
        other.click()
    go_on(phone, "Xem lại và gửi")
    phone.locator("#terms").check()
    film.step("checked before sending")
    code = send(phone)
    film.step("the receipt")
    return code


def _resolve(
    desk: Page, stack: dict[str, Any], officer: str, code: str, after: Path, film: Recording
) -> None:
    """Take the case on and publish a result with a photo."""
    sign_in(desk, stack, officer, f"/desk/cases/{code}")
    expect(desk.locator("audio")).to_be_visible()
    film.step("the officer sees it")
    desk.locator("[data-action=accept]").click()
    desk.locator("[data-form=accept] button[type=submit]").click()
    desk.locator("[data-action=result]").click()
    desk.locator("#f-outcome").select_option("solved")
    desk.locator("#f-text").fill("Đã dọn sạch, có ảnh sau khi xử lý kèm theo.")
    desk.locator("#add-media").set_input_files(after)
    expect(desk.locator("#f-evidence input[type=checkbox]").first).to_be_checked()
    film.step("the result with its photo")
    desk.locator("[data-form=result] button[type=submit]").click()
    expect(desk.locator(".casehead [data-state=resolved]")).to_be_visible()


def _rate(phone: Page, code: str, film: Recording) -> None:
    """Follow it on the same telephone, and say that it is fixed."""
    phone.goto(f"/r/{code}")
    expect(phone.locator("[data-state=resolved]").first).to_be_visible(timeout=20_000)
    phone.get_by_role("button", name="Đã giải quyết", exact=True).click()
    phone.locator(".stars label").nth(4).click()
    film.step("five stars")
    phone.locator(".actions .btn.primary").last.click()
    expect(phone.locator(".actions [role=status]")).to_be_visible(timeout=20_000)
