"""Have every incident said again, under its old id.

    python -m services.notify.republish

For the day on which RabbitMQ's data or its stream is lost, and after a restore: the stream of the
operations centre is whole again. Who knows an event takes it for a duplicate. Stop notify first.
"""

import sys

from services.notify.ioc.incidents import IncidentStore
from services.notify.settings import Settings
from shared.mongo import connect, database
from shared.republishing import report
from shared.runtime import utc_now


async def _run() -> int:
    settings = Settings()
    client = connect(settings.mongo_url)
    try:
        base = database(client, f"{settings.database_prefix}_notify")
        return await IncidentStore(base).aggregates.owe_all(utc_now())
    finally:
        client.close()


def main() -> int:
    """Run it; 0 done, 2 not possible now."""
    return report(_run(), "events of incidents")


if __name__ == "__main__":
    sys.exit(main())
