"""Change the master key, and erase what the schedule says.

    python -m services.intake.privacy rotate-keys
    python -m services.intake.privacy retain [--apply]

To change the master key: give every service `SEALING_KEY=old,new` and restart them all, so that
each of them opens both; then `new,old`, so that all seal with the new one; run `rotate-keys`; when
it says that nothing is left, give them `new` alone and destroy the old key. From then on nothing
that was erased before opens from any backup. It may be interrupted and started again; it ends with
1 while something is left.

`retain` is called once a day, by cron or by a timer of the containers. Without `--apply` it only
says what it would erase.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from services.intake.audit import Audit
from services.intake.onestop.catalogue import load_catalogue
from services.intake.onestop.forgetting import Forgetting
from services.intake.onestop.store import DossierStore, QueueStore
from services.intake.privacy.desk import Places, PrivacyDesk
from services.intake.privacy.followers import ended_cases
from services.intake.privacy.retention import Schedule
from services.intake.settings import Settings
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from shared.errors import OutageError
from shared.followers import Followers
from shared.identity import Seal, Vault
from shared.media import MediaStore
from shared.mongo import Database, Tail, connect, database
from shared.rulebook import load_rulebook
from shared.rulebook_store import RulebookStore
from shared.runtime import utc_now

Say = Callable[[str], None]
Databases = Callable[[str], Database]


async def rotate_keys(settings: Settings, databases: Databases, say: Say) -> int:
    """Wrap every reporter's and follower's key by the new master key."""
    identity, seal = databases("identity"), Seal(settings.sealing_key)
    left = 0
    for name, vault in (
        ("reporters", Vault(identity, seal)),
        ("followers", Followers(identity, seal)),
    ):
        found = await vault.rotate()
        counts = f"{found.rewrapped} re-wrapped now, {found.current} under the new key"
        say(f"{name}: {counts}, {found.left} left, {found.erased} erased (nothing to wrap)")
        left += found.left
    if left:
        say(
            "The old key must stay: some were sealed by a process that does not know the new one "
            "(restart it, and run this again), or open with none of the keys given."
        )
        return 1
    say("The old key can be taken out of the settings of intake and notify, and destroyed.")
    return 0


async def retain(settings: Settings, databases: Databases, say: Say, *, apply: bool) -> int:
    """Erase what the terms of regulation and counter say, or say what that would be."""
    shelf = await _shelf(settings, databases)
    erased = await _retain_cases(settings, databases, shelf, say, apply=apply)
    erased += await _retain_counter(settings, databases, shelf, say, apply=apply)
    told = ", ".join(f"{name} of {count}" for name, count in sorted(erased.items())) or "nothing"
    say(f"erased: {told}" if apply else f"to be erased: {told}; --apply does it")
    return 0


async def _retain_cases(
    settings: Settings, databases: Databases, shelf: Shelf, say: Say, *, apply: bool
) -> Counter[str]:
    regulation = shelf.now(utc_now()).regulation
    if regulation.retention is None:
        say(f"{regulation.id} has no retention: no case is erased by schedule")
        return Counter()
    intake = databases("intake")
    store = CaseStore(intake)
    media = MediaStore(settings.s3())
    identity, seal = databases("identity"), Seal(settings.sealing_key)
    vault, followers = Vault(identity, seal), Followers(identity, seal)
    places = Places(store, vault, media, Audit(intake, utc_now))
    desk = PrivacyDesk(
        places,
        shelf=shelf,
        publish=_leave_to_the_sweeper,
        clock=utc_now,
    )
    schedule = Schedule(store, regulation.retention, utc_now)
    erased: Counter[str] = Counter()
    try:
        async for due in schedule.due():
            say(f"{due.code}  {due.extent}  last event {due.ended_at:%Y-%m-%d}")
            if not apply or await schedule.apply(due, desk):
                erased[due.extent] += 1
        async for ended in ended_cases(followers, store, regulation.retention, utc_now()):
            say(f"{ended.code}  followers")
            if apply:
                await followers.forget(ended.code)
            erased["followers"] += 1
    finally:
        media.close()
    return erased


async def _retain_counter(
    settings: Settings, databases: Databases, shelf: Shelf, say: Say, *, apply: bool
) -> Counter[str]:
    intake = databases("intake")
    forgetting = Forgetting(
        QueueStore(intake),
        DossierStore(intake),
        Vault(databases("identity"), Seal(settings.sealing_key)),
        Audit(intake, utc_now),
        days=load_catalogue(settings.onestop).content.applicant_days_after_end,
        clock=utc_now,
    )
    erased: Counter[str] = Counter()
    async for due in forgetting.due(shelf.now(utc_now()).calendar.zone):
        say(f"{due.code}  {due.kind}  ended {due.ended}")
        if not apply or await forgetting.apply(due):
            erased[due.kind] += 1
    return erased


async def _shelf(settings: Settings, databases: Databases) -> Shelf:
    """Return the rules as running services know them: the file's, and all that were published."""
    book = load_rulebook(settings.regulation, settings.calendars, utc_now())
    await RulebookStore(databases("rules"), book).look()
    return Shelf(book)


def _leave_to_the_sweeper(_tail: Tail) -> None:
    """Leave events to any running intake: it publishes what is owed for longer than 2 s."""


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.intake.privacy")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("rotate-keys", help="wrap every reporter's key by the first master key")
    retain_ = commands.add_parser("retain", help="erase what has served its purpose")
    retain_.add_argument("--apply", action="store_true", help="erase; without it, only say what")
    return parser.parse_args(words)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command answers on stdout


async def _run(arguments: argparse.Namespace) -> int:
    settings = Settings().guarded()
    client = connect(settings.mongo_url)

    def databases(name: str) -> Database:
        return database(client, f"{settings.database_prefix}_{name}")

    try:
        if arguments.command == "rotate-keys":
            return await rotate_keys(settings, databases, _say)
        return await retain(settings, databases, _say, apply=arguments.apply)
    finally:
        client.close()


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 something is left, 2 interrupted."""
    try:
        return asyncio.run(_run(_arguments(words)))
    except OutageError as error:
        print(f"interrupted, run it again: {error}", file=sys.stderr)  # noqa: T201
        return 2


if __name__ == "__main__":
    sys.exit(main())
