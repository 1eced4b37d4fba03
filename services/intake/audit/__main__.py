"""Prove the audit, and give its head out of the house.

    python -m services.intake.audit verify [--published NUMBER:HASH …] [--heads FILE]
    python -m services.intake.audit export

`verify` reads everything, prints the head and ends with 0, or names the first bad entry and ends
with 1. `export` prints the head as one line of JSON. Publish that line daily where this system
cannot change it (a gazette, the operations centre, another body's mail): a later `verify
--published` then also sees an end that was cut off and a chain that was written anew.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from services.intake.audit.chain import BrokenChainError, Head
from services.intake.audit.store import Audit
from services.intake.settings import Settings
from shared.errors import OutageError
from shared.mongo import connect, database
from shared.runtime import utc_now


def _heads(path: str) -> list[Head]:
    """Read a file of published heads, one a line."""
    lines = map(str.strip, Path(path).read_text(encoding="utf-8").splitlines())
    return [_head(line) for line in lines if line]


def _head(line: str) -> Head:
    """Read `NUMBER:HASH`, or a line that `export` printed."""
    if not line.startswith("{"):
        return Head.parse(line)
    plain = orjson.loads(line)
    return Head.parse(f"{plain['number']}:{plain['hash']}")


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.intake.audit")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="read everything and check it")
    verify.add_argument(
        "--published", type=Head.parse, action="append", default=[], metavar="NUMBER:HASH"
    )
    verify.add_argument("--heads", type=_heads, default=[], metavar="FILE", help="one head a line")
    commands.add_parser("export", help="print the head, for publication")
    return parser.parse_args(words)


async def _run(arguments: argparse.Namespace) -> str:
    settings = Settings()
    client = connect(settings.mongo_url)
    try:
        audit = Audit(database(client, f"{settings.database_prefix}_intake"), utc_now)
        if arguments.command == "export":
            head = await audit.head()
            line = {"number": head.number, "hash": head.hash, "exported_at": utc_now()}
            return orjson.dumps(line).decode()
        head = await audit.verify([*arguments.published, *arguments.heads])
        return f"{head.number} entries, none missing, none changed; head {head}"
    finally:
        client.close()


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 proven, 1 broken, 2 not readable."""
    try:
        print(asyncio.run(_run(_arguments(words))))  # noqa: T201 - a command answers on stdout
    except BrokenChainError as error:
        print(f"BROKEN: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except OutageError as error:
        print(f"cannot be read: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
