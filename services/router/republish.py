"""Have every routing decision said again, under its old id.

    python -m services.router.republish

For the day on which RabbitMQ's data is lost, and after a restore: a decision that intake never
applied is applied now; of the others intake knows that they are. Stop the router first.
"""

import sys
from datetime import datetime

from services.router.settings import Settings
from services.router.store import RoutingStore
from shared.mongo import connect, database
from shared.republishing import report
from shared.runtime import utc_now


async def republish(store: RoutingStore, at: datetime) -> int:
    """Put every decision into its outbox again; return how many."""
    owed = 0
    async for identifier, version, entry in store.decided():
        owed += await store.aggregates.owe(identifier, version, [entry], at)
    return owed


async def _run() -> int:
    settings = Settings()
    client = connect(settings.mongo_url)
    try:
        store = RoutingStore(database(client, f"{settings.database_prefix}_router"))
        return await republish(store, utc_now())
    finally:
        client.close()


def main() -> int:
    """Run it; 0 done, 2 not possible now."""
    return report(_run(), "decisions")


if __name__ == "__main__":
    sys.exit(main())
