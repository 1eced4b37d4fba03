"""What the audit is told of disclosures."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from services.intake.domain.parties import Actor
from shared.events import DisclosureEvent


class Note(Protocol):
    """Appends to the audit; on return the entry is durable."""

    async def __call__(
        self,
        kind: str,
        *,
        actor: Actor,
        subject: str,
        purpose: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> object:
        """Write one entry, without personal data."""
        ...


def detail(event: DisclosureEvent) -> dict[str, Any]:
    """Return what the audit remembers of an event: no recipient, no purpose, no content."""
    plain = event.model_dump(exclude={"at", "actor", "by", "code"})
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in plain.items()
    }
