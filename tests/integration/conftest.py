"""Fixtures of the tests on real servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.notify_world import NotifyWorld, notify_world


@pytest.fixture
def world(
    amqp_url: str, mongo_url: str, database_prefix: str, tmp_path: Path
) -> Iterator[NotifyWorld]:
    """Notify as processes; tests that have a world of another kind name their own `world`."""
    with notify_world(amqp_url, mongo_url, database_prefix, tmp_path) as opened:
        yield opened
