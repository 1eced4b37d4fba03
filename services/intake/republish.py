"""Have intake say all its events again, in order and under their old ids.

    python -m services.intake.republish

For the day on which RabbitMQ's data is lost, and after a restore: the stream of the operations
centre is rebuilt, and whoever missed an event hears it. Those who know it take it for a duplicate.
Stop intake first, and start it afterwards: a running process remembers what it saw confirmed.
`python -m services.<router, sla, notify>.republish` do the same for theirs.
"""

import sys
from datetime import datetime

from services.intake.disclosures.store import DisclosureStore
from services.intake.onestop.store import DossierStore, QueueStore
from services.intake.settings import Settings
from services.intake.store import CaseStore
from shared.mongo import Database, connect, database
from shared.republishing import report
from shared.runtime import utc_now

PAGE = 200


async def republish(store: CaseStore, at: datetime) -> int:
    """Put every event of every case into its outbox again; return how many.

    A case that changes meanwhile publishes by itself and is taken at its next version.
    """
    owed, last = 0, ""
    while page := await store.search({"_id": {"$gt": last}}, sort=[("_id", 1)], limit=PAGE):
        last = page[-1].case.code
        for stored in page:
            entries = store.entries_of(stored)
            while not await store.aggregates.owe(stored.case.code, stored.version, entries, at):
                fresh = await store.load(stored.case.code)
                if fresh is None:
                    break
                stored, entries = fresh, store.entries_of(fresh)  # noqa: PLW2901
            owed += len(entries)
    return owed


async def republish_all(base: Database, at: datetime) -> int:
    """Owe every event of cases, disclosures, queues and dossiers again; return how many."""
    owed = await republish(CaseStore(base), at)
    others = (DisclosureStore(base), QueueStore(base), DossierStore(base))
    return owed + sum([await each.aggregates.owe_all(at) for each in others])


async def _run() -> int:
    settings = Settings()
    client = connect(settings.mongo_url)
    try:
        base = database(client, f"{settings.database_prefix}_intake")
        return await republish_all(base, utc_now())
    finally:
        client.close()


def main() -> int:
    """Run it; 0 done, 2 not possible now."""
    return report(_run(), "events")


if __name__ == "__main__":
    sys.exit(main())
