"""The boundaries of every edition: one file, read anew for the areas of each."""

from pathlib import Path

import structlog

from shared.boundaries import Boundaries, BoundaryFileError, read_boundaries
from shared.rulebook import Edition

log = structlog.get_logger()


class Maps:
    """Official boundaries by edition, since a new edition may name new areas.

    Args:
        text: Of the GeoJSON file; none: no point decides a ward.
        source: The file's name, for messages.
    """

    def __init__(self, text: bytes | None = None, source: str = "") -> None:
        self._text = text
        self._source = source
        self._read: dict[str, Boundaries | None] = {}

    def of(self, edition: Edition) -> Boundaries | None:
        """Return an edition's boundaries; None when the file has none that can be used for it."""
        if edition.name not in self._read:
            self._read[edition.name] = self._tried(edition)
        return self._read[edition.name]

    def check(self, edition: Edition) -> None:
        """Read an edition's boundaries.

        Raises:
            BoundaryFileError: the file is no GeoJSON, or not of this edition's areas.
        """
        if self._text is not None:
            self._read[edition.name] = read_boundaries(self._text, self._source, edition.regulation)

    def _tried(self, edition: Edition) -> Boundaries | None:
        try:
            self.check(edition)
        except BoundaryFileError as error:
            # of its cases the stated ward decides, as without a file
            log.error("boundaries.unusable", edition=edition.name, reason=str(error))  # noqa: TRY400
        return self._read.get(edition.name)


def load_maps(path: Path | None, installed: Edition) -> Maps:
    """Return the boundaries of a file, which must be good for the installed edition.

    Raises:
        BoundaryFileError: as `shared.boundaries.load_boundaries` says.
    """
    maps = Maps(path.read_bytes(), path.name) if path else Maps()
    maps.check(installed)
    return maps
