"""A message that kills whoever handles it, against a real broker: it goes, its neighbours stay."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared import mongo, topology
from shared.errors import OutageError, PermanentError
from shared.events import Received
from shared.messaging import REASON_HEADER, Suspects, limits
from shared.messaging.suspects import INDEXES, named
from shared.mongo import Documents
from shared.topology import ROUTER_CASES
from tests.integration.broker import Heard, Look, connected, submitted

MOST_TRIES = 10


@pytest.mark.parametrize("killer", [1, 50])
async def test_a_message_that_kills_its_process_is_buried_and_takes_no_neighbour_along(
    amqp_url: str,
    mongo_url: str,
    database_prefix: str,
    *,
    tmp_path: Path,
    killer: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first one kills before anything is acknowledged, the fiftieth among others in hand."""
    monkeypatch.setattr(topology, "QUEUES", (ROUTER_CASES,))
    heard = tmp_path / "heard"
    async with connected(amqp_url) as publisher, Look.into(amqp_url) as look:
        await publisher.publish([submitted(n) for n in range(1, 101)])
        command = [sys.executable, "-m", "tests.integration.killed", amqp_url, mongo_url]
        done = subprocess.run(  # noqa: ASYNC221, S603 - nothing else is to be done meanwhile
            [*command, database_prefix, str(heard), str(killer)], check=False, timeout=120
        )
        assert done.returncode == 0

        dead = await look.take(ROUTER_CASES.dead)
        assert await look.settled(ROUTER_CASES)

    assert dead.message_id == submitted(killer).id
    assert "ended its process" in str(dead.headers[REASON_HEADER])
    tries = Counter(map(int, heard.read_text().split()))
    assert tries.pop(killer) == limits.SUSPECT_AFTER + limits.SUSPECT_TRIES <= MOST_TRIES
    assert set(tries) == set(range(1, 101)) - {killer}
    # what was done and not yet acknowledged at a death is done again, by the group and no oftener
    assert max(tries.values()) <= limits.SUSPECT_AFTER + 1


async def test_who_lives_is_no_suspect_any_more(mongo_url: str, database_prefix: str) -> None:
    client = mongo.connect(mongo_url)
    kept = Documents(mongo.database(client, f"{database_prefix}_operations"), "suspects", INDEXES)
    await kept.ensure_indexes()
    suspects, event = Suspects(kept), submitted(1)
    heard = Heard(OutageError("MongoDB"), PermanentError("no"))
    message: Any = SimpleNamespace(body=event.body)
    handle = suspects.alone("q", message, heard)
    received = Received.from_wire(event.body)

    for error in (OutageError, PermanentError):
        with pytest.raises(error):
            await handle(received)
    for _ in range(limits.SUSPECT_TRIES + 1):
        await handle(received)
    assert await kept.count({}) == 0

    for _ in range(limits.SUSPECT_TRIES):  # as many processes that wrote it down and ended
        await suspects._write_down(named("q", event.body))
    heard.sequences.clear()
    with pytest.raises(PermanentError, match="ended its process 5 times"):
        await handle(received)
    assert not heard.sequences
    client.close()
