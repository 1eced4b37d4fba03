"""Ranges of a file, as RFC 9110 has them: served, ignored or refused."""

import pytest

from services.intake.api.ranges import span
from shared.problems import Problem

SIZE = 100


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("", None, id="no header"),
        pytest.param("bytes=0-9", (0, 10), id="the first ten"),
        pytest.param("bytes=10-", (10, 100), id="from the tenth on"),
        pytest.param("bytes=90-400", (90, 100), id="an end beyond the file's"),
        pytest.param("bytes=-5", (95, 100), id="the last five"),
        pytest.param("bytes=-500", (0, 100), id="a suffix longer than the file"),
        pytest.param(" Bytes=0-0 ", (0, 1), id="units are the same in capitals"),
        pytest.param("bytes=5-2", None, id="an end before its start"),
        pytest.param("bytes=0-1,5-6", None, id="several ranges"),
        pytest.param("pages=1-2", None, id="another unit"),
        pytest.param("bytes=-", None, id="nothing at all"),
        pytest.param("bytes=" + "9" * 5_000 + "-", None, id="more digits than any file has"),
        pytest.param("bytes=²-", None, id="no digit"),
    ],
)
def test_the_span_that_a_range_asks_for(header: str, expected: tuple[int, int] | None) -> None:
    assert span(header, SIZE) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_after_the_end_is_refused_with_the_size(header: str) -> None:
    with pytest.raises(Problem) as caught:
        span(header, SIZE)

    assert caught.value.status == 416
    assert caught.value.headers == {"Content-Range": "bytes */100"}
