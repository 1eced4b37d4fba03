"""What an operator does with dead letters, against a real RabbitMQ and a real MongoDB."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import MongoClient

from shared import topology
from shared.deadletters import DeadLetters, NoSuchQueueError
from shared.errors import PermanentError
from shared.events import Received
from shared.messaging import ATTEMPT_HEADER, REASON_HEADER, REPLAYED_HEADER, Publisher
from shared.topology import ROUTER_CASES, SLA_CASES
from tests.builders import CODE
from tests.integration.broker import Look, connected, eventually, hearing, submitted

DEAD = ROUTER_CASES.dead


@pytest.fixture
async def publisher(amqp_url: str) -> AsyncIterator[Publisher]:
    async with connected(amqp_url) as running:
        yield running


@pytest.fixture
async def look(amqp_url: str, publisher: Publisher) -> AsyncIterator[Look]:
    assert publisher  # the topology stands
    async with Look.into(amqp_url) as opened:
        yield opened


async def bury(publisher: Publisher, *sequences: int, queue: str = DEAD) -> list[str]:
    """Put events into a dead-letter queue, as _settle does; return their ids."""
    entries = [submitted(sequence) for sequence in sequences]
    for entry in entries:
        headers = {REASON_HEADER: "not for us", ATTEMPT_HEADER: 7}
        await publisher.send(queue, entry.body, headers, message_id=entry.id)
    return [entry.id for entry in entries]


async def test_a_look_shows_what_was_buried_and_takes_nothing(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    ids = await bury(publisher, 1, 2, 3)

    for _ in range(25):  # RabbitMQ 4 drops after twenty deliveries what has no limit of its own
        async with DeadLetters.at(amqp_url) as dead:
            letters = await dead.letters()
        await eventually(lambda: _holds(look, DEAD, 3))

    assert [letter.id for letter in letters] == ids
    assert {letter.reason for letter in letters} == {"not for us"}
    assert {letter.subject for letter in letters} == {CODE}


async def test_whatever_was_buried_can_be_read(amqp_url: str, look: Look) -> None:
    await look.put(DEAD, b"\xff\x00 no JSON")
    await look.put(DEAD, b"[1]", {"x-death": [{"reason": "delivery_limit"}]})
    await look.put(DEAD, b'{"id": 5, "sequence": "x", "subject": null}', {REASON_HEADER: 7})

    async with DeadLetters.at(amqp_url) as dead:
        letters = await dead.letters()

    assert [letter.reason for letter in letters] == [
        "unknown",
        "the broker: delivery_limit",
        "unknown",
    ]
    assert len({letter.id for letter in letters}) == 3


async def test_replayed_letters_reach_their_consumer_with_their_attempts_begun_anew(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    await bury(publisher, 1)
    async with DeadLetters.at(amqp_url) as dead:
        replayed = await dead.replay()

    sent = await look.take(ROUTER_CASES.name)

    assert [letter.id for letter in replayed] == [sent.message_id]
    assert sent.body == submitted(1).body
    assert sent.headers == {REPLAYED_HEADER: 1}
    assert await look.settled(ROUTER_CASES)


async def test_what_is_replayed_in_vain_is_buried_again_and_counted(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    await bury(publisher, 1)

    async def refuse(_received: Received) -> None:
        raise PermanentError("still not")

    async with hearing(amqp_url, refuse, publisher):
        async with DeadLetters.at(amqp_url) as dead:
            await dead.replay()
        await eventually(lambda: _holds(look, DEAD, 1))
    async with DeadLetters.at(amqp_url) as dead:
        (letter,) = await dead.letters()

    assert (letter.reason, letter.replayed) == ("still not", 1)


async def test_a_replay_keeps_the_order_of_a_case_and_takes_its_elders_along(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    ids = await bury(publisher, 5, 2, 9, 3)  # buried in the order in which they failed

    async with DeadLetters.at(amqp_url) as dead:
        replayed = await dead.replay([ids[0]])

    assert [letter.sequence for letter in replayed] == [2, 3, 5]
    assert [(await look.take(ROUTER_CASES.name)).body for _ in range(3)] == [
        submitted(sequence).body for sequence in (2, 3, 5)
    ]
    assert (await look.take(DEAD)).body == submitted(9).body


async def test_two_operators_who_replay_at_once_send_nothing_twice(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    await bury(publisher, *range(1, 31))

    async def replay() -> int:
        async with DeadLetters.at(amqp_url) as dead:
            return len(await dead.replay())

    counts = await asyncio.gather(replay(), replay())

    assert sum(counts) + await look.waiting(DEAD) == 30
    assert await look.waiting(ROUTER_CASES.name) == sum(counts)


async def test_a_replay_that_is_not_confirmed_leaves_the_letter_dead(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    await bury(publisher, 1)
    await look.delete_queue(ROUTER_CASES.name)

    async with DeadLetters.at(amqp_url) as dead:
        with pytest.raises(Exception, match="RabbitMQ"):
            await dead.replay()

    await eventually(lambda: _holds(look, DEAD, 1))


async def test_a_letter_is_noted_before_it_is_dropped(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    ids = await bury(publisher, 1, 2)

    async def refuse(_letter: object) -> None:
        raise RuntimeError("the note cannot be written")

    async with DeadLetters.at(amqp_url) as dead:
        with pytest.raises(RuntimeError):
            await dead.drop(refuse)
    await eventually(lambda: _holds(look, DEAD, 2))
    noted: list[str] = []

    async def note(letter: Any) -> None:
        noted.append(letter.id)

    async with DeadLetters.at(amqp_url) as dead:
        await dead.drop(note, [ids[1]])

    assert noted == [ids[1]]
    assert (await look.take(DEAD)).body == submitted(1).body


async def test_one_queue_can_be_meant_by_both_its_names(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    assert look
    await bury(publisher, 1)
    await bury(publisher, 2, queue=SLA_CASES.dead)

    for name in (SLA_CASES.name, SLA_CASES.dead):
        async with DeadLetters.at(amqp_url, name) as dead:
            assert await dead.counts() == {SLA_CASES.name: 1}
    with pytest.raises(NoSuchQueueError, match=ROUTER_CASES.name):
        async with DeadLetters.at(amqp_url, "router.case"):
            pass


async def test_a_broker_that_no_service_has_seen_has_no_dead_letters(amqp_url: str) -> None:
    async with DeadLetters.at(amqp_url) as dead:
        assert set((await dead.counts()).values()) == {0}
        assert await dead.letters() == []


async def _holds(look: Look, queue: str, number: int) -> bool:
    return await look.waiting(queue) == number


# The command


class Command:
    """`python -m shared.deadletters`, as in a service's container."""

    def __init__(self, amqp_url: str, mongo_url: str, prefix: str) -> None:
        self._environment = {
            "SLA_AMQP_URL": amqp_url,
            "SLA_MONGO_URL": mongo_url,
            "SLA_DATABASE_PREFIX": prefix,
        }

    async def __call__(self, *words: str, answer: bytes = b"") -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "shared.deadletters", *words),
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate(answer)
        assert process.returncode is not None
        return process.returncode, out.decode(), errors.decode()


@pytest.fixture
def command(amqp_url: str, mongo_url: str, database_prefix: str) -> Command:
    return Command(amqp_url, mongo_url, database_prefix)


async def test_an_operator_lists_shows_and_replays(
    command: Command, publisher: Publisher, look: Look
) -> None:
    (known,) = await bury(publisher, 1)

    code, listed, _ = await command("list")
    shown = json.loads((await command("show", known))[1])
    missing = await command("show", "nobody")
    replayed = await command("replay", known)

    assert code == 0
    assert known in listed
    assert "not for us" in listed
    assert shown["body"]["id"] == known
    assert missing[0] == 1
    assert "nobody" in missing[2]
    assert replayed[:2] == (0, "1 sent back\n")
    assert "deadletter.replayed" in replayed[2]
    assert (await look.take(ROUTER_CASES.name)).message_id == known
    assert (await command("list"))[1] == "no dead letters\n"


async def test_a_drop_asks_and_is_noted(
    command: Command, publisher: Publisher, mongo_url: str, database_prefix: str
) -> None:
    known, other = await bury(publisher, 1, 2)

    refused = await command("drop", "--all", answer=b"yes\n")
    silent = await command("drop", "--all")
    dropped = await command("drop", known, answer=b"1\n")
    forced = await command("drop", "--all", "--yes")

    assert (refused[0], silent[0]) == (1, 1)
    assert "nothing was dropped" in refused[1]
    assert dropped[0] == 0
    assert forced[:2] == (0, "1 dropped\n")
    assert "deadletter.dropped" in forced[2]
    with MongoClient(mongo_url) as client:
        notes = list(client[f"{database_prefix}_operations"]["dropped_letters"].find())
    assert {note["event_id"] for note in notes} == {known, other}
    assert all(note["by"] and note["reason"] == "not for us" for note in notes)
    assert (await command("list"))[1] == "no dead letters\n"


@pytest.mark.parametrize("words", [("replay",), ("drop", "x", "--all"), ("list", "--queue", "no")])
async def test_a_command_that_names_nothing_or_too_much_is_refused(
    command: Command, words: tuple[str, ...]
) -> None:
    assert (await command(*words))[0] == 2


def test_every_queue_of_the_house_is_looked_into() -> None:
    assert {spec.name for spec in topology.QUEUES} == {
        "router.cases",
        "intake.decisions",
        "sla.cases",
        "sla.dossiers",
        "notify.events",
        "notify.onestop",
    }
