"""A real browser that fails a test for what people must never meet.

Any request to another origin, a violation of the content security policy, an error in the console
or an uncaught exception fails the test in which it happened.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Route

NO_SYNC = "delete window.ServiceWorkerRegistration?.prototype.sync"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a clock, a microphone that beeps
    "--use-fake-ui-for-media-stream",
)
HERE = {"latitude": 11.9404, "longitude": 108.4383, "accuracy": 12}  # the market
SEEN = ("camera", "microphone", "geolocation")


@dataclass(frozen=True)
class Size:
    """A screen: CSS pixels, and whether fingers touch it."""

    name: str
    width: int
    height: int
    touch: bool


PHONE = Size("phone", 390, 844, touch=True)
DESKTOP = Size("desktop", 1440, 900, touch=False)
WALL = Size("wall", 1920, 1080, touch=False)
SIZES = (PHONE, DESKTOP)


@dataclass
class Watch:
    """What a context did that it must not; `allow` names what a test brings about on purpose."""

    origins: frozenset[str]
    allow: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Keep a fault unless a test said that it will happen."""
        if not any(re.search(each, text) for each in self.allow):
            self.faults.append(text)

    def route(self, route: Route) -> None:
        """Let requests to our own origins pass; stop and keep every other one."""
        url = route.request.url
        if url.startswith(("data:", "blob:")) or any(url.startswith(o) for o in self.origins):
            route.fallback()
            return
        self.fault(f"request to another origin: {url}")
        route.abort()

    def console(self, message: ConsoleMessage) -> None:
        """Keep errors; a violated policy is one of them."""
        if message.type == "error":
            self.fault(f"console: {message.text} ({message.location.get('url', '')})")


def launch(playwright: Playwright, program: Path) -> Browser:
    """Start Debian's Chromium as it is; nothing is downloaded."""
    return playwright.chromium.launch(
        executable_path=str(program), args=list(FLAGS), chromium_sandbox=False
    )


@contextmanager
def opened(
    browser: Browser,
    origins: Sequence[str],
    size: Size = PHONE,
    **more: Any,
) -> Iterator[tuple[BrowserContext, Watch]]:
    """Yield a fresh context of a screen size; at its end every fault fails the test."""
    options: dict[str, Any] = {
        "viewport": {"width": size.width, "height": size.height},
        "has_touch": size.touch,
        "is_mobile": size.touch,
        "device_scale_factor": 2 if size.touch else 1,
        "locale": "vi-VN",
        "timezone_id": "Asia/Ho_Chi_Minh",
        "geolocation": HERE,
        "permissions": list(SEEN),
        "base_url": origins[0],
        "reduced_motion": "reduce",
        **more,
    }
    watch = Watch(frozenset(each.rstrip("/") for each in origins))
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    context.route("**/*", watch.route)
    context.on("console", watch.console)
    context.on("weberror", lambda error: watch.fault(f"uncaught: {error.error}"))
    try:
        yield context, watch
    finally:
        context.close()
    assert watch.faults == [], "\n".join(watch.faults)


def offline(context: BrowserContext) -> None:
    """Take the network away, also from the worker.

    A worker that the browser wakes for a background sync does not know of the emulation and would
    send: from here on no page asks for one, as on browsers that have none.
    """
    context.add_init_script(NO_SYNC)
    for page in context.pages:
        page.evaluate(NO_SYNC)
    context.set_offline(True)


def holds(page: Page, expression: str, wait_s: float = 10) -> None:
    """Wait until an expression is true in the page.

    Not by `wait_for_function`: when it has to ask again it evaluates a string, and our content
    policy forbids that.
    """
    for _ in range(int(wait_s * 20)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within {wait_s} s: {expression}")


def violations(page: Page, *, only: str | None = None) -> list[str]:
    """Return what axe-core finds serious or critical on the page, as sentences."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - reads 600 kB

    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    # the script goes around the policy of the page as DevTools do; nothing of ours is loosened
    found = Axe().run(page, context=only, options={"runOnly": {"type": "tag", "values": tags}})
    return [
        f"{each['impact']} {each['id']}: {node['target']} {node['html'][:160]}"
        for each in found.response["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
