"""Documents and aggregates on a real replica set: one write, one winner, nothing half."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared import mongo
from shared.errors import DuplicateError, OutageError, StaleVersionError, WriteRefusedError
from shared.mongo import Aggregates, Database, Documents, Entry, Index, Swap, Tail
from tests.integration.proxy import link

NOW = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)
UNIQUE = Index(("key",), unique=True, where={"key": {"$exists": True}})


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_core")
    client.close()


@pytest.fixture
async def aggregates(base: Database) -> Aggregates:
    made = Aggregates(base, "things", (UNIQUE,))
    await made.ensure_indexes()
    return made


def entry(name: str) -> Entry:
    return Entry(name, "case.submitted.v1", name.encode())


def swap(identifier: str, version: int, *names: str, **changes: Any) -> Swap:
    return Swap(identifier, version, changes, [entry(name) for name in names], NOW)


def ids(tail: Tail | None) -> list[str]:
    return [each.id for each in tail.entries] if tail else []


async def owed(aggregates: Aggregates, identifier: str) -> list[str]:
    document = await aggregates.load(identifier)
    assert document
    return [each["id"] for each in document["outbox"]]


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


# Documents


async def test_a_document_comes_back_as_it_was_stored(base: Database) -> None:
    documents = Documents(base, "plain")
    stored = {"_id": "a", "at": NOW, "none": None, "bytes": b"\0\xff", "text": "Đà Lạt\0", "n": 2}

    await documents.insert(dict(stored))

    assert await documents.load("a") == stored
    assert await documents.load("b") is None


async def test_a_write_is_acknowledged_by_the_majority_and_its_journal(base: Database) -> None:
    concern = base.get_collection("plain").write_concern.document

    assert concern == {"w": "majority", "j": True}


async def test_duplicates_fail_alone_and_name_their_key(aggregates: Aggregates) -> None:
    await aggregates.create({"_id": "a", "key": "k"}, [], NOW)

    first, same_id, same_key, twin, bystander = await outcomes(
        aggregates.create({"_id": "b", "key": "l"}, [entry("b1")], NOW),
        aggregates.create({"_id": "a"}, [], NOW),
        aggregates.create({"_id": "c", "key": "k"}, [], NOW),
        aggregates.create({"_id": "b"}, [entry("twin")], NOW),
        aggregates.create({"_id": "d"}, [entry("d1")], NOW),
    )

    assert ids(first) == ["b1"]
    assert isinstance(same_id, DuplicateError)
    assert (same_id.identifier, same_id.key) == ("a", "_id")
    assert isinstance(same_key, DuplicateError)
    assert (same_key.identifier, same_key.key) == ("c", "key")
    assert isinstance(twin, DuplicateError)
    assert ids(bystander) == ["d1"]
    assert await owed(aggregates, "b") == ["b1"]


async def test_a_document_that_cannot_be_written_fails_alone(aggregates: Aggregates) -> None:
    results = await outcomes(
        *(aggregates.create({"_id": f"good{number}"}, [], NOW) for number in range(5)),
        aggregates.create({"_id": "bad", "duration_ms": 10**30}, [], NOW),
        *(aggregates.create({"_id": f"fine{number}"}, [], NOW) for number in range(5)),
    )

    failed = [each for each in results if isinstance(each, Exception)]
    assert [type(each) for each in failed] == [OverflowError]
    assert await aggregates.count({}) == 10


async def test_many_loads_at_once_answer_each_its_own(base: Database) -> None:
    documents = Documents(base, "plain")
    await asyncio.gather(
        *(documents.insert({"_id": str(number), "n": number}) for number in range(0, 300, 2))
    )

    found = await asyncio.gather(*(documents.load(str(number)) for number in range(300)))

    assert [each["n"] if each else None for each in found] == [
        number if number % 2 == 0 else None for number in range(300)
    ]


async def test_ensuring_indexes_twice_is_no_error(aggregates: Aggregates) -> None:
    await aggregates.ensure_indexes()


# Swaps


async def test_a_swap_changes_state_and_outbox_in_one_step(aggregates: Aggregates) -> None:
    await aggregates.create({"_id": "a", "state": "new"}, [entry("a1")], NOW)

    tail = await aggregates.swap(
        Swap("a", 1, {"state": "old"}, [entry("a2")], NOW, push={"history": [1, 2]})
    )

    document = await aggregates.load("a")
    assert document
    assert (document["state"], document["version"], document["history"]) == ("old", 2, [1, 2])
    assert ids(tail) == ["a1", "a2"] == await owed(aggregates, "a")
    assert tail.entries[1] == entry("a2")


@pytest.mark.parametrize("identifier", ["a", "absent"])
async def test_a_swap_of_another_version_changes_nothing(
    aggregates: Aggregates, identifier: str
) -> None:
    await aggregates.create({"_id": "a", "state": "new"}, [entry("a1")], NOW)

    with pytest.raises(StaleVersionError):
        await aggregates.swap(swap(identifier, 2, "x", state="old"))

    document = await aggregates.load("a")
    assert document
    assert (document["state"], document["version"]) == ("new", 1)
    assert await aggregates.count({}) == 1


async def test_of_fifty_swaps_of_one_version_exactly_one_wins(aggregates: Aggregates) -> None:
    await aggregates.create({"_id": "a"}, [], NOW)

    results = await outcomes(
        *(aggregates.swap(swap("a", 1, f"e{number}", winner=number)) for number in range(50))
    )

    won = [number for number, each in enumerate(results) if isinstance(each, Tail)]
    assert len(won) == 1
    assert sum(isinstance(each, StaleVersionError) for each in results) == 49
    document = await aggregates.load("a")
    assert document
    assert (document["version"], document["winner"]) == (2, won[0])
    assert await owed(aggregates, "a") == [f"e{won[0]}"] == ids(results[won[0]])


async def test_fifty_writers_in_five_processes_all_get_through_once_each(
    mongo_url: str, database_prefix: str
) -> None:
    """Whoever is told that it won has won, and whoever lost is told so: no write is made twice."""
    clients = [mongo.connect(mongo_url) for _ in range(5)]
    processes = [
        Aggregates(mongo.database(client, f"{database_prefix}_race"), "things")
        for client in clients
    ]
    await processes[0].create({"_id": "a"}, [], NOW)
    tails: dict[int, list[str]] = {}

    async def write(number: int) -> None:
        mine = processes[number % 5]
        while True:
            document = await mine.load("a")
            assert document
            try:
                tail = await mine.swap(swap("a", document["version"], f"w{number}", last=number))
            except StaleVersionError:
                continue
            assert document["version"] not in tails
            tails[document["version"]] = ids(tail)
            return

    async with asyncio.timeout(30):
        await asyncio.gather(*(write(number) for number in range(50)))

    written = await owed(processes[0], "a")
    assert sorted(written) == sorted(f"w{number}" for number in range(50))
    for version, tail in tails.items():  # its own event, and all before it
        assert tail[:version] == written[:version]
    for client in clients:
        client.close()


async def test_swaps_of_different_aggregates_share_a_batch(aggregates: Aggregates) -> None:
    await asyncio.gather(
        *(aggregates.create({"_id": f"{number}"}, [], NOW) for number in range(100))
    )

    results = await outcomes(
        *(aggregates.swap(swap(f"{number}", 1, f"e{number}", n=number)) for number in range(100)),
        aggregates.swap(swap("7", 9, "stale")),
        aggregates.swap(swap("absent", 1, "absent")),
    )

    assert [ids(each) for each in results[:100]] == [[f"e{number}"] for number in range(100)]
    assert [type(each) for each in results[100:]] == [StaleVersionError, StaleVersionError]
    assert await aggregates.count({"version": 2}) == 100


@pytest.mark.parametrize("others", [0, 3], ids=["alone", "in a batch"])
async def test_a_swap_into_a_taken_unique_key_fails_alone(
    aggregates: Aggregates, others: int
) -> None:
    await aggregates.create({"_id": "owner", "key": "k"}, [], NOW)
    for number in range(others + 1):
        await aggregates.create({"_id": f"{number}"}, [], NOW)

    results = await outcomes(
        *(aggregates.swap(swap(f"{number}", 1, f"e{number}")) for number in range(others)),
        aggregates.swap(swap(f"{others}", 1, "lost", key="k")),
    )

    assert [ids(each) for each in results[:-1]] == [[f"e{number}"] for number in range(others)]
    assert isinstance(results[-1], DuplicateError)
    assert (results[-1].identifier, results[-1].key) == (f"{others}", "key")
    assert await owed(aggregates, f"{others}") == []


# Outbox


async def test_a_confirm_removes_what_was_confirmed_and_nothing_else(
    aggregates: Aggregates,
) -> None:
    await aggregates.create({"_id": "a"}, [entry("a1"), entry("a2")], NOW)
    await aggregates.create({"_id": "b"}, [entry("b1")], NOW)
    await aggregates.swap(swap("a", 1, "a3"))

    await aggregates.confirm({"a": ["a1", "a2", "b1", "unknown"], "gone": ["x"]})

    assert await owed(aggregates, "a") == ["a3"]
    assert await owed(aggregates, "b") == ["b1"]


async def test_a_confirm_that_crosses_a_swap_keeps_the_new_event(aggregates: Aggregates) -> None:
    await aggregates.create({"_id": "a"}, [entry("a1")], NOW)

    await asyncio.gather(
        aggregates.confirm({"a": ["a1"]}),
        aggregates.swap(swap("a", 1, "a2")),
        return_exceptions=False,
    )

    assert await owed(aggregates, "a") == ["a2"]


async def test_owing_finds_the_oldest_debts_first(aggregates: Aggregates) -> None:
    for number, minutes in enumerate([3, 1, 2, 9]):
        at = NOW + timedelta(minutes=minutes)
        await aggregates.create({"_id": f"{number}"}, [entry(f"e{number}")], at)
    await aggregates.create({"_id": "paid"}, [], NOW)

    found = await aggregates.owing(NOW + timedelta(minutes=5), 10)

    assert [tail.identifier for tail in found] == ["1", "2", "0"]
    assert ids(found[0]) == ["e1"]
    assert [each.identifier for each in await aggregates.owing(NOW + timedelta(hours=1), 2)] == [
        "1",
        "2",
    ]


async def test_a_debt_is_as_old_as_its_oldest_event(aggregates: Aggregates) -> None:
    await aggregates.create({"_id": "a"}, [entry("a1")], NOW)
    late = NOW + timedelta(minutes=5)
    await aggregates.swap(Swap("a", 1, {}, [entry("a2")], late))

    [tail] = await aggregates.owing(NOW + timedelta(seconds=2), 10)

    assert ids(tail) == ["a1", "a2"]
    await aggregates.confirm({"a": ["a1"]})
    assert await aggregates.owing(NOW + timedelta(seconds=2), 10) == []
    assert [ids(each) for each in await aggregates.owing(late + timedelta(seconds=2), 10)] == [
        ["a2"]
    ]


async def test_how_much_is_owed_can_be_asked_without_reading_it(aggregates: Aggregates) -> None:
    await aggregates.create({"_id": "a"}, [Entry("a.1", "case.submitted.v1", b"{}")], NOW)

    [found] = await aggregates.owing(NOW + timedelta(seconds=1), 10, bodies=False)

    assert (found.identifier, found.entries, found.since) == ("a", (), NOW)


async def test_owing_reads_only_the_index_of_debts(base: Database, aggregates: Aggregates) -> None:
    """Ten thousand paid documents cost nothing, and a backlog is not sorted at every sweep."""
    await asyncio.gather(
        *(aggregates.create({"_id": f"paid{number}"}, [], NOW) for number in range(500)),
        *(
            aggregates.create({"_id": f"owed{number}"}, [entry(f"e{number}")], NOW)
            for number in range(60)
        ),
    )
    await base.command("profile", 2)

    found = await aggregates.owing(NOW + timedelta(minutes=1), 20)

    await base.command("profile", 0)
    profile = await base.get_collection("system.profile").find_one(
        {"op": "query", "ns": f"{base.name}.things"}
    )
    assert len(found) == 20
    assert profile
    assert profile["planSummary"] == "IXSCAN { outbox.at: 1 }"
    assert profile["keysExamined"] <= 21
    assert profile["docsExamined"] <= 21
    assert not profile.get("hasSortStage", False)


# Snapshots


Write = tuple[dict[str, Any], dict[str, Any]]


def newer(identifier: str, sequence: int) -> Write:
    query = {"_id": identifier, "sequence": {"$lt": sequence}}
    return query, {"$set": {"sequence": sequence, "value": f"v{sequence}"}}


async def test_an_older_snapshot_never_overwrites_a_newer_one(base: Database) -> None:
    documents = Documents(base, "snapshots")

    for sequence in (2, 5, 3, 5, 1, 6, 4):
        await documents.update_each([newer("a", sequence)], upsert=True)

    assert await documents.load("a") == {"_id": "a", "sequence": 6, "value": "v6"}


async def test_one_batch_with_old_and_new_ends_with_the_newest(base: Database) -> None:
    documents = Documents(base, "snapshots")

    await documents.update_each([newer("a", n) for n in (2, 7, 1)] + [newer("b", 1)], upsert=True)

    assert await documents.load("a") == {"_id": "a", "sequence": 7, "value": "v7"}
    assert await documents.load("b") == {"_id": "b", "sequence": 1, "value": "v1"}


async def test_snapshots_that_meet_on_a_missing_document_end_with_the_newest(
    mongo_url: str, database_prefix: str
) -> None:
    clients = [mongo.connect(mongo_url) for _ in range(4)]
    sides = [
        Documents(mongo.database(client, f"{database_prefix}_race"), "snapshots")
        for client in clients
    ]

    for meeting in range(25):
        await asyncio.gather(
            *(
                side.update_each(
                    [newer(f"{meeting}", n) for n in (sequence, sequence + 4)], upsert=True
                )
                for sequence, side in enumerate(sides, 1)
            )
        )

    found = await sides[0].find({})
    assert len(found) == 25
    assert {each["sequence"] for each in found} == {8}
    for client in clients:
        client.close()


async def test_an_update_without_upsert_creates_nothing(base: Database) -> None:
    documents = Documents(base, "snapshots")

    await documents.update_each([newer("a", 1)])
    await documents.update_each([])

    assert await documents.count({}) == 0


# Outages


Call = Callable[[Aggregates], Awaitable[Any]]
CALLS: list[Call] = [
    lambda a: a.create({"_id": "new"}, [], NOW),
    lambda a: a.load("a"),
    lambda a: a.swap(swap("a", 1, "a2")),
    lambda a: a.owing(NOW, 10),
    lambda a: a.confirm({"a": ["a1"]}),
    lambda a: a.find_one({}),
    lambda a: a.update_one({"_id": "a"}, {"$set": {"x": 1}}),
    lambda a: a.update_many({}, {"$set": {"x": 1}}),
    lambda a: a.delete("a"),
    lambda a: a.count({}),
    lambda a: a.ensure_indexes(),
]


async def test_every_call_says_outage_within_two_seconds_when_nobody_is_there() -> None:
    client = mongo.connect("mongodb://127.0.0.1:1/?replicaSet=rs0")  # a port where nobody listens
    aggregates = Aggregates(mongo.database(client, "nowhere"), "things")
    began = time.monotonic()

    results = await outcomes(mongo.ping(client), *(call(aggregates) for call in CALLS))

    assert [type(each) for each in results] == [OutageError] * (len(CALLS) + 1)
    assert time.monotonic() - began < 2
    client.close()


async def test_a_killed_server_is_an_outage_within_two_seconds_and_no_longer_than_it_lasts(
    mongo_url: str, database_prefix: str
) -> None:
    async with link(mongo_url) as wire:
        client = mongo.connect(wire.url(mongo_url).partition("?")[0] + "?directConnection=true")
        aggregates = Aggregates(mongo.database(client, f"{database_prefix}_kill"), "things")
        await aggregates.create({"_id": "a"}, [entry("a1")], NOW)
        await wire.close()
        began = time.monotonic()

        results = await outcomes(*(call(aggregates) for call in CALLS))
        assert [type(each) for each in results] == [OutageError] * len(CALLS)
        assert time.monotonic() - began < 2
        await wire.open()
        async with asyncio.timeout(4):
            while True:
                try:
                    found = await aggregates.load("a")
                    break
                except OutageError:
                    await asyncio.sleep(0.05)
        assert found
        assert [each["id"] for each in found["outbox"]] == ["a1"]
        await asyncio.to_thread(client.close)  # it says goodbye through the link, which is ours


async def test_a_frozen_server_is_given_up_before_the_socket_times_out(
    mongo_url: str, database_prefix: str
) -> None:
    """SIGSTOP, a black hole: the heartbeat of two seconds notices, and ends what is waiting."""
    async with link(mongo_url) as wire:
        client = mongo.connect(wire.url(mongo_url).partition("?")[0] + "?directConnection=true")
        aggregates = Aggregates(mongo.database(client, f"{database_prefix}_freeze"), "things")
        await aggregates.create({"_id": "a"}, [], NOW)
        wire.freeze()
        began = time.monotonic()

        results = await outcomes(*(call(aggregates) for call in CALLS))

        assert [type(each) for each in results] == [OutageError] * len(CALLS)
        assert time.monotonic() - began < 7
        await asyncio.to_thread(client.close)  # it says goodbye through the link, which is ours


async def test_what_the_server_would_refuse_again_is_no_outage(base: Database) -> None:
    documents = Documents(base, "refused")
    await documents.insert({"_id": "d", "name": "text"})

    with pytest.raises(WriteRefusedError, match="14"):  # $inc of a string
        await documents.update_one({"_id": "d"}, {"$inc": {"name": 1}})
    with pytest.raises(WriteRefusedError):
        await documents.update_each([({"_id": "d"}, {"$set": {"a": 1, "a.b": 2}})])
    with pytest.raises(WriteRefusedError):
        await documents.find({"$nonsense": 1})


async def test_a_swap_that_the_server_refuses_fails_alone(aggregates: Aggregates) -> None:
    for code in ("DL-1", "DL-2"):
        await aggregates.create({"_id": code, "list": "no list"}, [], NOW)
    good = Swap("DL-1", 1, {"name": "x"}, [], NOW)
    bad = Swap("DL-2", 1, {}, [], NOW, push={"list": [1]})

    told = await asyncio.gather(aggregates.swap(good), aggregates.swap(bad), return_exceptions=True)

    assert isinstance(told[1], WriteRefusedError)
    assert not isinstance(told[0], BaseException)


@pytest.mark.parametrize("before", [None, Index(("at",))], ids=["a new one", "one without a term"])
async def test_what_has_a_term_is_deleted_by_the_server(
    base: Database, before: Index | None
) -> None:
    if before:
        await Documents(base, "kept", (before,)).ensure_indexes()
    term = Index(("at",), lasts=timedelta(days=400))

    for _ in "12":
        await Documents(base, "kept", (term,)).ensure_indexes()

    found = await base.get_collection("kept").index_information()
    assert found["at_1"]["expireAfterSeconds"] == 400 * 86400
