"""Failures over HTTP: a problem document in two languages, and nothing of our inside."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Body, FastAPI, Query
from fastapi.responses import StreamingResponse
from prometheus_client import REGISTRY
from pydantic import BaseModel, Field
from structlog.testing import capture_logs

from shared import health, problems, web
from shared.errors import OutageError
from shared.problems import FieldError, Problem, field_error, invalid, not_found, unavailable
from shared.vocabulary import Language

SECRET = "0900 000 001"


class Person(BaseModel):
    email: str = Field(min_length=3)
    path: int = 0


class Report(BaseModel):
    reporter: Person
    media: list[Person] = []


async def hanging() -> None:
    raise OutageError("MongoDB: away")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
    yield


def create_app() -> FastAPI:
    app = web.create("Test", lifespan)

    @app.post("/reports")
    async def report(report: Annotated[Report, Body()]) -> str:
        return report.reporter.email

    @app.get("/limited")
    async def limited(limit: Annotated[int, Query(le=10)] = 1) -> int:
        return limit

    @app.get("/bug/{number}")
    async def bug(number: int) -> None:
        raise ValueError(f"{SECRET} {number}")

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"begun"
            raise ValueError(SECRET)

        return StreamingResponse(body())

    @app.get("/outage")
    async def outage() -> None:
        raise OutageError("MongoDB: ServerSelectionTimeoutError")

    @app.get("/refused")
    async def refused() -> None:
        raise Problem(
            409, "in_progress", vi="Đang xử lý.", en="In progress.", headers={"Retry-After": "2"}
        )

    web.probes(app, {"mongodb": hanging})
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://city") as opened:
        yield opened


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check what every failure has in common, and return its document."""
    document = answer.json()
    assert answer.status_code == status == document["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["type"] == f"urn:civic:problem:{code}"
    assert document["detail_vi"]
    assert document["detail_en"]
    assert document["detail_vi"] != document["detail_en"]
    assert document["detail"] == document["detail_vi"]
    assert answer.headers["content-language"] == "vi"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Traceback" not in answer.text
    assert SECRET not in answer.text
    return document


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "/nowhere", 404, "not_found", id="404"),
        pytest.param("DELETE", "/limited", 405, "method_not_allowed", id="405"),
        pytest.param("GET", "/limited?limit=11", 422, "invalid_report", id="422 query"),
        pytest.param("GET", "/bug/x", 422, "invalid_report", id="422 path"),
        pytest.param("POST", "/reports", 422, "invalid_report", id="422 no body"),
        pytest.param("GET", "/bug/1", 500, "internal", id="500"),
        pytest.param("GET", "/outage", 503, "unavailable", id="503"),
        pytest.param("GET", "/refused", 409, "in_progress", id="409"),
    ],
)
async def test_every_failure_is_a_problem_document(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    assert_problem(await client.request(method, path), status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"{", 422, "invalid_report", id="cut short"),
        pytest.param(b"[]", 422, "invalid_report", id="a list"),
        pytest.param(b"null", 422, "invalid_report", id="null"),
        pytest.param(b'{"reporter": 1}', 422, "invalid_report", id="a number for a person"),
        pytest.param(b'"\\ud800"', 422, "invalid_report", id="half a character"),
        pytest.param(b"\xff", 400, "bad_request", id="no UTF-8"),
        pytest.param(b"[" * 5000, 400, "bad_request", id="too deep"),
    ],
)
async def test_a_body_that_is_no_report_is_the_callers_fault(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    answer = await client.post(
        "/reports", content=body, headers={"content-type": "application/json"}
    )

    assert_problem(answer, status, code)


async def test_an_invalid_report_names_every_field_that_is_wrong(
    client: httpx.AsyncClient,
) -> None:
    report = {"reporter": {"email": "x"}, "media": [{"email": "abc"}, {"path": "y"}]}

    document = assert_problem(await client.post("/reports", json=report), 422, "invalid_report")

    assert [(each["field"], each["code"]) for each in document["errors"]] == [
        ("reporter.email", "string_too_short"),
        ("media[1].email", "missing"),
        ("media[1].path", "int_parsing"),
    ]
    assert all(each["detail"] for each in document["errors"])


async def test_what_can_be_done_instead_is_said(client: httpx.AsyncClient) -> None:
    assert (await client.delete("/limited")).headers["allow"] == "GET"
    assert (await client.get("/outage")).headers["retry-after"] == "5"
    assert (await client.get("/refused")).headers["retry-after"] == "2"


async def test_a_bug_is_logged_with_its_route_and_counted_as_a_500(
    client: httpx.AsyncClient,
) -> None:
    labels = {"route": "/bug/{number}", "status": "500"}
    before = REGISTRY.get_sample_value("civic_http_requests_total", labels) or 0

    with capture_logs() as logs:
        await client.get(f"/bug/1?phone={SECRET}")

    assert REGISTRY.get_sample_value("civic_http_requests_total", labels) == before + 1
    assert [each["event"] for each in logs] == ["request.failed", "request"]
    assert logs[0]["error"] == "ValueError"
    assert logs[1]["route"] == "/bug/{number}"
    assert logs[1]["status"] == 500
    assert SECRET not in str(logs[1])


async def test_an_answer_that_breaks_off_half_way_is_not_mended(
    client: httpx.AsyncClient,
) -> None:
    """The status is out already; the server must close the connection instead."""
    with pytest.raises(ValueError, match=SECRET):
        await client.get("/half")


async def test_a_request_is_logged_by_its_route_and_never_by_its_path(
    client: httpx.AsyncClient,
) -> None:
    with capture_logs() as logs:
        await client.get(f"/reports/{SECRET}?name={SECRET}")
        await client.get("/limited?limit=3")

    assert [each["route"] for each in logs] == ["unmatched", "/limited"]
    assert SECRET not in str(logs)


async def test_probes_answer_on_their_own_paths_and_leave_no_line_in_the_log(
    client: httpx.AsyncClient,
) -> None:
    with capture_logs() as logs:
        answers = [await client.get(path) for path in health.PATHS]

    assert [each.status_code for each in answers] == [200, 503, 200]
    assert answers[1].json()["failing"] == {"mongodb": "MongoDB: away"}
    assert logs == []


async def test_every_answer_has_the_safe_headers(client: httpx.AsyncClient) -> None:
    for path in ("/limited", "/nowhere", "/bug/1", "/health/live"):
        headers = (await client.get(path)).headers

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"


async def test_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json()["info"]["title"] == "Test"


# Languages


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        pytest.param("", "vi", id="nothing said"),
        pytest.param("vi-VN,vi;q=0.9,en;q=0.8", "vi", id="Vietnamese first"),
        pytest.param("en-GB,en;q=0.9,vi;q=0.8", "en", id="English first"),
        pytest.param("EN", "en", id="capitals"),
        pytest.param("fr-FR,en;q=0.5", "en", id="English among others"),
        pytest.param("fr-FR,ru", "vi", id="neither"),
        pytest.param("*", "vi", id="any"),
        pytest.param("vi;q=0.1, en;q=0.9", "en", id="the weights count, not the order"),
        pytest.param("en;q=0, vi", "vi", id="English refused"),
        pytest.param("zh-Hans-en", "vi", id="another language's part"),
        pytest.param(";;q=,,=;q=x", "vi", id="nonsense"),
    ],
)
async def test_a_problem_speaks_the_callers_language_first(
    client: httpx.AsyncClient, accepted: str, language: str
) -> None:
    answer = await client.get("/nowhere", headers={"accept-language": accepted})

    assert answer.headers["content-language"] == language
    assert answer.json()["detail"] == answer.json()[f"detail_{language}"]


# The documents themselves


@pytest.mark.parametrize(
    ("location", "field"),
    [
        (("body", "reporter", "email"), "reporter.email"),
        (("body", "media", 2, "sha256"), "media[2].sha256"),
        (("body",), "report"),
        ((), "report"),
        (("query", "limit"), "limit"),
        (("body", "path"), "path"),
        (("body", "body", "query"), "body.query"),
        (("header", "idempotency-key"), "idempotency-key"),
        (("body", 0), "[0]"),
    ],
)
def test_a_field_is_named_as_the_caller_wrote_it(
    location: tuple[str | int, ...], field: str
) -> None:
    error = field_error({"loc": location, "type": "missing", "msg": "Field required"})

    assert error == FieldError(field, "missing", "Field required")


@pytest.mark.parametrize(
    "problem",
    [invalid(), invalid(status=400), not_found(), unavailable()],
    ids=lambda problem: problem.code,
)
def test_a_problem_has_what_rfc_9457_asks_for(problem: Problem) -> None:
    document = problem.document(Language.ENGLISH)

    assert set(document) >= {"type", "title", "status", "detail", "errors"}
    assert document["detail"] == document["detail_en"] != document["detail_vi"]
    assert 400 <= document["status"] < 600


def test_an_outage_says_that_nothing_was_stored_and_when_to_come_again() -> None:
    problem = unavailable()

    assert "CHƯA được ghi nhận" in problem.vi
    assert problem.headers == {"Retry-After": str(problems.RETRY_AFTER_S)}


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", "Cần ít nhất 3 ký tự."), ("en", "String should have at least 3 characters")],
)
async def test_what_is_wrong_with_a_field_is_said_in_the_readers_language(
    client: httpx.AsyncClient, language: str, words: str
) -> None:
    report = {"reporter": {"email": "x"}}

    answer = await client.post("/reports", json=report, headers={"Accept-Language": language})

    assert answer.json()["errors"][0]["detail"] == words


def test_what_a_validator_never_said_before_is_still_said_in_vietnamese() -> None:
    error = {"loc": ("a",), "type": "url_scheme", "msg": "URL scheme should be", "ctx": {}}
    cut = {"loc": ("a",), "type": "string_too_long", "msg": "too long"}  # without what it needs

    for each in (error, cut):
        assert field_error(each).words(Language.VIETNAMESE) == "Giá trị chưa đúng."
