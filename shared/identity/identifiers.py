"""Random identifiers, from the system's source, which is asked for many at once.

Each look at the source lets go of the interpreter's lock, and whichever thread waits for it goes
first: with four looks a report they were a twentieth of what a report costs. Keys, nonces and
secrets are not taken from here; they ask for themselves.
"""

import os

PIECE_BYTES = 16
AT_ONCE = 256  # pieces
_WORD = 2**64

_pieces: list[bytes] = []
os.register_at_fork(after_in_child=_pieces.clear)  # parent and child must not give the same


def random_hex(size: int) -> str:
    """Return `size` random bytes, at most 16, as hexadecimal digits."""
    if size > PIECE_BYTES:
        raise ValueError(f"{size} bytes are more than {PIECE_BYTES}")
    return _piece()[:size].hex()


def random_below(limit: int) -> int:
    """Return a random whole number from 0 to `limit` - 1, all of them alike; limit ≤ 2^64."""
    if not 0 < limit <= _WORD:
        raise ValueError(f"{limit} is not from 1 to 2^64")
    fair = _WORD - _WORD % limit  # above it the smaller numbers would come more often
    while (number := int.from_bytes(_piece()[:8], "big")) >= fair:
        pass
    return number % limit


def _piece() -> bytes:
    try:
        return _pieces.pop()  # one step, so no two threads are given the same
    except IndexError:
        fresh = os.urandom(PIECE_BYTES * AT_ONCE)
        first, *others = (fresh[at : at + PIECE_BYTES] for at in range(0, len(fresh), PIECE_BYTES))
        _pieces.extend(others)
        return first
