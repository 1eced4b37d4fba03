"""No event type stands in the catalogue that its service never says."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import events
from shared.events import EVENTS, Event

ROOT = Path(__file__).parents[2]
KINDS = [pytest.param(kind, id=kind.type) for kind in EVENTS.values()]


def _made(service: str) -> set[str]:
    """Names that a service's code uses beyond importing them: some are made from a table."""
    found: set[str] = set()
    for path in (ROOT / "services" / service).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name):
                found.add(node.id)
    return found


MADE = {service: _made(service) for service in ("intake", "router", "sla", "notify")}


@pytest.mark.parametrize("kind", KINDS)
def test_the_service_that_owns_an_event_says_it(kind: type[Event]) -> None:
    service = kind.source.rpartition("/")[2]

    assert kind.__name__ in MADE[service], f"{service} never says {kind.type}"


def _defined(parent: type[Event] = Event) -> Iterator[type[Event]]:
    """Yield every class that is an event on the wire, wherever it is defined."""
    for kind in parent.__subclasses__():
        if "type" in vars(kind) and kind.__module__.startswith(("shared.", "services.")):
            yield kind
        yield from _defined(kind)


def test_every_event_class_is_in_the_catalogue() -> None:
    """One that is not would be published, and known to no schema and no test."""
    for module in pkgutil.iter_modules(events.__path__, "shared.events."):
        importlib.import_module(module.name)

    assert {kind.type: kind for kind in _defined()} == EVENTS


def test_no_service_defines_an_event_of_its_own() -> None:
    """The contract is one package; a class elsewhere would pass the catalogue by."""
    for path in (ROOT / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = {each.id for each in node.bases if isinstance(each, ast.Name)}
                assert not {base for base in bases if base.endswith("Event")}, (path, node.name)
