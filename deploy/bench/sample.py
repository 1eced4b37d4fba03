"""A real case and a real event of the stack, for floors of the same size."""

import json
from dataclasses import dataclass
from typing import Any

import bson
import httpx
from pymongo import MongoClient

from deploy.bench import load
from deploy.bench.errors import BenchError
from deploy.bench.lab import Lab

WARM_UP = 60  # reports: imports, connections and compiled templates are not what is measured
WARM_UP_RATE = 20.0  # per second


@dataclass(frozen=True)
class Sample:
    """What lies in the database for a case, as BSON, and on the wire for an event, as JSON."""

    document: bytes
    event: bytes


def take(lab: Lab) -> Sample:
    """Warm the stack up with reports, and return one of them as it was stored and published.

    Raises:
        BenchError: they did not go all the way.
    """
    seen = lab.in_load(load.steady, lab.addresses, WARM_UP, WARM_UP_RATE)
    code = seen.codes[0]
    event = _submitted(lab.stack["notify"], code)
    body = json.dumps(event, ensure_ascii=False).encode()
    client: MongoClient[dict[str, Any]] = MongoClient(lab.stack["mongo"])
    case = client["civic_intake"]["cases"].find_one({"_id": code})
    client.close()
    if case is None:
        raise BenchError(f"{code} was accepted and is not stored")
    owed = {"id": event["id"], "key": event["type"], "at": case["case"]["received_at"]}
    # as intake inserts it: before anything else happened, with the event that it owes
    inserted = {**case, "case": case["opened"], "history": case["history"][:1]}
    inserted.pop("stamps", None)
    document = bson.encode({**inserted, "outbox": [{**owed, "body": body}]})
    lab.conditions.append(
        f"a stored case has {len(document):,} bytes of BSON, an event {len(body):,} of JSON, "
        f"a report {len(load.report(1)):,}"
    )
    return Sample(document, body)


def _submitted(notify: str, code: str) -> dict[str, Any]:
    """Find the event with which a case began, by reading the stream from its start."""
    after = -1
    while True:
        query = {"after": after, "limit": 1000}
        page = httpx.get(f"{notify}/api/v1/ioc/events", params=query).raise_for_status().json()
        for item in page["items"]:
            if item["subject"] == code and item["type"] == load.ON_THE_STREAM[0]:
                return {name: value for name, value in item.items() if name != "offset"}
        if not page["items"]:
            raise BenchError(f"{code} is not on the IOC stream")
        after = page["next"]
