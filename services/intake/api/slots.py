"""How many uploads are read at once."""

from shared.crowd import busy


class Slots:
    """Uploads at once; one more is told to come back instead of filling memory and disk."""

    def __init__(self, free: int) -> None:
        self._free = free

    def __enter__(self) -> None:
        """Take a slot; all taken is a problem, 429."""
        if self._free <= 0:
            raise busy()
        self._free -= 1

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._free += 1
