"""Bad input is answered by a clear problem document at the right field, and stores nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.e2e.client import City, report
from tests.hostile import bodies, pictures, sounds

JPEG = "image/jpeg"


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


@pytest.fixture(scope="module")
def cases(stack: dict[str, Any]) -> Iterator[Any]:
    client: MongoClient[dict[str, Any]] = MongoClient(stack["mongo"])
    yield client["civic_intake"]["cases"]
    client.close()


def files(*contents: bytes, name: str = "photo.jpg", kind: str = JPEG):
    return [(name, each, kind) for each in contents]


def refuse(answer: Any, status: int, field: str, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail_vi"]
    assert problem["detail_en"]
    named = [(each["field"], each["code"]) for each in problem["errors"]]
    assert (field, code) in named, problem


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        pytest.param(lambda: b"not a photo at all", 415, "not_media", id="wrong type"),
        pytest.param(lambda: pictures.phone_photo()[:200_000], 422, "truncated", id="truncated"),
        pytest.param(pictures.huge_png, 422, "too_many_pixels", id="60000 x 60000 PNG"),
        pytest.param(lambda: b"", 422, "empty", id="empty file"),
        pytest.param(sounds.video, 415, "unsupported_type", id="video"),
        pytest.param(sounds.playlist, 415, "not_media", id="playlist that reads a file"),
    ],
)
def test_a_file_that_is_no_evidence_is_refused_by_its_content(
    city: City, cases: Any, content: Any, status: int, code: str
):
    before = cases.count_documents({})

    answer = city.send(report(), files(pictures.photo(), content()))

    refuse(answer, status, "media[1]", code)
    assert cases.count_documents({}) == before


def test_eleven_files_are_one_too_many(city: City, cases: Any):
    before = cases.count_documents({})

    answer = city.send(report(), files(*[pictures.photo(64, 64)] * 11))

    refuse(answer, 413, "media[10]", "too_many_files")
    assert cases.count_documents({}) == before


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"text": "   "}, "text", "string_too_short", id="empty text"),
        pytest.param({"text": None}, "text", "missing", id="no text"),
        pytest.param({"category": "potholes"}, "category", "unknown_category", id="category"),
        pytest.param(
            {"location": {"lat": 91, "lon": 108}}, "location.lat", "less_than_equal", id="lat"
        ),
        pytest.param(
            {"location": {"lat": 11, "lon": -181}}, "location.lon", "greater_than_equal", id="lon"
        ),
        pytest.param(
            {"location": {"lat": 11.9}}, "location", "incomplete_position", id="half a place"
        ),
        pytest.param({"terms": False}, "terms", "terms_not_accepted", id="terms refused"),
        pytest.param({"terms": ""}, "terms", "terms_not_accepted", id="terms as nothing"),
        pytest.param({"terms": "false"}, "terms", "terms_not_accepted", id="terms as false"),
        pytest.param({"terms": "no"}, "terms", "terms_not_accepted", id="terms refused in a word"),
        pytest.param(
            {"terms": {"accepted": "true"}}, "terms.accepted", "bool_type", id="terms as text"
        ),
        pytest.param({"text": "\u200b\u2060"}, "text", "value_error", id="invisible text"),
        pytest.param({"terms": None}, "terms", "terms_not_accepted", id="terms left out"),
        pytest.param(
            {"category": "service_attitude", "reporter": {"anonymity": "anonymous"}},
            "reporter",
            "identity_required",
            id="anonymous about staff",
        ),
        pytest.param(
            {"reporter": {"email": "no address"}}, "reporter.email", "value_error", id="e-mail"
        ),
        pytest.param({"channel": "hotline"}, "channel", "value_error", id="another's channel"),
    ],
)
def test_a_broken_rule_is_named_at_its_field(
    city: City, cases: Any, changes: dict[str, Any], field: str, code: str
):
    before = cases.count_documents({})

    answer = city.send(report(**changes))

    refuse(answer, 422, field, code)
    assert cases.count_documents({}) == before


def test_a_field_category_sent_as_a_form_needs_evidence(city: City):
    refuse(city.send(report(), []), 422, "media", "evidence_required")


def test_a_broken_multipart_body_is_refused(city: City, cases: Any):
    before = cases.count_documents({})
    body = bodies.form(bodies.report_part(report()), bodies.media_part())[:-40]

    answer = city.intake.post(
        "/reports",
        content=body,
        headers={"Content-Type": f"multipart/form-data; boundary={bodies.BOUNDARY}"},
    )

    assert answer.status_code == 400
    assert answer.json()["type"].endswith("broken_multipart")
    assert cases.count_documents({}) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="not JSON"),
        pytest.param(b'{"text": NaN}', 400, id="NaN"),
        pytest.param(b'{"text": "a", "text": "b"}', 400, id="a key twice"),
        pytest.param(b"[]", 422, id="no object"),
        pytest.param(b"\xff\xfe{}", 400, id="not UTF-8"),
        pytest.param(b'{"text": "' + b"a" * 70_000 + b'"}', 413, id="too large"),
    ],
)
def test_a_body_that_is_no_report_is_refused(city: City, body: bytes, status: int):
    assert city.send(body).status_code == status


@pytest.mark.parametrize("code", ["DL-0000-0000", "nonsense", "DL-7K3Q-9M2G", "%00", "a" * 300])
def test_a_code_that_is_none_is_not_found(city: City, code: str):
    answer = city.intake.get(f"/reports/{code}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("after", ["-2", "x", "99999999999999999999"])
def test_a_cursor_that_is_none_is_refused(city: City, after: str):
    answer = city.notify.get("/ioc/events", params={"after": after})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "after"
