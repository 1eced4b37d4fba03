"""The page of the API: whole, and nothing from elsewhere."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import orjson
import pytest
from fastapi import FastAPI

from deploy.local.layout import ROOT
from shared import reference, web


@pytest.mark.parametrize("service", ["intake", "notify"])
def test_the_page_names_every_operation_and_loads_nothing(service: str):
    document = orjson.loads((ROOT / "docs" / f"openapi-{service}.json").read_bytes())

    page = reference.page(document)

    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page
    assert re.findall(r"<(script|link|img|iframe|object|form)\b", page) == []
    assert re.findall(r"""(?:src|href)=["'](?!/openapi\.json)""", page) == []


def test_what_stands_in_the_document_is_shown_as_words():
    said = {"summary": "<script>alert(1)</script>", "responses": {"200": {}}}
    document = {"info": {"title": "<b>"}, "paths": {'/"><img>': {"get": said}}}

    page = reference.page(document)

    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncGenerator[None, None]:
    yield


async def test_it_is_served_under_a_policy_that_allows_its_own_style_only():
    app = web.create("Test", nothing)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.get("/docs")

    policy = answer.headers["content-security-policy"]
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "http" not in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
