"""The operations centre looks a reporter up: for a purpose, audited, and seen by the reporter."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.client import City, Official, report

WHY = "contact_reporter"


@pytest.fixture
def city(stack_file: Path) -> Iterator[City]:
    city = City.at(stack_file)
    yield city
    city.close()


@pytest.fixture
def operator(city: City) -> Official:
    return city.of_role("ioc_operator")


def sent(city: City, **reporter: Any) -> dict[str, Any]:
    body = report()
    body["reporter"].update(reporter)
    receipt = city.send(body).json()
    city.in_state(receipt, "assigned")
    return receipt


def look_up(city: City, who: Official | None, **body: Any) -> httpx.Response:
    headers = who.headers if who else {}
    return city.intake.post("/ioc/lookups", json=body, headers=headers)


def looks(city: City, receipt: dict[str, Any]) -> list[dict[str, Any]]:
    own = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    return city.intake.get(f"/reports/{receipt['code']}/looks", headers=own).json()["items"]


def noted(city: City, code: str) -> list[tuple[str, str, str]]:
    headers = city.leader().headers
    answer = city.intake.get("/desk/audit", params={"subject": code}, headers=headers)
    return [(e["kind"], e["role"], e["purpose"]) for e in answer.json()["items"]]


def test_a_lookup_shows_the_reporter_is_audited_and_the_reporter_sees_it(
    city: City, operator: Official
) -> None:
    receipt = sent(city)

    answer = look_up(city, operator, code=receipt["code"], purpose=WHY)

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["name"] == "Người Thử Nghiệm"
    assert noted(city, receipt["code"]) == [("reporter.viewed", "ioc_operator", WHY)]
    [look] = looks(city, receipt)
    assert (look["role"], look["purpose"]["id"]) == ("ioc_operator", WHY)
    assert look["role_name"]["vi"] == "Trung tâm điều hành (IOC)"


@pytest.mark.parametrize("purpose", [{}, {"purpose": "curiosity"}, {"purpose": "delivery"}])
def test_no_lookup_without_a_purpose_that_people_have(
    city: City, operator: Official, purpose: dict[str, str]
) -> None:
    receipt = sent(city)

    answer = look_up(city, operator, code=receipt["code"], **purpose)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "purpose"
    assert looks(city, receipt) == []


def test_nobody_else_looks_up_and_a_sealed_name_stays_sealed(
    city: City, operator: Official
) -> None:
    receipt = sent(city, anonymity="confidential")
    code = receipt["code"]

    assert look_up(city, None, code=code, purpose=WHY).status_code == 401
    assert look_up(city, city.office(), code=code, purpose=WHY).status_code == 403
    refused = look_up(city, operator, code=code, purpose=WHY)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:civic:problem:identity_sealed"
    assert noted(city, code) == [("reporter.look_refused", "ioc_operator", WHY)]
    assert look_up(city, city.leader(), code=code, purpose=WHY).status_code == 200


def test_a_restricted_case_and_an_unknown_code_answer_alike(city: City, operator: Official) -> None:
    receipt = sent(city)
    city.office().act(
        receipt["code"],
        "redirect",
        reason="denunciation",
        agency="Thanh tra thành phố",
        text="Đơn tố cáo theo Luật Tố cáo",
    )

    for code in (receipt["code"], "DL-2222-2222", "?"):
        assert look_up(city, operator, code=code, purpose=WHY).status_code == 404
    assert noted(city, receipt["code"]) == []


def test_an_erased_reporter_is_gone_for_the_centre_too(city: City, operator: Official) -> None:
    receipt = sent(city)
    own = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    erased = city.intake.delete(f"/reports/{receipt['code']}/reporter", headers=own)
    assert erased.status_code == 204

    answer = look_up(city, operator, code=receipt["code"], purpose=WHY)

    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:civic:problem:reporter_erased"
    assert "Người Thử" not in answer.text
    assert looks(city, receipt) == []
