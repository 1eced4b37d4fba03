"""Have every stage of a deadline said again, under its old id.

    python -m services.sla.republish

For the day on which RabbitMQ's data or its stream is lost, and after a restore: the stream of the
operations centre is whole again. Who knows an event takes it for a duplicate. Stop sla first.
"""

import sys

from services.sla.due_dates import DueDateStore
from services.sla.settings import Settings
from services.sla.store import DeadlineStore
from shared.mongo import connect, database
from shared.republishing import report
from shared.runtime import utc_now


async def _run() -> int:
    settings = Settings()
    client = connect(settings.mongo_url)
    try:
        base = database(client, f"{settings.database_prefix}_sla")
        owed = [
            await store.aggregates.owe_all(utc_now())
            for store in (DeadlineStore(base), DueDateStore(base))
        ]
        return sum(owed)
    finally:
        client.close()


def main() -> int:
    """Run it; 0 done, 2 not possible now."""
    return report(_run(), "deadline events")


if __name__ == "__main__":
    sys.exit(main())
