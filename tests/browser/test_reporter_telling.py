"""How people hear of a report: following, channels with consent, confirming an address, push."""

import json
import re
import uuid
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.desk_world import assigned
from tests.browser.driver import PHONE, SEEN, violations
from tests.browser.reporting import kept
from tests.e2e.client import City, eventually

KEYS = {
    "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQt"
    "UbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
    "auth": "tBHItJI5svbpez7KI4CCXg",
}


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    """The API."""
    city = City(stack)
    yield city
    city.close()


@pytest.fixture
def address() -> str:
    """An address that nobody else has."""
    return f"{uuid.uuid4().hex[:12]}@example.com"


def start_following(page: Page, code: str) -> None:
    """Open somebody else's report and follow it."""
    page.goto(f"/r/{code}")
    page.get_by_role("button", name="Theo dõi việc này").click()
    page.get_by_role("button", name="Chọn cách nhận tin").wait_for()


def asked_at(city: City, address: str) -> tuple[str, str]:
    """Return the code and the link's token of the one message that asked."""

    def look() -> tuple[str, str] | None:
        for path in Path(city.stack["mail"]).glob("*.eml"):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            if mail["X-Envelope-To"] == address:
                text = mail.get_content()
                code, link = re.search(r"\b(\d{6})\b", text), re.search(r"/confirm#(\S+)", text)
                return (code[1], link[1]) if code and link else None
        return None

    found = eventually(look, 40)
    assert found
    return found


def chosen(origins: list[str], page: Page, code: str) -> dict[str, Any]:
    """Ask the server how the follower of this browser is told."""
    (token,) = [str(each["token"]) for each in kept(page, "receipts") if each["code"] == code]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{origins[0]}/api/v1/reports/{code}/follow", headers=headers).json()


def test_a_report_is_followed_by_mail_with_consent_and_left_again(
    context: BrowserContext, city: City, origins: list[str], address: str
):
    code = assigned(city)["code"]
    page = context.new_page()
    start_following(page, code)
    assert violations(page) == []
    page.get_by_role("button", name="Chọn cách nhận tin").click()
    page.get_by_role("button", name="Lưu", exact=True).click()
    expect(page.get_by_label("Thư điện tử", exact=True).last).to_have_attribute(
        "aria-invalid", "true"
    )
    expect(page.locator("#told-email")).to_be_focused()
    expect(page.locator("#told-consent-error")).to_be_visible()
    assert violations(page) == []
    page.locator("#told-email").fill(address)
    page.locator("#told-consent").check()
    page.get_by_role("button", name="Lưu", exact=True).click()
    expect(page.locator(".told")).to_contain_text("chờ xác nhận")
    assert chosen(origins, page, code)["unconfirmed"] == ["email"]

    digits, _ = asked_at(city, address)
    page.reload()  # the wish is the server's, not the page's
    page.get_by_label("Mã xác nhận").fill(digits)
    assert violations(page) == []
    page.get_by_role("button", name="Xác nhận").click()
    expect(page.locator(".told")).not_to_contain_text("chờ xác nhận")
    shown = chosen(origins, page, code)
    assert (shown["channels"], shown["unconfirmed"]) == (["email"], [])

    page.get_by_role("button", name="Ngừng nhận tin").click()
    expect(page.locator(".told")).to_contain_text("Hiện không báo tin")
    assert chosen(origins, page, code)["channels"] == []
    page.get_by_role("button", name="Thôi theo dõi").click()
    expect(page.get_by_role("button", name="Theo dõi việc này")).to_be_visible()
    assert kept(page, "receipts") == []
    assert httpx.get(f"{origins[0]}/api/v1/reports/{code}").json()["followers"] == 0


def test_a_wrong_code_says_so_and_nothing_is_confirmed(
    open_context: Open, city: City, origins: list[str], address: str
):
    code = assigned(city)["code"]
    with open_context(PHONE) as (context, watch):
        watch.allow.append(r"status of (4\d\d)")
        page = context.new_page()
        start_following(page, code)
        page.get_by_role("button", name="Chọn cách nhận tin").click()
        page.locator("#told-email").fill(address)
        page.locator("#told-consent").check()
        page.get_by_role("button", name="Lưu", exact=True).click()
        digits, _ = asked_at(city, address)
        page.get_by_label("Mã xác nhận").fill(f"{(int(digits) + 1) % 1_000_000:06d}")
        page.get_by_role("button", name="Xác nhận").click()
        expect(page.locator("#told-code-error")).to_contain_text("không đúng")
        expect(page.locator("#told-code")).to_have_attribute("aria-invalid", "true")
        assert chosen(origins, page, code)["unconfirmed"] == ["email"]


def test_the_link_of_the_mail_is_a_page_that_asks_for_a_press(
    context: BrowserContext, city: City, address: str
):
    code = assigned(city)["code"]
    wish = {"channels": ["email"], "email": address, "language": "vi"}
    started = city.intake.post(f"/reports/{code}/follow", json=wish).json()
    own = {"Authorization": f"Bearer {started['follow_token']}"}
    _, token = asked_at(city, address)
    urls: list[str] = []
    context.on("request", lambda request: urls.append(request.url))
    page = context.new_page()
    page.goto(f"/confirm#{token}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Xác nhận nhận tin")
    assert violations(page) == []
    assert city.intake.get(f"/reports/{code}/follow", headers=own).json()["unconfirmed"]

    page.get_by_role("button", name="Đúng, báo tin cho tôi").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã xác nhận")
    assert city.intake.get(f"/reports/{code}/follow", headers=own).json()["unconfirmed"] == []
    assert token not in page.url
    assert not [url for url in urls if token in url]
    assert violations(page) == []
    page.get_by_role("link", name="Theo dõi", exact=True).click()
    page.get_by_role("heading", name="Các bước").wait_for()


def test_a_reporter_chooses_and_ends_how_they_are_told(
    context: BrowserContext, city: City, address: str
):
    receipt = assigned(city, reporter={"kind": "business", "email": address, "language": "vi"})
    told = f"/reports/{receipt['code']}/notifications"
    own = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    page = context.new_page()
    page.goto(f"/r/{receipt['code']}#t={receipt['tracking_token']}")
    expect(page.locator(".told")).to_contain_text("liên hệ bạn đã để lại")
    page.get_by_role("button", name="Ngừng nhận tin").click()
    expect(page.locator(".told")).to_contain_text("Hiện không báo tin")
    assert city.intake.get(told, headers=own).json()["channels"] == []
    page.get_by_role("button", name="Chọn cách nhận tin").click()
    page.locator("#told-consent").check()
    page.get_by_role("button", name="Lưu", exact=True).click()  # the known address is kept
    expect(page.locator(".told-now")).to_contain_text("Thư điện tử")
    assert city.intake.get(told, headers=own).json()["channels"] == ["email"]


def test_only_the_channels_of_this_installation_are_offered(
    open_context: Open, city: City, origins: list[str]
):
    code = assigned(city)["code"]
    listed = httpx.get(f"{origins[1]}/api/v1/channels").raise_for_status().json()["items"]
    names = {"email": "Thư điện tử", "zalo": "Zalo", "sms": "SMS"}
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        start_following(page, code)
        page.get_by_role("button", name="Chọn cách nhận tin").click()
        ways = " ".join(page.locator(".told-ways .choice").all_inner_texts())
        assert "Thư điện tử" in ways
        there = {each["id"] for each in listed}
        assert {one for one, words in names.items() if words in ways} == there & names.keys()


SUBSCRIBED = """
  PushManager.prototype.subscribe = async (options) => {
    window.asked = options;
    return { toJSON: () => (SUBSCRIPTION) };
  };
"""


def test_push_is_asked_for_by_the_browser_and_kept_with_the_followers_secret(
    open_context: Open, city: City, origins: list[str]
):
    """The push service itself is a double: Debian's Chromium knows none without a network."""
    code = assigned(city)["code"]
    subscription = {"endpoint": "https://push.example.com/one", "keys": KEYS}
    sent: list[tuple[dict[str, Any], str]] = []

    def keep(route: Route) -> None:
        if route.request.method == "OPTIONS":
            route.fallback()
            return
        body = json.loads(route.request.post_data or "{}")
        sent.append((body, route.request.headers["authorization"]))
        allow = {"Access-Control-Allow-Origin": origins[0]}
        route.fulfill(status=201, headers=allow, json={"id": "one"})

    with open_context(PHONE, permissions=[*SEEN, "notifications"]) as (context, _watch):
        context.add_init_script(SUBSCRIBED.replace("SUBSCRIPTION", json.dumps(subscription)))
        context.route("**/api/v1/push/subscriptions", keep)
        page = context.new_page()
        start_following(page, code)
        page.get_by_role("button", name="Chọn cách nhận tin").click()
        page.locator(".told-ways .choice", has_text="Thông báo trên máy này").click()
        page.locator(".told-ways .choice", has_text="Thư điện tử").click()  # taken out again
        page.locator("#told-consent").check()
        page.get_by_role("button", name="Lưu", exact=True).click()
        expect(page.locator(".told-now")).to_contain_text("Thông báo trên máy này")
        key = httpx.get(f"{origins[1]}/api/v1/push/key").json()["public_key"]
        assert page.evaluate("window.asked") == {
            "userVisibleOnly": True,
            "applicationServerKey": key,
        }
        assert chosen(origins, page, code)["channels"] == ["push"]
        (receipt,) = kept(page, "receipts")
        assert sent == [({**subscription, "code": code}, f"Bearer {receipt['token']}")]


def test_a_push_is_shown_and_leads_to_the_report(open_context: Open, city: City):
    code = assigned(city)["code"]
    said = {"title": "Phản ánh có kết quả", "tag": "t1", "code": code, "status": "Đã có kết quả"}
    with open_context(PHONE, permissions=[*SEEN, "notifications"]) as (context, _watch):
        page = context.new_page()
        page.goto(f"/r/{code}")
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        session = context.new_cdp_session(page)
        versions: list[dict[str, Any]] = []

        def note(event: dict[str, Any]) -> None:
            versions.extend(event["registrations"])

        session.on("ServiceWorker.workerRegistrationUpdated", note)
        session.send("ServiceWorker.enable")
        page.wait_for_timeout(500)
        message = {"origin": page.evaluate("location.origin"), "data": json.dumps(said)}
        registration = versions[-1]["registrationId"]
        session.send(
            "ServiceWorker.deliverPushMessage", {**message, "registrationId": registration}
        )
        shown = page.evaluate(
            """async () => {
              const registration = await navigator.serviceWorker.ready;
              for (let n = 0; n < 50; n += 1) {
                const [one] = await registration.getNotifications();
                if (one) return { title: one.title, body: one.body, tag: one.tag, data: one.data };
                await new Promise((ok) => setTimeout(ok, 100));
              }
              return null;
            }"""
        )
        assert shown == {
            "title": said["title"],
            "body": f"{code} · Đã có kết quả",
            "tag": "t1",
            "data": {"code": code},
        }
