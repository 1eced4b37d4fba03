"""Check 23 in full: no network while sending, tab closed, reopened: one case with all its media.

What was picked is compared with the server's sealed originals, byte by byte.
"""

import base64
import json
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image
from pillow_heif import from_pillow
from playwright.sync_api import Browser, BrowserContext, Page, expect

from deploy.local.layout import ROOT
from tests.browser.desk_world import files
from tests.browser.driver import PHONE, Watch, opened
from tests.browser.reporting import describe, go_on, kept, locate, record_sound
from tests.browser.test_reporting import cases_with, own_view

LINK = "intake"
WAIT_S = 20
STORED = """async () => {
  const open = indexedDB.open('civic');
  const db = await new Promise((ok) => { open.onsuccess = () => ok(open.result); });
  const all = db.transaction('media').objectStore('media').getAll();
  const found = await new Promise((ok) => { all.onsuccess = () => ok(all.result); });
  db.close();
  const text = (bytes) => new Promise((ok) => {
    const reader = new FileReader();
    reader.onload = () => ok(reader.result.split(',')[1]);
    reader.readAsDataURL(new Blob([bytes]));
  });
  found.sort((a, b) => a.position - b.position);
  return Promise.all(found.map((each) => text(each.bytes)));
}"""


class Cuttable:
    """A way to intake that can be slow or cut, as the chaos runs use it."""

    def __init__(self, origin: str, control: int) -> None:
        self.origin = origin
        self._control = control

    def set(self, **faults: Any) -> None:
        """Give the link these faults and no others, and end what passes through it now."""
        order = {"link": LINK, "faults": faults, "reset": True}
        with socket.create_connection(("127.0.0.1", self._control), timeout=5) as control:
            control.sendall(json.dumps(order).encode() + b"\n")
            assert control.makefile().readline()


@pytest.fixture
def link(origins: list[str]) -> Iterator[Cuttable]:
    """Yield a link to intake, without faults yet."""
    control, port = _free(), _free()
    behind = urlsplit(origins[0])
    way = f"{LINK}={port}:{behind.hostname}:{behind.port}"
    program = [sys.executable, "-m", "tests.chaos.proxy", str(control), way]
    running = subprocess.Popen(program, cwd=ROOT)  # noqa: S603 - ours
    try:
        until = time.monotonic() + WAIT_S
        while not _answers(port) or not _answers(control):
            assert time.monotonic() < until, "the proxy does not come up"
            time.sleep(0.05)
        yield Cuttable(f"http://127.0.0.1:{port}", control)
    finally:
        running.terminate()
        running.wait(10)


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def phone_behind(
    browser: Browser, link: Cuttable, origins: list[str]
) -> Generator[tuple[BrowserContext, Watch]]:
    """A phone whose only way to intake is the link."""
    with opened(browser, [link.origin, origins[1]], PHONE) as (context, watch):
        watch.allow += ["ERR_", "Failed to load resource", "CORS"]  # the network is cut on purpose
        yield context, watch


def detailed(seed: int) -> bytes:
    """A photo with as much detail as one of a camera: large also after it was shrunk."""
    dice = random.Random(seed)
    out = BytesIO()
    Image.frombytes("RGB", (1600, 1200), dice.randbytes(1600 * 1200 * 3)).save(out, "JPEG")
    return out.getvalue()


def heic() -> bytes:
    """A photo of an iPhone, which Chromium cannot read: it is sent as it was picked."""
    out = BytesIO()
    from_pillow(Image.new("RGB", (640, 480), "#557788")).save(out, quality=60)
    return out.getvalue()


def compose(page: Page, words: str, folder: Path) -> list[bytes]:
    """Bring a report with two photos and two sounds to its last press; return what is kept."""
    picked = {"scene.jpg": detailed(1), "IMG_0001.HEIC": heic(), "voice.m4a": files()[1][1]}
    for name, content in picked.items():
        (folder / name).write_bytes(content)
    page.goto("/")
    page.get_by_test_id("camera").set_input_files(folder / "scene.jpg")
    expect(page.locator(".form .thumb")).to_have_count(1, timeout=30_000)
    for nth, name in enumerate(("IMG_0001.HEIC", "voice.m4a"), 2):
        page.get_by_test_id("album").set_input_files(folder / name)
        expect(page.locator(".form .thumb")).to_have_count(nth, timeout=30_000)
    record_sound(page)
    stored = [base64.b64decode(each) for each in page.evaluate(STORED)]
    assert stored[1:3] == [picked["IMG_0001.HEIC"], picked["voice.m4a"]]  # unchanged, as picked
    assert len(stored[0]) > 300_000
    go_on(page, "Ở đâu?")
    locate(page)
    go_on(page, "Việc gì?")
    describe(page, words)
    go_on(page, "Xem lại và gửi")
    page.locator("#terms").check()
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    return stored


def press_send(page: Page) -> None:
    """Send, and see that it is not called sent."""
    page.get_by_role("button", name="Gửi phản ánh").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chưa gửi xong")
    assert page.get_by_test_id("code").count() == 0


def arrived(context: BrowserContext, origins: list[str]) -> tuple[Page, dict[str, Any]]:
    """Open the pages again, wait for the receipt, and return what the server has."""
    page = context.new_page()
    page.goto("/mine")
    page.locator("a[href^='/r/DL-']").first.wait_for(timeout=90_000)
    (receipt,) = kept(page, "receipts")
    assert kept(page, "outbox") == kept(page, "media") == kept(page, "drafts") == []
    return page, own_view(origins, page, str(receipt["code"]))


def originals(origins: list[str], page: Page, view: dict[str, Any]) -> list[bytes]:
    """Fetch the sealed originals of a case with the reporter's token."""
    (receipt,) = kept(page, "receipts")
    headers = {"Authorization": f"Bearer {receipt['token']}"}
    links = [f"{origins[0]}{each['links']['original']}" for each in view["media"]]
    return [httpx.get(each, headers=headers).raise_for_status().content for each in links]


def one_case_with(
    origins: list[str], stack: dict[str, Any], words: str, context: BrowserContext
) -> list[bytes]:
    """Return the originals of the one case that has these words."""
    page, view = arrived(context, origins)
    assert [each["kind"] for each in view["media"]] == ["image", "image", "audio", "audio"]
    assert cases_with(stack, words) == 1
    found = originals(origins, page, view)
    page.wait_for_timeout(3000)  # a worker that woke late finds nothing to send
    assert cases_with(stack, words) == 1
    return found


def test_airplane_mode_while_sending_and_the_tab_closed(
    browser: Browser, link: Cuttable, origins: list[str], stack: dict[str, Any], tmp_path: Path
):
    words = f"Chế độ máy bay, rác tràn {uuid.uuid4()}"
    with phone_behind(browser, link, origins) as (context, _watch):
        page = context.new_page()
        picked = compose(page, words, tmp_path)
        context.set_offline(True)
        link.set(refuse=True)  # a worker that the browser wakes is not offline by itself
        press_send(page)
        page.close()
        again = context.new_page()
        again.goto("/mine")  # from the worker's shell
        expect(again.locator("[data-sending]").first).to_be_visible()
        again.close()
        assert cases_with(stack, words) == 0
        link.set()
        context.set_offline(False)
        assert one_case_with(origins, stack, words, context) == picked


def test_airplane_mode_in_the_middle_of_the_upload(
    browser: Browser, link: Cuttable, origins: list[str], stack: dict[str, Any], tmp_path: Path
):
    """A part of the bytes is on its way when the network and then the tab go."""
    words = f"Mất mạng giữa chừng, rác tràn {uuid.uuid4()}"
    with phone_behind(browser, link, origins) as (context, _watch):
        page = context.new_page()
        picked = compose(page, words, tmp_path)
        link.set(bytes_per_s=40_000)  # all of it would take ten seconds and more
        press_send(page)
        expect(page.locator("[data-sending=sending]").first).to_be_visible()
        page.wait_for_timeout(2000)
        context.set_offline(True)
        page.close()
        link.set(refuse=True)
        again = context.new_page()
        again.goto("/mine")
        expect(again.locator("[data-sending]").first).to_be_visible()
        assert kept(again, "receipts") == []
        assert len(kept(again, "media")) == len(picked)
        again.close()
        assert cases_with(stack, words) == 0
        link.set()
        context.set_offline(False)
        assert one_case_with(origins, stack, words, context) == picked


def test_a_connection_that_is_reset_in_the_middle_is_tried_again_by_itself(
    browser: Browser, link: Cuttable, origins: list[str], stack: dict[str, Any], tmp_path: Path
):
    words = f"Đường truyền bị cắt, rác tràn {uuid.uuid4()}"
    with phone_behind(browser, link, origins) as (context, _watch):
        page = context.new_page()
        picked = compose(page, words, tmp_path)
        link.set(cut_after=200_000)  # every try ends after a third of the bytes
        press_send(page)
        until = time.monotonic() + WAIT_S
        while not any(int(str(each["attempts"])) for each in kept(page, "outbox")):
            assert time.monotonic() < until, "no try has failed"
            page.wait_for_timeout(200)
        assert cases_with(stack, words) == 0
        link.set()
        page.get_by_test_id("code").wait_for(timeout=90_000)  # nobody pressed anything
        page.close()
        assert one_case_with(origins, stack, words, context) == picked
