"""What a phone keeps when the tab goes, the build changes or the device is full."""

import io
import os
import re
import subprocess
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import av
import httpx
from playwright.sync_api import Page, expect

from deploy import pages
from deploy.local.layout import ROOT
from tests.browser.conftest import Open
from tests.browser.driver import PHONE
from tests.browser.reporting import describe, fill_all, go_on, kept, locate, send, take_photo
from tests.browser.test_reporting import own_view

STATIC = ROOT / "services" / "intake" / "static"
PIECES = """async () => {
  const open = indexedDB.open('civic');
  const db = await new Promise((ok) => { open.onsuccess = () => ok(open.result); });
  const all = db.transaction('kept').objectStore('kept').getAll(
    IDBKeyRange.bound('sound:', 'sound:~'));
  const found = await new Promise((ok) => { all.onsuccess = () => ok(all.result); });
  db.close();
  return found.map((each) => each.value.bytes.byteLength);
}"""


def test_a_recording_whose_tab_is_closed_is_kept_to_the_last_second(
    open_context: Open, origins: list[str]
):
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Ghi âm").click()
        page.locator(".recording").wait_for()
        page.wait_for_timeout(4500)
        pieces = page.evaluate(PIECES)
        assert len(pieces) >= 3
        assert all(size > 0 for size in pieces)
        page.close()  # without a word: nothing was stopped

        again = context.new_page()
        again.goto("/")
        expect(again.locator(".form .thumb audio")).to_have_count(1)
        (sound,) = kept(again, "media")
        assert sound["kind"] == "audio"
        assert int(str(sound["duration_ms"])) >= 2500
        assert again.evaluate(PIECES) == []
        again.reload()
        expect(again.locator(".form .thumb audio")).to_have_count(1)

        take_photo(again)
        go_on(again, "Ở đâu?")
        locate(again)
        go_on(again, "Việc gì?")
        describe(again, f"Ghi âm dở dang, rác {uuid.uuid4()}")
        again.wait_for_timeout(500)
        if again.get_by_role("button", name="Không, gửi việc mới").is_visible():
            again.get_by_role("button", name="Không, gửi việc mới").click()
        go_on(again, "Xem lại và gửi")
        again.locator("#terms").check()
        view = own_view(origins, again, send(again))
        assert sorted(each["kind"] for each in view["media"]) == ["audio", "image"]
        assert sound["sha256"] in {each["sha256"] for each in view["media"]}


def test_a_recording_in_another_tab_is_left_alone(open_context: Open):
    with open_context(PHONE) as (context, _watch):
        one = context.new_page()
        one.goto("/")
        one.get_by_role("button", name="Ghi âm").click()
        one.locator(".recording").wait_for()
        one.wait_for_timeout(2500)
        before = len(one.evaluate(PIECES))
        assert before >= 1
        two = context.new_page()
        two.goto("/")
        two.locator("#take-photo").wait_for()
        two.wait_for_timeout(500)
        assert two.locator(".form .thumb").count() == 0
        assert kept(two, "media") == []
        two.close()


def test_a_new_build_keeps_the_draft_and_the_old_files_are_still_there(
    open_context: Open, origins: list[str]
):
    """Check 28: another worker takes over while a draft is open."""
    words = f"Nháp đang mở, rác {uuid.uuid4()}"
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        fill_all(page, words)
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        used = page.evaluate(
            "performance.getEntriesByType('resource').map((e) => e.name)"
            ".filter((name) => /static\\/.*-[A-Z0-9]{8}\\.js/.test(name))"
        )
        assert used
        took_over = """async () => {
          const changed = new Promise((ok) => {
            navigator.serviceWorker.addEventListener('controllerchange', () => ok(true));
          });
          const registration = await navigator.serviceWorker.getRegistration();
          await registration.update();
          const fresh = registration.installing ?? registration.waiting;
          if (!fresh) return 'no new worker';
          fresh.postMessage('take-over');
          fresh.addEventListener('statechange', () => fresh.postMessage('take-over'));
          return Promise.race([changed, new Promise((ok) => setTimeout(() => ok('late'), 10000))]);
        }"""
        with a_newer_worker():
            update_of(page, took_over)
        (draft,) = kept(page, "drafts")
        assert draft["text"] == words
        assert all(httpx.get(each).status_code == 200 for each in used)
        page.get_by_role("button", name="Quay lại").click()
        expect(page.get_by_label("Bạn muốn báo điều gì?")).to_have_value(words)
        page.reload()
        expect(page.get_by_label("Bạn muốn báo điều gì?")).to_have_value(words)
        go_on(page, "Xem lại và gửi")
        page.locator("#terms").check()
        view = own_view(origins, page, send(page))
        assert view["text"] == words


@contextmanager
def a_newer_worker() -> Generator[None]:
    """Put a worker of another build in the place of the built one, for a while."""
    built = STATIC / "sw.js"
    kept = {each: each.read_bytes() for each in STATIC.glob("sw.js*")}
    newer = built.read_text().replace("shell-", "shell-newer-")
    assert "shell-newer-" in newer
    for each in kept:
        each.unlink()
    built.write_text(newer)
    try:
        yield
    finally:
        for path, content in kept.items():
            path.write_bytes(content)


def test_a_build_leaves_the_files_of_the_builds_before(origins: list[str]):
    """Check 28: pages that are still open ask for the chunks that they were built with."""
    ages = {"chunk-AAAAAAAA.js": 10, "chunk-BBBBBBBB.js": 40}  # days; thirty are kept
    for name, days in ages.items():
        (STATIC / name).write_text("export {};")
        then = time.time() - days * 86_400
        os.utime(STATIC / name, (then, then))
    build = ["node", pages.BUILD]  # as `./dev pages` does, also when no source has changed
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    found = {name: httpx.get(f"{origins[0]}/static/{name}").status_code for name in ages}
    (STATIC / "chunk-AAAAAAAA.js").unlink()
    assert found == {"chunk-AAAAAAAA.js": 200, "chunk-BBBBBBBB.js": 404}


def update_of(page: Page, script: str) -> None:
    """Bring a new worker into force."""
    result: Any = page.evaluate(script)
    assert result is True, result


def test_a_full_device_says_so_and_keeps_the_words(open_context: Open):
    """Check 29: both when the browser warns before, and when it refuses while storing."""
    full = "Bộ nhớ máy gần đầy"
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        take_photo(page)
        go_on(page, "Ở đâu?")
        page.get_by_label("Địa chỉ hoặc mô tả nơi").fill("Trước 12 Phan Đình Phùng")
        page.get_by_role("button", name="Quay lại").click()
        page.evaluate("navigator.storage.estimate = async () => ({ usage: 900, quota: 1000 })")
        add_a_photo(page)
        expect(page.locator(".note.bad")).to_contain_text(full)
        page.evaluate("navigator.storage.estimate = async () => ({ usage: 0, quota: 0 })")
        refuse = """() => {
          const add = IDBObjectStore.prototype.add;
          IDBObjectStore.prototype.add = function (...all) {
            if (this.name === 'media') throw new DOMException('full', 'QuotaExceededError');
            return add.apply(this, all);
          };
        }"""
        page.evaluate(refuse)
        add_a_photo(page)
        expect(page.locator(".note.bad")).to_contain_text(full)
        expect(page.locator(".form .thumb")).to_have_count(1)
        page.reload()
        expect(page.locator(".form .thumb")).to_have_count(1)
        go_on(page, "Ở đâu?")
        expect(page.get_by_label("Địa chỉ hoặc mô tả nơi")).to_have_value(
            re.compile("Phan Đình Phùng")
        )


def add_a_photo(page: Page) -> None:
    """Choose a photo that will find no room."""
    from tests.browser.reporting import photo  # noqa: PLC0415 - only here

    page.get_by_test_id("camera").set_input_files(
        {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo("#112233")}
    )


def orientations() -> list[bytes]:
    """One scene, four ways to hold the phone, with a place in the EXIF."""
    from PIL import Image  # noqa: PLC0415

    found = []
    for turned in (1, 3, 6, 8):
        picture = Image.new("RGB", (400, 300), "#202020")
        picture.paste("#e02020", (0, 0, 400, 60))  # a red band where the sky is
        back = {1: 0, 3: 180, 6: 90, 8: 270}[turned]
        stored = picture.rotate(back, expand=True)
        exif = Image.Exif()
        exif[0x0112] = turned
        exif[0x0132] = "2026:11:24 09:30:00"
        gps = exif.get_ifd(0x8825)
        gps.update({1: "N", 2: (11.0, 56.0, 25.4), 3: "E", 4: (108.0, 26.0, 17.9)})
        out = io.BytesIO()
        stored.save(out, "JPEG", exif=exif)
        found.append(out.getvalue())
    return found


def test_turned_photos_are_sent_upright_without_their_place_inside(open_context: Open):
    """Check 32: upright pixels, no GPS in the bytes, time and place in the manifest."""
    from PIL import Image  # noqa: PLC0415

    bytes_of = """async () => {
      const open = indexedDB.open('civic');
      const db = await new Promise((ok) => { open.onsuccess = () => ok(open.result); });
      const all = db.transaction('media').objectStore('media').getAll();
      const found = await new Promise((ok) => { all.onsuccess = () => ok(all.result); });
      db.close();
      return found.sort((a, b) => a.position - b.position).map((e) => [...new Uint8Array(e.bytes)]);
    }"""
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        for nth, each in enumerate(orientations()):
            page.get_by_test_id("album").set_input_files(
                {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": each}
            )
            expect(page.locator(".form .thumb")).to_have_count(nth + 1)
        for each in kept(page, "media"):
            assert each["source"] == "exif"
            assert abs(float(str(each["lat"])) - 11.94039) < 0.001
            assert str(each["captured_at"]).startswith("2026-11-24T09:30:00")
        for sent in page.evaluate(bytes_of):
            picture = Image.open(io.BytesIO(bytes(sent)))
            assert picture.size == (400, 300)
            assert not picture.getexif()
            red, green, _blue = (
                picture.convert("RGB").resize((1, 1), box=(190, 10, 210, 30)).tobytes()
            )
            assert red > 150 > green


def test_a_recording_is_playable_and_as_long_as_it_says(open_context: Open):
    """Check 31: what was put together from its pieces decodes to its end."""
    bytes_of = """async () => {
      const open = indexedDB.open('civic');
      const db = await new Promise((ok) => { open.onsuccess = () => ok(open.result); });
      const all = db.transaction('media').objectStore('media').getAll();
      const [sound] = await new Promise((ok) => { all.onsuccess = () => ok(all.result); });
      db.close();
      return { bytes: [...new Uint8Array(sound.bytes)], ms: sound.duration_ms, type: sound.type };
    }"""
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Ghi âm").click()
        page.locator(".recording").wait_for()
        page.wait_for_timeout(3200)
        page.get_by_role("button", name="Tiếp tục").click()  # going on ends it and keeps it
        page.get_by_role("heading", level=1, name="Ở đâu?").wait_for()
        page.get_by_role("button", name="Quay lại").click()
        expect(page.locator(".form .thumb audio")).to_have_count(1)
        sound = page.evaluate(bytes_of)
        assert sound["type"] == "audio/webm"
        with av.open(io.BytesIO(bytes(sound["bytes"])), "r") as heard:
            lasted = sum(f.samples / f.sample_rate for f in heard.decode(audio=0))
        assert abs(lasted * 1000 - sound["ms"]) < 1500
