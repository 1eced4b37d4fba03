"""A recording of a journey on several screens: one picture per step, all side by side, as a film.

Debian's Chromium brings no encoder for Playwright's videos; a film of pictures shows the same, and
Playwright's own trace of each screen (`playwright show-trace`) holds what lies between them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Page

from deploy.local.layout import ROOT

FOLDER = ROOT / ".local" / "recordings"
HEIGHT = 540  # pixels of a screen in the film
BAND = 28  # above it, for the step's name
STEP_MS = 2500


class Recording:
    """The steps of one journey, kept below `.local/recordings/<name>`."""

    def __init__(self, name: str, screens: Mapping[str, Page]) -> None:
        self.folder = FOLDER / name
        self._screens = screens
        self._frames: list[Image.Image] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.png"):
            old.unlink()

    def step(self, name: str) -> None:
        """Keep what every screen shows now."""
        number = len(self._frames) + 1
        shown = [_screen(page, who) for who, page in self._screens.items()]
        frame = Image.new("RGB", (sum(each.width for each in shown), HEIGHT + BAND), "white")
        left = 0
        for each in shown:
            frame.paste(each, (left, BAND))
            left += each.width
        ImageDraw.Draw(frame).text((8, 8), f"{number}. {name}", fill="black")
        frame.save(self.folder / f"{number:02d}-{name.replace(' ', '-')}.png")
        self._frames.append(frame)

    def film(self) -> Path:
        """Write the steps as one animated picture and return where it is."""
        path = self.folder / "film.webp"
        first, *others = self._frames
        first.save(path, save_all=True, append_images=others, duration=STEP_MS, quality=70)
        return path


def _screen(page: Page, who: str) -> Image.Image:
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    small = picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT))
    ImageDraw.Draw(small).text((6, 6), who, fill="red")
    return small


@contextmanager
def traced(contexts: Mapping[str, BrowserContext], name: str) -> Iterator[None]:
    """Keep a trace of each screen beside the film, also when the journey fails."""
    for context in contexts.values():
        context.tracing.start(screenshots=True, snapshots=False)
    try:
        yield
    finally:
        for who, context in contexts.items():
            context.tracing.stop(path=FOLDER / name / f"trace-{who}.zip")
