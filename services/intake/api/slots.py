"""How many uploads are read at once."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from starlette.requests import Request

from shared.crowd import busy
from shared.pace import network


class Slots:
    """Uploads at once; one more is told to come back instead of filling memory and disk.

    Half of them are for whoever comes first, since a mobile operator puts many phones behind one
    address; of the others nobody gets more than a share, so that no one sender locks all out.

    Args:
        most: At once.
        share: Of one address, once half are taken; 0 for no limit.
    """

    def __init__(self, most: int, share: int = 0) -> None:
        self._most = most
        self._share = share
        self._held = Counter[str]()

    @contextmanager
    def of(self, request: Request) -> Generator[None]:
        """Take a slot for a request while it is read and decoded; none is left: 429."""
        address = network(request.client.host if request.client else "")
        taken = self._held.total()
        greedy = self._share and self._held[address] >= self._share and taken >= self._most // 2
        if taken >= self._most or greedy:
            raise busy()
        self._held[address] += 1
        try:
            yield
        finally:
            self._held[address] -= 1
            if not self._held[address]:
                del self._held[address]
