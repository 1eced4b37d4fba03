"""Figures of many cases: the answer stays small, and its medians are those of all of them."""

import math
import random
import statistics
from datetime import UTC, datetime, timedelta
from typing import Any

import bson

from services.notify.ioc.figures import Question, pipeline, rows, whole
from services.notify.ioc.journey import begun
from services.notify.ioc.projection import CaseJourneys
from shared import mongo

NOW = datetime(2026, 1, 12, 5, 0, tzinfo=UTC)
CASES = 4_000
TABLES = ("state", "outcome", "unit", "category", "area", "channel")


def journey(number: int, work_s: int | None) -> dict[str, Any]:
    at = NOW - timedelta(minutes=number + 1)
    done = {"results": 1, "outcome": "solved", "work_s": work_s, "on_time": True, "open": False}
    known = {"unit": f"u{number % 3}", "category": "environment", "area": None, "channel": "web"}
    last = {
        **begun(),
        **known,
        **({"on_time": None, "open": True} if work_s is None else done),
        "n": 1,
        "at": at,
        "state": "assigned" if work_s is None else "closed",
        "due_at": at,
        "disputes": 0,
        "directives_open": 0,
        "directive_due_at": None,
    }
    return {"_id": f"DL-{number:04}", "received_at": at, "last": last, "steps": [last]}


async def test_the_answer_holds_no_list_of_all_cases(mongo_url: str, database_prefix: str):
    """One that held them in every table ended at the 16 MB of a document."""
    dice = random.Random(3)
    client = mongo.connect(mongo_url)
    journeys = CaseJourneys(
        mongo.database(client, f"{database_prefix}_notify"), lambda _case, start, end: end - start
    )
    works = [None if number % 4 == 0 else dice.randrange(10**6) for number in range(CASES)]
    changes = [
        ({"_id": each.pop("_id")}, {"$set": each}) for each in map(journey, range(CASES), works)
    ]
    await journeys.documents.update_each(changes, upsert=True)

    [found] = [each async for each in journeys.answer(pipeline(Question(NOW), TABLES))]
    client.close()

    assert len(bson.encode(found)) < 10_000
    for row, mine in (
        (whole(found["all"][0], 5), works),
        *((row, works[n::3]) for n, row in enumerate(rows(found["unit"], "unit", 5))),
    ):
        done = sorted(each for each in mine if each is not None)
        assert row["total"] == len(mine)
        assert row["median_work_s"] == statistics.median(done)
        assert row["p90_work_s"] == done[math.ceil(0.9 * len(done)) - 1]
