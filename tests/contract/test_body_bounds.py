"""No route of either service takes a body without an end."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest import mock

import httpx
import pytest
from fastapi import FastAPI

from deploy.docs import EXAMPLE_SETTINGS, openapi
from services.intake import app as intake
from services.intake.settings import STREAMED
from services.notify import app as notify
from shared import crowd, logs

PIECE = bytes(2**14)
KINDS = ("application/json", "multipart/form-data; boundary=b")
CHANGING = ("post", "put", "patch", "delete")
# A route that reads no body asks its servers at once, and here there are none.
ASKS_S = 0.5


def routes(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, operations in document["paths"].items():
        for method in CHANGING:
            if method in operations:
                yield method, path


async def heard_of(client: httpx.AsyncClient, method: str, path: str, kind: str) -> int:
    """Return how many bytes of an endless body a route has read until it answered or asked."""
    heard = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal heard
        while heard < 2 * crowd.LARGEST_STREAMED:
            heard += len(PIECE)
            yield PIECE

    headers = {"Content-Type": kind}
    url = path.replace("{", "").replace("}", "")
    try:
        async with asyncio.timeout(ASKS_S):
            await client.request(method, url, content=endless(), headers=headers)
    except TimeoutError:
        pass
    return heard


@pytest.mark.parametrize("create_app", [intake.create_app, notify.create_app])
async def test_every_route_stops_reading(create_app: Callable[[], FastAPI]):
    # else the loggers that the requests wake keep this form, and later tests hear nothing of them
    unformed = mock.patch.object(logs, "configure")
    with mock.patch.dict(os.environ, EXAMPLE_SETTINGS), unformed:
        app = create_app()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    greedy: dict[tuple[str, str, str], int] = {}
    known = list(routes(app.openapi()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for method, path in known:
            for kind in KINDS:
                heard = await heard_of(client, method, path, kind)
                if heard > crowd.LARGEST + 2 * len(PIECE):
                    greedy[method, path, kind] = heard

    assert len(known) > 5
    assert greedy == {}


def test_what_counts_for_itself_is_named_and_exists():
    assert set(STREAMED) <= set(openapi(intake.create_app)["paths"])
