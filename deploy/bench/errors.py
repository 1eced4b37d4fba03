"""Why a measurement counts for nothing."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx
from aio_pika.exceptions import AMQPError
from pymongo.errors import PyMongoError

T = TypeVar("T")

FAULTS = (
    *(AMQPError, PyMongoError, httpx.HTTPError),
    *(OSError, TimeoutError, asyncio.IncompleteReadError),
)


class BenchError(Exception):
    """Something was lost, refused or restarted meanwhile: no figure can stand on this run."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in the load's process.

    Raises:
        BenchError: a server failed; unlike the libraries' errors it can go to another process.
    """
    try:
        return asyncio.run(work)
    except FAULTS as error:
        raise BenchError(f"{type(error).__name__}: {error}") from None
