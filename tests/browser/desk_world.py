"""Cases for the desk's pages, made over the public API as people and officials make them."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from playwright.sync_api import Page

from deploy.local.sample_media import photo, sound
from tests.e2e.client import City, report

WARD = "ward_1"
HELPERS = ("health", "urban_management")  # who are asked to help with a case of the ward
LONG_WORDS = (
    "Đường Nguyễn Văn Trỗi đoạn trước số 12 ngập nước, ổ gà lớn, xe máy ngã nhiều lần; "
    "Ễ Ỗ Ậ Ợ Ẵ, dấu chồng không được cắt. "
) * 12


@cache
def files() -> list[tuple[str, bytes, str]]:
    """A photo and a recording of the same spot."""
    at = datetime.now(UTC)
    here = {"lat": 11.9404, "lon": 108.4383}
    return [
        ("scene.jpg", photo("environment", taken_at=at, **here), "image/jpeg"),
        ("voice.m4a", sound(3, voice=1, made_at=at, **here), "audio/mp4"),
    ]


def send(city: City, *, with_files: bool = False, **changes: Any) -> dict[str, Any]:
    """Send a report and return its receipt once the case lies with a unit."""
    body = report(**changes)
    answer = city.send(body, files() if with_files else None)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def assigned(city: City, **changes: Any) -> dict[str, Any]:
    """A report that lies with the first ward."""
    receipt = send(city, **changes)
    city.in_state(receipt, "assigned")
    return receipt


def _spot(n: int) -> dict[str, float]:
    """One of some places in the middle of the city."""
    return {"lat": 11.9404 + 0.0021 * (n % 3), "lon": 108.4383 + 0.0026 * (n // 3)}


def inbox_of_a_ward(city: City, count: int = 6) -> list[dict[str, Any]]:
    """Some cases of one ward in several states, with and without evidence."""
    made = [assigned(city, with_files=n % 2 == 0, location=_spot(n)) for n in range(count)]
    officer = city.official(WARD)
    officer.act(made[0]["code"], "accept")
    officer.act(made[1]["code"], "accept")
    officer.act(made[1]["code"], "dispatch", officer="Tổ trật tự")
    return made


def sign_in(page: Page, stack: dict[str, Any], username: str, path: str = "/desk") -> None:
    """Sign in as a person does."""
    password = next(a["password"] for a in stack["accounts"] if a["username"] == username)
    page.goto(path)
    page.locator("#signin-name").fill(username)
    page.locator("#signin-password").fill(password)
    page.get_by_role("button", name="Đăng nhập").click()
    page.locator("header.top").wait_for()


def coordinated(city: City, expected: datetime) -> dict[str, Any]:
    """A report of the first ward; others help until a later date that the Office approved."""
    receipt = assigned(city)
    body = {"units": list(HELPERS), "expected_at": expected.isoformat(), "text": "Cần phối hợp."}
    city.official(WARD).act(receipt["code"], "coordination", **body)
    city.office().act(receipt["code"], "coordination/approve")
    return receipt


def resolved(stack: dict[str, Any]) -> dict[str, Any]:
    """A report of a phone that has its result, with a photo before and one after."""
    city = City(stack)
    receipt = assigned(city, with_files=True, text=LONG_WORDS)
    officer = city.official(WARD)
    code = receipt["code"]
    officer.act(code, "accept")
    kept = officer.add_media(code, files()[:1])["media"]
    said = "Đã dọn sạch, có ảnh sau khi xử lý kèm theo, đơn vị sẽ theo dõi thêm một tuần."
    visit = datetime.now(UTC) - timedelta(minutes=1)
    more = {"officer": "Cán bộ trực", "site_visit_at": visit.isoformat()}
    officer.act(code, "result", outcome="solved", text=said, evidence=[kept[-1]["id"]], **more)
    city.close()
    return receipt


@cache
def _busy(intake: str, notify: str) -> None:
    city = City({"intake": intake, "notify": notify, "accounts": [], "mail": ""})
    for n, ward in enumerate(("Phường 1", "Phường 2", "Phường 9", "Phường 10")):
        for m in range(3):
            place = {"lat": 11.935 + 0.006 * n, "lon": 108.43 + 0.005 * m}
            send(city, area=ward, location=place, category=("environment", "urban_order")[m % 2])
    city.close()


def a_busy_city(stack: dict[str, Any]) -> None:
    """Reports in several wards, once for a stack."""
    _busy(stack["intake"], stack["notify"])
