"""`./dev shots [NAMES]`: pictures of every registered scene into .local/shots, and a contact sheet.

NAMES are beginnings of scene names; without them all are taken. The stack of LOCAL_DIR is used when
it runs, else one of its own.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, sync_playwright

from deploy import pages
from deploy.local import stack as stacks
from deploy.local import stackfile
from deploy.local.layout import ROOT, Layout
from deploy.local.tools import bring_browser
from tests.browser.driver import Size, launch, opened
from tests.browser.scenes import SCENES, Scene

FOLDER = ROOT / ".local" / "shots"
THUMB = 260  # pixels wide on the contact sheet


def main(arguments: Sequence[str]) -> int:
    """Take the pictures; the exit code counts scenes that could not be brought about."""
    for module in sorted(Path(__file__).parent.glob("scenes_*.py")):
        importlib.import_module(f"tests.browser.{module.stem}")
    wanted = [s for s in SCENES.values() if not arguments or s.name.startswith(tuple(arguments))]
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not pages.build(print):
        print("./dev shots: node and npm are needed", file=sys.stderr)
        return 1
    failed = 0
    with _stack() as stack, sync_playwright() as playwright:
        browser = launch(playwright, bring_browser(print))
        for each in wanted:
            failed += _take(browser, stack, each)
        browser.close()
    _sheet(sorted(FOLDER.glob("*.png")))
    print(f"pictures and contact-sheet.png are in {FOLDER}")
    return min(failed, 100)


@contextmanager
def _stack() -> Iterator[dict[str, Any]]:
    layout = Layout.from_environment()
    if stacks.supervisor_of(layout) and (found := stackfile.read(layout)):
        yield found
        return
    with stacks.temporary(with_services=True, say=print) as temporary:
        yield stackfile.read(temporary) or {}


def _take(browser: Browser, stack: dict[str, Any], each: Scene) -> int:
    failed = 0
    for size in each.sizes:
        for theme in each.themes:
            try:
                _picture(browser, stack, each, (size, theme))
            except Exception as error:  # noqa: BLE001 - the other pictures are still wanted
                failed += 1
                print(f"{each.name} {size.name} {theme}: {str(error)[:400]}")
    return failed


def _picture(browser: Browser, stack: dict[str, Any], each: Scene, how: tuple[Size, str]) -> None:
    size, theme = how
    origins = [stack["intake"], stack["notify"]]
    with opened(browser, origins, size, color_scheme=theme) as (context, watch):
        watch.allow.append(".")  # a picture of an error has an error
        page = context.new_page()
        each.act(page, stack)
        page.wait_for_timeout(250)  # fonts and the last paint
        page.screenshot(path=FOLDER / f"{each.name}-{size.name}-{theme}.png", full_page=True)


def _sheet(files: Sequence[Path]) -> None:
    """Put all pictures on one, small, with their names."""
    pictures = [(each.stem, Image.open(each)) for each in files if each.stem != "contact-sheet"]
    if not pictures:
        return
    thumbs = [(name, _thumb(picture)) for name, picture in pictures]
    columns = 8
    rows = [thumbs[n : n + columns] for n in range(0, len(thumbs), columns)]
    heights = [max(picture.height for _, picture in row) + 28 for row in rows]
    sheet = Image.new("RGB", (columns * (THUMB + 12), sum(heights)), "white")
    draw = ImageDraw.Draw(sheet)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for n, (name, picture) in enumerate(row):
            draw.text((n * (THUMB + 12) + 4, top + 6), name, fill="black")
            sheet.paste(picture, (n * (THUMB + 12), top + 24))
        top += height
    sheet.save(FOLDER / "contact-sheet.png")


def _thumb(picture: Image.Image) -> Image.Image:
    height = min(round(picture.height * THUMB / picture.width), THUMB * 3)
    small = picture.convert("RGB").resize((THUMB, round(picture.height * THUMB / picture.width)))
    return small.crop((0, 0, THUMB, height))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
