"""A running stack with built pages, and a browser: what every browser test starts from."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from deploy.local import stack as stacks
from deploy.local.tools import bring_browser
from tests.browser.driver import SIZES, Size, Watch, launch, opened

Open = Callable[..., AbstractContextManager[tuple[BrowserContext, Watch]]]


@pytest.fixture(scope="session")
def stack() -> Iterator[dict[str, Any]]:
    """A whole stack: the one whose stack.json BROWSER_STACK names, else one of its own.

    Never the other tests' stack: theirs holds thousands of cases, and an inbox shows the first.
    """
    given = os.environ.get("BROWSER_STACK")
    if given:
        yield json.loads(Path(given).read_text())
        return
    with stacks.temporary(with_services=True, say=print) as layout:
        yield json.loads(layout.stack_file.read_text())


@pytest.fixture(scope="session")
def browser(built: None) -> Iterator[Browser]:  # noqa: ARG001 - what is built comes first
    """Debian's Chromium; it is installed when it is missing."""
    program = bring_browser(print)
    with sync_playwright() as playwright:
        running = launch(playwright, program)
        yield running
        running.close()


@pytest.fixture(scope="session")
def origins(built: None, stack: dict[str, Any]) -> list[str]:  # noqa: ARG001 - as above
    """Where intake and notify are."""
    return [stack["intake"], stack["notify"]]


@pytest.fixture
def open_context(browser: Browser, origins: list[str]) -> Open:
    """Open a context by hand: a size, and what Playwright's `new_context` takes."""
    return partial(opened, browser, origins)


@pytest.fixture(params=SIZES, ids=lambda each: each.name)
def size(request: pytest.FixtureRequest) -> Size:
    """A phone, then a desktop."""
    return request.param


@pytest.fixture
def context(open_context: Open, size: Size) -> Iterator[BrowserContext]:
    """A fresh context of each size, with faults watched."""
    with open_context(size) as (found, _watch):
        yield found
