"""The pictures of `./dev shots`: every page in every state that people can meet.

A scene is a function that brings a page into a state; it is registered with `@scene(name)` in a
module `tests/browser/scenes_<part>.py`, and taken in both sizes and both themes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.browser.driver import SIZES, Size

Act = Callable[[Page, dict[str, Any]], None]


@dataclass(frozen=True)
class Scene:
    """One picture: its name, how to get there, and on which screens."""

    name: str
    act: Act
    sizes: Sequence[Size]
    themes: Sequence[str]


SCENES: dict[str, Scene] = {}


def scene(
    name: str, *, sizes: Sequence[Size] = SIZES, themes: Sequence[str] = ("light", "dark")
) -> Callable[[Act], Act]:
    """Register a scene; `act(page, stack)` gets a fresh page and what stack.json says."""

    def register(act: Act) -> Act:
        SCENES[name] = Scene(name, act, sizes, themes)
        return act

    return register
