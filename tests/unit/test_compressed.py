"""Public data is sent compressed to who takes it, and plain to everybody else."""

import gzip
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from shared.compressed import SMALLEST, CompressedAnswers
from shared.problems import not_found


@pytest.fixture
def client() -> httpx.AsyncClient:
    """An API with a long answer, a short one and a refusal."""
    router = APIRouter(route_class=CompressedAnswers)

    @router.get("/long")
    async def long() -> dict[str, Any]:
        return {"words": "rác thải " * SMALLEST}

    @router.get("/short")
    async def short() -> dict[str, Any]:
        return {"words": "rác"}

    @router.get("/none")
    async def none() -> dict[str, Any]:
        raise not_found("mục này", "this item")

    app = FastAPI()
    app.include_router(router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_a_long_answer_is_packed_and_says_so(client: httpx.AsyncClient):
    async with client.stream("GET", "/long", headers={"Accept-Encoding": "gzip, br"}) as answer:
        packed = b"".join([each async for each in answer.aiter_raw()])

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(packed) < SMALLEST
    plain = await client.get("/long", headers={"Accept-Encoding": "identity"})
    assert gzip.decompress(packed) == plain.content


@pytest.mark.parametrize("taken", ["identity", "br", "gzip;q=0"])
async def test_who_does_not_take_gzip_gets_plain(client: httpx.AsyncClient, taken: str):
    answer = await client.get("/long", headers={"Accept-Encoding": taken})

    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert len(answer.content) > SMALLEST


@pytest.mark.parametrize("path", ["/short", "/none"])
async def test_short_answers_and_refusals_stay_as_they_are(client: httpx.AsyncClient, path: str):
    answer = await client.get(path, headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in answer.headers
