"""What a reporter does in a browser, step by step."""

import re
from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, expect

WORDS = "Rác tràn ra đường, bốc mùi từ sáng sớm"


def photo(colour: str = "#336644", size: tuple[int, int] = (1200, 900)) -> bytes:
    """A photo without EXIF, as browsers of phones hand them over."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def take_photo(page: Page, colour: str = "#336644", name: str = "image.jpg") -> None:
    """Take a photo; every shot of an iPhone is called image.jpg."""
    before = page.locator(".form .thumb").count()
    page.get_by_test_id("camera").set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": photo(colour)}
    )
    expect(page.locator(".form .thumb")).to_have_count(before + 1)


def record_sound(page: Page, ms: int = 1600) -> None:
    """Record what the fake microphone beeps."""
    before = page.locator(".form .thumb").count()
    page.get_by_role("button", name="Ghi âm", exact=True).click()
    stop = page.locator(".recording")
    stop.wait_for()
    page.wait_for_timeout(ms)
    stop.click()
    expect(page.locator(".form .thumb")).to_have_count(before + 1)


def go_on(page: Page, heading: str) -> None:
    """Press "Tiếp tục", or "Đúng, tiếp tục", and see the next step."""
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_role("heading", level=1, name=heading).wait_for()


def locate(page: Page) -> None:
    """Place it where the device is; going on then says yes to the ward drawn there."""
    page.get_by_role("button", name="Vị trí của tôi").click()
    page.locator(".form .chosen").wait_for()
    ward_known(page)


def ward_known(page: Page) -> None:
    """Wait until the ward is asked for, or was said before."""
    known = page.locator('.asked, #area option:checked:not([value=""])')
    known.first.wait_for(state="attached")


def describe(page: Page, words: str = WORDS) -> None:
    """Write the text; its category is the one that it speaks of, or the first suggested."""
    page.get_by_label("Bạn muốn báo điều gì?").fill(words)
    page.locator(".suggested .choice").first.click()


def fill_all(page: Page, words: str = WORDS) -> None:
    """Bring a report to its last step, terms ticked, not sent."""
    page.goto("/")
    take_photo(page)
    go_on(page, "Ở đâu?")
    locate(page)
    go_on(page, "Việc gì?")
    describe(page, words)
    if page.get_by_role("button", name="Không, gửi việc mới").is_visible():
        page.get_by_role("button", name="Không, gửi việc mới").click()
    go_on(page, "Xem lại và gửi")
    page.locator("#terms").check()


def send(page: Page) -> str:
    """Send, and return the code on the receipt."""
    page.get_by_role("button", name="Gửi phản ánh").click()
    return code_of(page)


def code_of(page: Page) -> str:
    """Return the code that the receipt shows."""
    shown = page.get_by_test_id("code")
    shown.wait_for(timeout=30_000)
    code = shown.inner_text()
    assert re.fullmatch(r"DL-[2-9A-Z]{4}-[2-9A-Z]{4}", code)
    return code


KEPT = """async (store) => {
  const open = indexedDB.open('civic');
  const db = await new Promise((ok) => { open.onsuccess = () => ok(open.result); });
  const all = db.transaction(store).objectStore(store).getAll();
  const found = await new Promise((ok) => { all.onsuccess = () => ok(all.result); });
  db.close();
  return found.map((each) => ({ ...each, bytes: undefined, body: undefined }));
}"""


def kept(page: Page, store: str) -> list[dict[str, object]]:
    """Return what the browser keeps in one of its stores, without the bytes."""
    return page.evaluate(KEPT, store)
