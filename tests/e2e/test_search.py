"""An official finds a case by what they have of it: a piece of its code, some of its words."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.client import City, report

HERE = {"lat": 11.9404, "lon": 108.4383}


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


def test_a_case_is_found_by_pieces_of_its_code_its_words_and_its_address(city: City):
    # words of nobody else: other tests have filled the city
    first, last, street = (f"q{uuid.uuid4().hex[:10]}" for _ in range(3))
    body = report(
        text=f"Rác {first} đổ đầy lối đi trước nhà văn hoá {last}",
        location={**HERE, "address": f"12 {street} Phùng"},
    )
    receipt = city.send(body).json()
    city.in_state(receipt, "assigned")
    code = receipt["code"]
    prefix, middle, end = code.split("-")
    officer = city.official("ward_1")

    def found(q: str) -> list[str]:
        return [each["code"] for each in officer.inbox(q=q, newest=True, limit=200)]

    for typed in (
        code,
        end,
        f"{prefix}-{middle}",
        f"{middle}{end}".lower(),
        f"{last} {first}",
        f"loi {first[:8]}",
        f"phung {street}",
        f"{end} {first}",
    ):
        assert code in found(typed), typed
    assert found(f"{last} {first}") == [code]
    assert found(f"{first} {uuid.uuid4().hex}") == []
    assert found(f"{end} {uuid.uuid4().hex}") == []
    assert code not in found(f"{first[:4]}.*{first[8:]}")
