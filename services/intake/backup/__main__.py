"""Save everything into a folder, or restore it into empty servers.

    python -m services.intake.backup save DIR
    python -m services.intake.backup restore DIR

`save` may run under load. `restore` wants every service stopped and empty databases; afterwards run
`python -m services.<router, sla, notify>.republish`, then start the services: what RabbitMQ had
held, and the stream of the operations centre, are said again. The folder holds personal data,
sealed or not; the keys that open it (SEALING_KEY, TRACKING_SECRET) are not in it and must be kept
elsewhere.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from services.intake.backup import BackupError, Places, restore, save
from services.intake.republish import republish_all
from services.intake.settings import Settings
from shared.errors import OutageError
from shared.media import MediaStore
from shared.mongo import connect, database
from shared.mongo.dump import databases_of
from shared.runtime import utc_now


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m services.intake.backup",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("save", "restore"))
    parser.add_argument("folder", type=Path, metavar="DIR")
    return parser.parse_args(words)


async def _run(arguments: argparse.Namespace) -> None:
    settings = Settings()
    client = connect(settings.mongo_url)
    media = MediaStore(settings.s3())
    prefix = settings.database_prefix
    try:
        names = [name[len(prefix) + 1 :] for name in await databases_of(client, prefix)]
        places = Places(tuple(names), lambda name: database(client, f"{prefix}_{name}"), media)
        if arguments.command == "save":
            await save(places, arguments.folder, utc_now, _say)
            _say(f"saved in {arguments.folder}; keep SEALING_KEY and TRACKING_SECRET elsewhere")
        else:
            await restore(places, arguments.folder, _say)
            owed = await republish_all(places.database("intake"), utc_now())
            _say(f"{owed} events will be said again; now the republish of router, sla, notify")
    finally:
        media.close()
        client.close()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 2 not done."""
    try:
        asyncio.run(_run(_arguments(words)))
    except (BackupError, OutageError, OSError) as error:
        print(f"backup: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
