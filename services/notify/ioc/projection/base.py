"""What every projection of an entity is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.events import Received
from shared.mongo import Documents


@dataclass(frozen=True)
class Heard:
    """An event of the stream at its offset."""

    offset: int
    received: Received


class Projection(Protocol):
    """Keeps what the figures need of one entity. To add an entity, add a module like `cases.py`."""

    @property
    def collections(self) -> Sequence[Documents]:
        """Those whose indexes must be there at the start."""
        ...

    def concerns(self, kind: str) -> bool:
        """Say whether events of this type matter here."""
        ...

    async def apply(self, heard: Sequence[Heard], generation: int) -> None:
        """Take events in, in their order; any of them may have been taken in before.

        Args:
            heard: Those that concern this projection.
            generation: Rises with every rebuild: what an entity's first event begins in a new
                generation replaces what an older one has built.

        Raises:
            OutageError: not all is stored; the same events come again.
        """
        ...
