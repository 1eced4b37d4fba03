"""The typeface of what the city prints: a serif with every Vietnamese letter, from its package.

Crimson Text (SIL Open Font License) comes as the PyPI package `fontpkg-crimson-text`. Nothing is
taken from the machine, so a document looks the same wherever it is made.
"""

from enum import StrEnum
from importlib.resources import files
from pathlib import Path


class Style(StrEnum):
    """The cuts that documents use, by the names of their files."""

    REGULAR = "CrimsonText-Regular"
    BOLD = "CrimsonText-Bold"
    ITALIC = "CrimsonText-Italic"
    BOLD_ITALIC = "CrimsonText-BoldItalic"


def typeface(style: Style) -> Path:
    """Return the TrueType file of a style."""
    return Path(str(files("fontpkg_crimson_text") / "files" / f"{style.value}.ttf"))
