"""Random identifiers: of the right size, fair, never twice, and never the same in two processes."""

import os

import pytest

from shared.identity.identifiers import AT_ONCE, PIECE_BYTES, random_below, random_hex


@pytest.mark.parametrize("size", [1, 12, PIECE_BYTES])
def test_as_many_digits_as_asked_for(size: int):
    assert len(bytes.fromhex(random_hex(size))) == size


def test_none_comes_twice():
    found = [random_hex(PIECE_BYTES) for _ in range(4 * AT_ONCE)]

    assert len(set(found)) == len(found)


@pytest.mark.parametrize("limit", [1, 2, 31**7, 2**64])
def test_numbers_stay_below_their_limit(limit: int):
    assert all(0 <= random_below(limit) < limit for _ in range(1000))


def test_every_number_comes_about_as_often_as_any_other():
    counts = [0] * 7
    for _ in range(70_000):
        counts[random_below(7)] += 1

    # 10,000 each; 100 is about one deviation, and six of them come once in 500 million
    assert all(abs(count - 10_000) < 600 for count in counts)


@pytest.mark.parametrize("size", [17, 100])
def test_more_than_a_piece_is_refused(size: int):
    with pytest.raises(ValueError, match="more than"):
        random_hex(size)


@pytest.mark.parametrize("limit", [0, -1, 2**64 + 1])
def test_a_limit_that_no_piece_reaches_is_refused(limit: int):
    with pytest.raises(ValueError, match="not from 1"):
        random_below(limit)


def test_a_forked_process_gives_others():
    random_hex(1)  # so that some are left, which a child would inherit
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, random_hex(PIECE_BYTES).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    theirs = os.read(reading, 100).decode()
    os.close(reading)

    assert theirs not in {random_hex(PIECE_BYTES) for _ in range(2 * AT_ONCE)}
