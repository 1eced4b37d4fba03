"""Dead letters at the command line.

    ./dev deadletters list [--queue QUEUE] [--json]
    ./dev deadletters show ID …
    ./dev deadletters replay ID … | --all
    ./dev deadletters drop ID … | --all [--yes]

Inside a container: `docker compose exec router python -m shared.deadletters list`. The servers
are those of the service's own settings, `<SERVICE>_AMQP_URL` and `<SERVICE>_MONGO_URL`.

`list` shows what was buried and why; `show` prints all of it. `replay` sends letters back to the
queue in which they failed, with the elder ones of their case; doing so twice is harmless. `drop`
removes for good: it asks first, and notes in `<prefix>_operations.dropped_letters` what and by
whom. Without --queue every queue is meant.
"""

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import structlog

from shared import logs
from shared.deadletters import DeadLetters, Letter, NoSuchQueueError
from shared.deadletters.letter import full, named, record, row
from shared.errors import OutageError
from shared.mongo import Documents, connect, database
from shared.runtime import utc_now

SERVICES = ("INTAKE", "ROUTER", "SLA", "NOTIFY")
HEADINGS = ("QUEUE", "ID", "TYPE", "CASE", "REASON")
DROPPED = "dropped_letters"


class UsageError(Exception):
    """The command cannot be run like this; the sentence says what to do."""


def setting(name: str, environment: Mapping[str, str]) -> str:
    """Return a setting that one of the services has, straight or from its `_FILE`.

    Raises:
        UsageError: no service is set up here.
    """
    for service in SERVICES:
        variable = f"{service}_{name}"
        if path := environment.get(f"{variable}_FILE"):
            return Path(path).read_text(encoding="utf-8").strip()
        if value := environment.get(variable):
            return value
    raise UsageError(
        f"no <SERVICE>_{name} is set: run it in a service's container, or by ./dev deadletters"
    )


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m shared.deadletters",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    of_a_queue = argparse.ArgumentParser(add_help=False)
    of_a_queue.add_argument("--queue", help="only this one, for example router.cases")
    listing = commands.add_parser("list", parents=[of_a_queue], help="what was buried, and why")
    listing.add_argument("--json", action="store_true", help="one object a line")
    commands.add_parser("show", parents=[of_a_queue], help="all of it").add_argument(
        "ids", nargs="+", metavar="ID"
    )
    for name, help_ in (("replay", "send back"), ("drop", "remove for good")):
        command = commands.add_parser(name, parents=[of_a_queue], help=help_)
        command.add_argument("ids", nargs="*", metavar="ID")
        command.add_argument("--all", action="store_true", help="every letter that is there now")
        if name == "drop":
            command.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.parse_args(words)
    if given.command in ("replay", "drop") and bool(given.ids) == given.all:
        parser.error("name the letters, or say --all")
    return given


def _table(letters: Sequence[Letter]) -> str:
    rows = [HEADINGS, *map(row, letters)]
    widths = [max(len(each[column]) for each in rows) for column in range(len(HEADINGS) - 1)]
    return "\n".join(
        "  ".join((*(cell.ljust(w) for cell, w in zip(each[:-1], widths, strict=True)), each[-1]))
        for each in rows
    )


async def _list(given: argparse.Namespace, dead: DeadLetters) -> int:
    letters = await dead.letters()
    if given.json:
        for letter in letters:
            _say(orjson.dumps(record(letter)).decode())
    elif letters:
        _say(_table(letters))
        _say(f"{len(letters)} dead letters")
    else:
        _say("no dead letters")
    return 0


async def _show(given: argparse.Namespace, dead: DeadLetters) -> int:
    letters = named(await dead.letters(), given.ids)
    for letter in letters:
        _say(orjson.dumps(full(letter), default=repr, option=orjson.OPT_INDENT_2).decode())
    return _missing(given.ids, letters)


async def _replay(given: argparse.Namespace, dead: DeadLetters) -> int:
    replayed = await dead.replay(None if given.all else given.ids)
    for letter in replayed:
        structlog.get_logger().info("deadletter.replayed", by=_who(), **record(letter))
    _say(f"{len(replayed)} sent back")
    return 0 if given.all else _missing(given.ids, replayed)


async def _drop(given: argparse.Namespace, dead: DeadLetters) -> int:
    ids = None if given.all else given.ids
    doomed = named(await dead.letters(), ids)
    if doomed and not given.yes:
        _say(_table(doomed))
        # in a thread: while a person thinks, the connection's heartbeats go on
        if not await asyncio.to_thread(_confirmed, len(doomed)):
            _say("nothing was dropped")
            return 1
    client = connect(setting("MONGO_URL", os.environ))
    prefix = _prefix(os.environ)
    notes = Documents(database(client, f"{prefix}_operations"), DROPPED)

    async def note(letter: Letter) -> None:
        line = {**record(letter), "by": _who()}
        await notes.insert({"_id": f"{letter.queue} {letter.id} {utc_now().isoformat()}", **line})
        structlog.get_logger().warning("deadletter.dropped", **line)

    try:
        dropped = await dead.drop(note, ids)
    finally:
        client.close()
    _say(f"{len(dropped)} dropped")
    return 0 if given.all else _missing(given.ids, dropped)


def _confirmed(number: int) -> bool:
    try:
        return input(f"Type {number} to drop them for good: ").strip() == str(number)
    except EOFError:  # nobody can answer
        return False


def _prefix(environment: Mapping[str, str]) -> str:
    try:
        return setting("DATABASE_PREFIX", environment)
    except UsageError:
        return "civic"


def _who() -> str:
    """Return the operator's name on this machine; a container knows only its own user."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _missing(ids: Sequence[str], found: Sequence[Letter]) -> int:
    """Say which of the named letters are not there; the command's exit status."""
    gone = sorted(set(ids) - {letter.id for letter in found})
    for each in gone:
        print(f"no dead letter {each}", file=sys.stderr)  # noqa: T201
    return 1 if gone else 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command answers on stdout


_COMMANDS = {"list": _list, "show": _show, "replay": _replay, "drop": _drop}


async def _run(given: argparse.Namespace) -> int:
    async with DeadLetters.at(setting("AMQP_URL", os.environ), given.queue) as dead:
        return await _COMMANDS[given.command](given, dead)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 a named letter is not there or nothing was done, 2 cannot."""
    given = _arguments(words)
    logs.configure("deadletters")
    try:
        return asyncio.run(_run(given))
    except (OutageError, NoSuchQueueError, UsageError) as error:
        print(f"deadletters: {error}", file=sys.stderr)  # noqa: T201
        return 2


if __name__ == "__main__":
    sys.exit(main())
