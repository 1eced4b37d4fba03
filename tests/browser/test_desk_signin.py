"""The way into the desk: forms say in our words what they miss; a new official's first password."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driver import DESKTOP, PHONE, Size, violations
from tests.browser.scenes_signin import arrive, newcomer
from tests.browser.scenes_wall import locked

Open = Callable[..., Any]
OWN = "bốn con mèo trên mái nhà thờ"


def marked(page: Page, field: str, words: str) -> None:
    """Check that a field is marked with these words, and that the summary leads to it."""
    expect(page.locator(".summary")).to_be_focused()
    expect(page.locator(f".summary a[href='#{field}']")).to_have_text(words)
    expect(page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
    described = page.locator(f"#{field}").get_attribute("aria-describedby") or ""
    expect(page.locator(f"#{described.split()[-1]}")).to_contain_text(words)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=lambda each: each.name)
def test_a_new_official_chooses_a_password_and_is_told_what_it_needs(
    open_context: Open, stack: dict[str, Any], size: Size
):
    username, given = newcomer(stack)
    with open_context(size) as (context, watch):
        watch.allow.append("401")  # the wrong password
        watch.allow.append("422")  # the one that is too easy to guess
        page = context.new_page()
        arrive(page, username, given)
        expect(page.locator("#new-password-hint")).to_contain_text("12 ký tự")
        send = page.locator("form button[type=submit]")

        send.click()
        marked(page, "current-password", "Hãy nhập mật khẩu được cấp.")
        page.locator("#current-password").fill("không phải mật khẩu này")
        page.locator("#new-password").fill("mười một ký")
        send.click()
        marked(page, "new-password", "Mật khẩu mới cần ít nhất 12 ký tự.")
        page.get_by_role("button", name="English").click()
        marked_words = page.locator(".summary a[href='#new-password']")
        expect(marked_words).to_have_text("The new password needs at least 12 characters.")
        page.locator("#new-password").fill("password2026password")
        send.click()
        expect(page.locator("#new-password-error")).to_contain_text("oo easy to guess")
        page.locator("#new-password").fill(OWN)
        send.click()
        expect(page.locator("#current-password-error")).to_contain_text("password is wrong")
        assert violations(page) == []

        page.locator("#current-password").fill(given)
        send.click()
        expect(page.locator("header.top")).to_be_visible()


def test_who_is_not_the_new_official_can_leave_the_page(open_context: Open, stack: dict[str, Any]):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        arrive(page, *newcomer(stack))
        page.get_by_role("button", name="Đăng xuất").click()
        expect(page.locator("#signin-name")).to_be_visible()
        page.reload()
        expect(page.locator("#signin-name")).to_be_visible()


def test_an_empty_sign_in_is_answered_in_the_readers_language(open_context: Open):
    with open_context(DESKTOP) as (context, _watch):
        page = context.new_page()
        page.goto("/desk")
        page.locator("form button[type=submit]").click()
        marked(page, "signin-name", "Hãy nhập tên đăng nhập.")
        expect(page.locator("#signin-password-error")).to_contain_text("Hãy nhập mật khẩu.")
        page.get_by_role("button", name="English").click()
        expect(page.locator("#signin-name-error")).to_contain_text("Please enter your username.")


def test_an_empty_door_of_the_wall_is_answered_in_the_readers_language(
    open_context: Open, stack: dict[str, Any]
):
    with open_context(DESKTOP) as (context, watch):
        watch.allow.append("401")  # a screen without a token is asked for one
        page = context.new_page()
        locked(page, stack)
        page.locator("form.card button[type=submit]").click()
        marked(page, "token", "Hãy nhập mã truy cập.")
        page.get_by_role("button", name="English").click()
        expect(page.locator("#token-error")).to_contain_text("Please enter the access token.")
