"""No event type stands in the catalogue that its service never says."""

import ast
from pathlib import Path

import pytest

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
