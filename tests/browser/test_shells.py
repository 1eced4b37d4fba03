"""The shells: safe headers, two languages, nothing from elsewhere, light."""

import httpx
from playwright.sync_api import BrowserContext

from tests.browser.driver import violations


def test_a_shell_is_one_heading_in_the_language_of_the_reader(context: BrowserContext):
    page = context.new_page()
    page.goto("/")
    page.locator("h1").wait_for()

    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.lang") == "vi"
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Tiếng Việt").wait_for()
    page.reload()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert violations(page) == []


def test_what_is_compressed_is_what_is_plain(origins: list[str]):
    shell = httpx.get(f"{origins[0]}/", headers={"Accept-Encoding": "gzip"})
    script = shell.text.split('type="module" src="')[1].split('"')[0]

    plain = httpx.get(f"{origins[0]}{script}", headers={"Accept-Encoding": "identity"})
    gz = httpx.get(f"{origins[0]}{script}", headers={"Accept-Encoding": "gzip, br;q=0"})

    assert "content-encoding" not in plain.headers
    assert gz.headers["content-encoding"] == "gzip"
    assert gz.text == plain.text
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert shell.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in shell.headers["content-security-policy"]
    tag = shell.headers["etag"]
    again = httpx.get(f"{origins[0]}/", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
    assert again.status_code == 304
