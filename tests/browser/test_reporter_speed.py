"""A cheap phone on a slow network: what people wait for, measured and printed."""

import random
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.driver import PHONE

WATCH = """
  window.seen = { cls: 0, lcp: 0, inp: 0, long: [] };
  const on = (type, take, more = {}) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take))
      .observe({ type, buffered: true, ...more });
  on('layout-shift', (e) => { if (!e.hadRecentInput) window.seen.cls += e.value; });
  on('largest-contentful-paint', (e) => { window.seen.lcp = e.startTime; });
  on('event',
    (e) => { if (e.interactionId) window.seen.inp = Math.max(window.seen.inp, e.duration); },
    { durationThreshold: 16 });
  on('longtask', (e) => window.seen.long.push([Math.round(e.startTime), Math.round(e.duration)]));
"""
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}


def slow_phone(page: Page, *, network: bool = True) -> None:
    """A quarter of this machine's speed; 400 kbit/s and 400 ms."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    if network:
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW)


def test_the_first_view_is_soon_there_on_a_slow_phone(open_context: Open):
    with open_context(PHONE, service_workers="block") as (context, _watch):
        page = context.new_page()
        page.add_init_script(WATCH)
        slow_phone(page)
        page.goto("/", wait_until="commit", timeout=60_000)
        page.get_by_role("button", name="Chụp ảnh").wait_for(timeout=60_000)
        usable = page.evaluate("performance.now()")
        page.wait_for_load_state("networkidle", timeout=60_000)
        for label in ("Tiếp tục", "Vị trí của tôi"):
            page.get_by_role("button", name=label).click()
        page.wait_for_timeout(1500)
        seen = page.evaluate("window.seen")
        fcp = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        said = {name: round(seen[name], 3) for name in ("lcp", "cls", "inp")}
        sys.stdout.write(f"slow phone, ms: fcp {fcp:.0f}, usable {usable:.0f}, {said}\n")
        # the aims are 2500, 4000, 0.1 and 200; the bounds are loose for shared machines
        assert fcp < 6_000
        assert usable < 12_000
        assert seen["cls"] < 0.1
        assert seen["inp"] < 1_000


def twelve_megapixels() -> bytes:
    """A photo of 4000 by 3000 with as much detail as one of a camera."""
    dice = random.Random(7)
    tile = Image.frombytes("RGB", (400, 300), dice.randbytes(400 * 300 * 3))
    out = BytesIO()
    tile.resize((4000, 3000), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


def test_shrinking_a_large_photo_does_not_hold_the_page_up(open_context: Open, tmp_path: Path):
    picture = tmp_path / "image.jpg"  # a path: a buffer would be decoded in the page by the driver
    picture.write_bytes(twelve_megapixels())
    with open_context(PHONE) as (context, _watch):
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto("/")
        page.get_by_role("button", name="Chụp ảnh").wait_for()
        page.wait_for_load_state("networkidle")
        page.evaluate("window.seen.long.length = 0")
        page.get_by_test_id("camera").set_input_files(picture)
        expect(page.locator(".form .thumb")).to_have_count(1, timeout=30_000)
        page.wait_for_timeout(500)
        longest = max((each[1] for each in page.evaluate("window.seen.long")), default=0)
        sys.stdout.write(
            f"12 Mpx, {picture.stat().st_size / 1e6:.1f} MB: longest task {longest} ms\n"
        )
        assert longest < 200
