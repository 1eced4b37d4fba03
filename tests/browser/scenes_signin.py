"""Pictures of the way into the desk, and accounts that have just been issued."""

import uuid
from typing import Any

import httpx
from playwright.sync_api import Page

from tests.browser.scenes import scene


def newcomer(stack: dict[str, Any]) -> tuple[str, str]:
    """Issue an account; return its username and the password that it has to change."""
    boss = next(each for each in stack["accounts"] if each["role"] == "administrator")
    form = {"username": boss["username"], "password": boss["password"]}
    username = f"new.{uuid.uuid4().hex[:12]}"
    body = {
        "username": username,
        "display_name": "Cán bộ mới",
        "role": "officer",
        "unit": "ward_3",
        "email": f"{username}@example.com",
    }
    with httpx.Client(base_url=f"{stack['intake']}/api/v1", timeout=30) as client:
        signed = client.post("/auth/token", data=form).raise_for_status().json()
        headers = {"Authorization": f"Bearer {signed['access_token']}"}
        answer = client.post("/admin/accounts", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return username, answer.json()["one_time_password"]


_ISSUED: dict[str, tuple[str, str]] = {}


def arrive(page: Page, username: str, password: str) -> None:
    """Sign in with a password that somebody else has chosen."""
    page.goto("/desk")
    page.locator("#signin-name").fill(username)
    page.locator("#signin-password").fill(password)
    page.locator("form button[type=submit]").click()
    page.locator("#new-password").wait_for()


@scene("desk-signin")
def signin(page: Page, _stack: dict[str, Any]) -> None:
    page.goto("/desk")
    page.locator("#signin-name").wait_for()


@scene("desk-signin-refused", themes=("light",))
def signin_refused(page: Page, _stack: dict[str, Any]) -> None:
    page.goto("/desk")
    page.locator("#signin-name").fill("officer.ward_1")
    page.locator("#signin-password").fill("sai mật khẩu rồi")
    page.get_by_role("button", name="Đăng nhập").click()
    page.locator(".summary").wait_for()


@scene("desk-signin-missing", themes=("light",))
def signin_missing(page: Page, _stack: dict[str, Any]) -> None:
    page.goto("/desk")
    page.get_by_role("button", name="Đăng nhập").click()
    page.locator(".summary").wait_for()


@scene("desk-first-signin")
def first_signin(page: Page, stack: dict[str, Any]) -> None:
    """The first page that every new official meets; nobody changes this one's password."""
    if stack["intake"] not in _ISSUED:
        _ISSUED[stack["intake"]] = newcomer(stack)
    arrive(page, *_ISSUED[stack["intake"]])


@scene("desk-first-signin-missing", themes=("light",))
def first_signin_missing(page: Page, stack: dict[str, Any]) -> None:
    first_signin(page, stack)
    page.locator("#new-password").fill("ngắn quá")
    page.get_by_role("button", name="Đổi mật khẩu").click()
    page.locator(".summary").wait_for()
