"""Every colour that carries words keeps its contrast, in both themes; computed from tokens.css."""

import re
from itertools import product
from pathlib import Path

import pytest

CSS = Path("shared/web/tokens.css").read_text()
COLOUR = re.compile(r"--([\w-]+):\s*(#[0-9A-F]{6})")
LIGHT = dict(COLOUR.findall(CSS.split("@media")[0]))
DARK = LIGHT | dict(COLOUR.findall(CSS.split("@media")[1]))
GROUNDS = ("bg", "surface", "sunken")
STATES = [name.removesuffix("-tint") for name in LIGHT if name.endswith("-tint")]
PAIRS = [
    *((word, ground, 4.5) for word, ground in product(("ink", "ink-2", "link"), GROUNDS)),
    *((name, f"{name}-tint", 4.5) for name in STATES),
    ("on-pine", "pine", 4.5),
    ("on-pine", "pine-press", 4.5),
    ("on-danger", "danger", 4.5),
    ("danger", "surface", 4.5),
    ("danger", "bg", 4.5),
    ("ink", "pine-tint", 4.5),
    ("ink-2", "pine-tint", 4.5),
    ("border", "surface", 3),
    ("border", "bg", 3),
    ("focus", "bg", 3),
    ("focus", "surface", 3),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("word", "ground", "least"), PAIRS)
def test_words_stand_out_from_their_ground(theme: str, word: str, ground: str, least: float):
    colours = LIGHT if theme == "light" else DARK

    assert contrast(colours[word], colours[ground]) >= least


def contrast(one: str, other: str) -> float:
    """The formula of WCAG 2: relative luminance of the lighter to that of the darker."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
