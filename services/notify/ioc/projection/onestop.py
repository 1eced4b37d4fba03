"""The counter's boards and dossiers: what the queue's handler keeps, kept again in a rebuild."""

from collections.abc import Sequence

from services.notify.ioc.projection.base import Heard
from services.notify.onestop.figures import OnestopFigures
from shared.mongo import Documents


class OnestopNewest:
    """The newest news of every desk's day and dossier, and all before it; twice is once."""

    def __init__(self, figures: OnestopFigures) -> None:
        self._figures = figures
        self.collections: Sequence[Documents] = (
            figures.desks,
            figures.dossiers,
            figures.past.documents,
        )

    def concerns(self, kind: str) -> bool:
        """Numbers and dossiers."""
        return kind.startswith(("ticket.", "dossier."))

    async def apply(self, heard: Sequence[Heard], generation: int) -> None:
        """Keep the newest of each, every step of a dossier and every board of a desk.

        Raises:
            OutageError: not all of it is stored.
        """
        del generation  # the newest is the newest, whoever has built it
        await self._figures.note_each([each.received for each in heard])
