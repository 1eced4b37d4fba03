"""What every example remembers in one file: how far it is, and what it has folded up.

Cursor and state are written together, by a rename: after a crash both are from the same moment.
A real subscriber puts both into one transaction of its database.
"""

import json
import os
from pathlib import Path
from typing import Any

from shared.fold import State, fold, state_hash


class Ledger:
    """The cursor and the state of one subscriber."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept: dict[str, Any] = {"cursor": "-1", "state": {}}
        if path.exists():
            kept = json.loads(path.read_text())
        self.cursor: str = kept["cursor"]
        self.state: State = {key: (n, d, m) for key, (n, d, m) in kept["state"].items()}

    def take(self, cursor: str, event: dict[str, Any]) -> None:
        """Fold an event up; `cursor` is its place in the stream."""
        fold(self.state, event)
        self.cursor = cursor

    def reset(self, restart: str) -> None:
        """Begin anew: the stream does not continue the cursor."""
        self.state.clear()
        self.cursor = restart
        self.save()

    def save(self) -> None:
        """Make durable what was taken since the last time."""
        text = json.dumps({"cursor": self.cursor, "state": self.state})
        beside = self._path.with_suffix(".new")
        beside.write_text(text)
        os.replace(beside, self._path)  # noqa: PTH105 - atomic, also over an older file

    @property
    def hash(self) -> str:
        """Return the hash of the state."""
        return state_hash(self.state)


def headers() -> dict[str, str]:
    """Return the header with the IOC's token, which the variable IOC_TOKEN holds."""
    token = os.environ.get("IOC_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}
