"""Remove what crashes left without a case, now.

    python -m services.intake.orphans [--older-than-s SECONDS] [--apply]

Intake does it by itself every six hours. Without `--apply` it only counts. Never name fewer
seconds than an upload on its way may need; the default is an hour.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from services.intake.onestop.forgetting import people_of
from services.intake.onestop.store import DossierStore, QueueStore
from services.intake.orphans import Orphans, Swept
from services.intake.settings import Settings
from services.intake.store import CaseStore
from shared.errors import OutageError
from shared.identity import Seal, Vault
from shared.media import MediaStore
from shared.mongo import connect, database
from shared.runtime import utc_now


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.intake.orphans")
    parser.add_argument("--older-than-s", type=float, default=3600, metavar="SECONDS")
    parser.add_argument("--apply", action="store_true", help="remove them")
    return parser.parse_args(words)


async def _run(arguments: argparse.Namespace) -> Swept:
    settings = Settings()
    client = connect(settings.mongo_url)
    media = MediaStore(settings.s3())
    try:
        base = database(client, f"{settings.database_prefix}_intake")
        counter = partial(people_of, QueueStore(base), DossierStore(base))
        identity = database(client, f"{settings.database_prefix}_identity")
        vault = Vault(identity, Seal(settings.sealing_key))
        orphans = Orphans(CaseStore(base), media, vault, counter)
        before = utc_now() - timedelta(seconds=arguments.older_than_s)
        return await orphans.sweep(before, apply=arguments.apply)
    finally:
        media.close()
        client.close()


def main(words: Sequence[str] | None = None) -> int:
    """Run it; 0 done, 2 not possible now."""
    arguments = _arguments(words)
    try:
        swept = asyncio.run(_run(arguments))
    except OutageError as error:
        print(f"cannot be swept: {error}", file=sys.stderr)  # noqa: T201
        return 2
    told = "removed" if arguments.apply else "to be removed; --apply does it"
    print(f"{swept.objects} objects, {swept.reporters} reporters {told}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
