"""`python -m services.notify.ioc rebuild`: the projections are read from the stream again.

The running projector notices within seconds. What the figures say meanwhile is bounded by the
watermark; journeys of cases that the stream no longer holds stay as they are.
"""

import argparse
import asyncio

from services.notify.ioc.marks import Marks
from services.notify.settings import Settings
from shared.mongo import connect, database


async def rebuild(settings: Settings) -> int:
    """Begin a new generation and return its number."""
    client = connect(settings.mongo_url)
    try:
        base = database(client, f"{settings.database_prefix}_notify")
        return (await Marks(base).rebuild()).generation
    finally:
        client.close()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m services.notify.ioc", description=__doc__)
    parser.add_argument("what", choices=["rebuild"])
    parser.parse_args()
    generation = asyncio.run(rebuild(Settings()))
    print(f"generation {generation} is being built; see `watermark` in /ioc/summary")  # noqa: T201


if __name__ == "__main__":
    main()
