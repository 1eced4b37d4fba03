"""The audit on a real replica set: no fork, no gap, and every falsification is named."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from services.intake.audit import EMPTY, REPORTER, Actor, Audit, BrokenChainError, Entry, Head, Note
from services.intake.audit.__main__ import main
from shared import mongo
from shared.errors import OutageError
from shared.mongo import Database
from shared.vocabulary import Role, UnitId
from tests.integration.proxy import link

NOW = datetime(2026, 1, 12, 1, 0, 0, 123_456, tzinfo=UTC)
OFFICER = Actor("a_17", Role.OFFICER, UnitId("ward_1"))


def clock() -> datetime:
    return NOW


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_intake")
    client.close()


@pytest.fixture
async def audit(base: Database) -> Audit:
    made = Audit(base, clock)
    await made.documents.ensure_indexes()
    return made


async def fill(audit: Audit, count: int = 10) -> None:
    await asyncio.gather(
        *(audit.note("reporter.viewed", actor=OFFICER, subject=f"s{n}") for n in range(count))
    )


async def test_an_entry_says_who_when_what_and_why(audit: Audit) -> None:
    first = await audit.note(
        "reporter.viewed",
        actor=OFFICER,
        subject="DL-7K3Q-9M2F",
        purpose="verify_report",
        detail={"fields": ["name", "phone"], "again": True, "count": 3},
    )
    second = await audit.note("reporter.erased", actor=REPORTER, subject="DL-7K3Q-9M2F")

    assert await audit.read() == [first, second]
    assert (first.number, first.previous) == (1, EMPTY.hash)
    assert (second.number, second.previous) == (2, first.hash)
    assert (first.actor, first.role, first.unit) == ("a_17", "officer", "ward_1")
    assert (second.actor, second.role, second.unit) == ("reporter", None, None)
    assert first.at == NOW.replace(microsecond=123_000)
    assert first.detail == {"fields": ("name", "phone"), "again": True, "count": 3}
    assert await audit.verify() == second.head == await audit.head()


async def test_an_empty_audit_has_the_empty_head(audit: Audit) -> None:
    assert await audit.head() == EMPTY == await audit.verify()


async def test_two_hundred_appends_from_two_stores_at_once_are_one_chain(
    mongo_url: str, database_prefix: str
) -> None:
    clients = [mongo.connect(mongo_url) for _ in range(2)]
    stores = [Audit(mongo.database(each, f"{database_prefix}_two"), clock) for each in clients]

    entries = await asyncio.gather(
        *(
            stores[number % 2].note("reporter.viewed", actor=OFFICER, subject=f"s{number}")
            for number in range(200)
        )
    )

    assert sorted(each.number for each in entries) == list(range(1, 201))
    assert sorted(each.subject for each in entries) == sorted(f"s{n}" for n in range(200))
    stored = await stores[0].read(limit=1000)
    assert stored == sorted(entries, key=lambda each: each.number)
    assert (await stores[1].verify()).number == 200
    for each in clients:
        each.close()


async def test_eight_replicas_that_meet_at_every_number_neither_fork_nor_leave_a_gap(
    mongo_url: str, database_prefix: str
) -> None:
    clients = [mongo.connect(mongo_url) for _ in range(8)]
    stores = [Audit(mongo.database(each, f"{database_prefix}_eight"), clock) for each in clients]

    async def keep_noting(store: Audit, name: int) -> list[int]:
        numbers: list[int] = []
        for step in range(12):
            burst = await asyncio.gather(
                *(
                    store.note("reporter.viewed", actor=OFFICER, subject=f"{name}.{step}.{each}")
                    for each in range(1 + step % 3)
                )
            )
            numbers += [each.number for each in burst]
        return numbers

    async with asyncio.timeout(60):
        found = await asyncio.gather(*(keep_noting(each, n) for n, each in enumerate(stores)))

    for numbers in found:  # what a process notes one after the other stands in that order
        assert numbers == sorted(numbers)
    assert sorted(chain.from_iterable(found)) == list(range(1, 8 * 24 + 1))
    assert (await stores[0].verify()).number == 8 * 24
    for each in clients:
        each.close()


async def test_notes_of_one_moment_go_in_few_round_trips(base: Database, audit: Audit) -> None:
    await base.command("profile", 2)

    await fill(audit, 200)

    await base.command("profile", 0)
    written = await base["system.profile"].count_documents(
        {"ns": f"{base.name}.audit", "op": "insert"}
    )
    assert written <= 3
    assert (await audit.verify()).number == 200


async def test_a_batch_that_another_process_cuts_in_two_goes_on_behind_it(base: Database) -> None:
    """Between our 3rd and 4th entry another one lands: what we wrote stands, the rest follows."""
    ours, theirs = Audit(base, clock), Audit(base, clock)
    append, meddled = ours.documents.append, False

    async def meddle(documents: list[dict[str, Any]]) -> int:
        nonlocal meddled
        if meddled:
            return await append(documents)
        meddled = True
        stored = await append(documents[:3])
        await theirs.note("case.viewed_sealed", actor=OFFICER, subject="between")
        return stored + await append(documents[3:])

    ours.documents.append = meddle  # type: ignore[method-assign]
    await fill(ours, 8)

    found = await ours.read()
    assert [each.number for each in found] == list(range(1, 10))
    assert [each.number for each in found if each.subject == "between"] == [4]
    assert (await ours.verify()).number == 9


async def test_what_cannot_be_noted_fails_alone_and_before_anything_is_written(
    audit: Audit,
) -> None:
    results = await asyncio.gather(
        audit.note("reporter.viewed", actor=OFFICER, subject="fine"),
        audit.note("reporter.viewed", actor=OFFICER, subject="bad", detail={"x": object()}),
        audit.note("reporter.viewed", actor=OFFICER, subject="\ud800"),
        audit.note("reporter.viewed", actor=OFFICER, subject="fine too"),
        return_exceptions=True,
    )

    assert [isinstance(each, Entry) for each in results] == [True, False, False, True]
    assert [each.subject for each in await audit.read()] == ["fine", "fine too"]


async def test_no_note_without_a_durable_entry(mongo_url: str, database_prefix: str) -> None:
    async with link(mongo_url) as wire:
        client = mongo.connect(wire.url(mongo_url).partition("?")[0] + "?directConnection=true")
        audit = Audit(mongo.database(client, f"{database_prefix}_away"), clock)
        await audit.note("reporter.viewed", actor=OFFICER, subject="before")
        await wire.close()

        with pytest.raises(OutageError):
            await audit.note("reporter.viewed", actor=OFFICER, subject="during")

        await wire.open()
        async with asyncio.timeout(10):
            while True:
                try:
                    after = await audit.note("reporter.viewed", actor=OFFICER, subject="after")
                    break
                except OutageError:
                    await asyncio.sleep(0.05)
        assert after.subject == "after"
        assert await audit.verify() == after.head
        client.close()


# Reading


async def test_entries_are_found_by_subject_kind_and_topic_in_their_order(audit: Audit) -> None:
    for kind, subject in [
        ("account.changed", "a_1"),
        ("reporter.viewed", "DL-7K3Q-9M2F"),
        ("session.revoked", "a_1"),
        ("accounting.done", "a_1"),
        ("reporter.viewed", "another"),
    ]:
        await audit.note(kind, actor=OFFICER, subject=subject)

    async def numbers(**query: Any) -> list[int]:
        return [each.number for each in await audit.read(**query)]

    assert await numbers() == [1, 2, 3, 4, 5]
    assert await numbers(after=2, limit=2) == [3, 4]
    assert await numbers(subject="a_1") == [1, 3, 4]
    assert await numbers(kinds=["reporter.viewed"]) == [2, 5]
    assert await numbers(kinds=["reporter.viewed"], subject="another") == [5]
    assert await numbers(topics=["account", "session"]) == [1, 3]
    assert await numbers(topics=["account"], kinds=["reporter.viewed"]) == []


async def test_what_somebody_put_in_under_another_id_is_not_read_as_an_entry(
    base: Database, audit: Audit
) -> None:
    await fill(audit, 2)
    forged = (await audit.read())[0].to_document()
    await base["audit"].insert_many([{**forged, "_id": "x"}, {**forged, "_id": -1}])

    assert [each.number for each in await audit.read()] == [1, 2]
    with pytest.raises(BrokenChainError):
        await audit.verify()


async def test_an_audit_that_somebody_touched_goes_on_and_still_names_the_place(
    base: Database, audit: Audit
) -> None:
    await fill(audit, 3)
    await base["audit"].update_one({"_id": 3}, {"$set": {"extra": 1}})
    await base["audit"].insert_one({"_id": "zzz"})

    entry = await Audit(base, clock).note("reporter.viewed", actor=OFFICER, subject="after")

    assert entry.number == 4
    with pytest.raises(BrokenChainError) as caught:
        await audit.verify()
    assert caught.value.number == 3


# Falsification in the database itself, and the command that names it


@dataclass
class Ran:
    status: int
    out: str
    err: str


Command = Callable[..., Awaitable[Ran]]


@pytest.fixture
def command(
    mongo_url: str,
    database_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Run `python -m services.intake.audit` in this process, in a loop of its own."""
    monkeypatch.setenv("INTAKE_MONGO_URL", mongo_url)
    monkeypatch.setenv("INTAKE_DATABASE_PREFIX", database_prefix)

    async def run(*words: str) -> Ran:
        status = await asyncio.to_thread(main, words)
        said = capsys.readouterr()
        return Ran(status, said.out, said.err)

    return run


async def forge(base: Database, number: int, **changes: Any) -> None:
    """Change an entry and hash it again, as somebody would who knows how."""
    found = await base["audit"].find_one({"_id": number})
    assert found
    entry = Entry.from_document(found)
    plain = {name: getattr(entry, name) for name in Note.model_fields} | changes
    forged = Entry.after(Head(number - 1, entry.previous), Note(**plain))
    await base["audit"].replace_one({"_id": number}, forged.to_document())


async def exchange(base: Database) -> None:
    fourth, fifth = [await base["audit"].find_one({"_id": number}) for number in (4, 5)]
    assert fourth
    assert fifth
    await base["audit"].replace_one({"_id": 4}, {**fifth, "_id": 4})
    await base["audit"].replace_one({"_id": 5}, {**fourth, "_id": 5})


@pytest.mark.parametrize(
    ("falsify", "number"),
    [
        pytest.param(
            lambda b: b["audit"].update_one({"_id": 4}, {"$set": {"actor": "a_99"}}), 4, id="tamper"
        ),
        pytest.param(
            lambda b: b["audit"].update_one({"_id": 4}, {"$set": {"extra": 1}}), 4, id="add a field"
        ),
        pytest.param(
            lambda b: b["audit"].update_one({"_id": 4}, {"$set": {"at": NOW - timedelta(days=1)}}),
            4,
            id="backdate",
        ),
        pytest.param(lambda b: forge(b, 4, actor="a_99"), 5, id="tamper and hash again"),
        pytest.param(lambda b: b["audit"].delete_one({"_id": 4}), 4, id="delete"),
        pytest.param(exchange, 4, id="reorder"),
    ],
)
async def test_a_falsified_audit_ends_the_command_with_1_and_the_first_bad_entry(
    base: Database,
    audit: Audit,
    command: Command,
    *,
    falsify: Callable[[Database], Any],
    number: int,
) -> None:
    await fill(audit)
    proven = await command("verify")
    assert (proven.status, proven.err) == (0, "")
    assert str(await audit.head()) in proven.out

    await falsify(base)

    broken = await command("verify")
    assert broken.status == 1
    assert f"BROKEN: entry {number} " in broken.err


async def test_a_cut_tail_is_named_against_a_published_head_and_passes_without(
    base: Database, audit: Audit, command: Command, tmp_path: Path
) -> None:
    await fill(audit)
    exported = await command("export")
    assert exported.status == 0
    (tmp_path / "heads").write_text(exported.out + "\n")
    head = str(await audit.head())
    assert (await command("verify", "--published", head)).status == 0

    await base["audit"].delete_many({"_id": {"$gt": 8}})

    assert (await command("verify")).status == 0
    for words in (["--published", head], ["--heads", str(tmp_path / "heads")]):
        broken = await command("verify", *words)
        assert broken.status == 1
        assert "entry 9 is missing" in broken.err


def test_an_audit_that_cannot_be_read_is_neither_proven_nor_broken() -> None:
    away = subprocess.run(
        [sys.executable, "-m", "services.intake.audit", "verify"],
        env={"INTAKE_MONGO_URL": "mongodb://127.0.0.1:1/?replicaSet=rs0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert away.returncode == 2
    assert "cannot be read" in away.stderr
