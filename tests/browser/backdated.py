"""Cases that came in days ago: overdue ones cannot be made by waiting.

The report goes through intake's own reception, whose clock stands in the past, into the database of
the running stack. Everything behind it is the stack: its sweeper publishes what the case owes, the
router decides, sla counts from the receipt and shouts, notify tells the wall.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

from services.intake.archive import Archive, Item
from services.intake.domain.report import ReportIn
from services.intake.reception import Desks, Reception
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from services.intake.submission import Submission
from shared import mongo
from shared.identity import TrackingTokens, Vault
from shared.mongo import Tail
from shared.outbox import TailPublisher
from shared.rulebook import load_rulebook
from shared.screening import load_screening
from shared.settings import RULES
from tests.browser.desk_world import files, send
from tests.e2e.client import City, eventually, report
from tests.e2e.test_journeys import publish

WARDS = ("Phường 1", "Phường 2", "Phường 9", "Phường 10", "Phường 5")
CATEGORIES = ("environment", "urban_order", "food_safety", "construction_order", "forest")
AGO_H = (2, 5, 20, 26, 30, 50, 74, 98, 122, 170)  # hours; over a weekend as well


class _NoFiles:
    """The archive of a report without files."""

    async def inspect(self, *_: object) -> Sequence[Item]:
        return []


class _Sweeper:
    """Leaves what is owed to the sweeper of the running stack."""

    def soon(self, _: Tail) -> None:
        return


def received(
    stack: Mapping[str, Any], reports: Sequence[tuple[datetime, dict[str, Any]]]
) -> list[str]:
    """Take reports in as of moments in the past; return the codes of their cases."""
    with ThreadPoolExecutor(1) as beside:  # Playwright's own loop runs in this thread
        return beside.submit(lambda: asyncio.run(_received(stack["mongo"], reports))).result()


async def _received(url: str, reports: Sequence[tuple[datetime, dict[str, Any]]]) -> list[str]:
    client = mongo.connect(url)
    base = mongo.database(client, "civic_intake")
    now = datetime.now(UTC)
    shelf = Shelf(load_rulebook(RULES / "regulations" / "dalat.yaml", RULES / "calendars", now))
    desks = Desks(
        CaseStore(base),
        cast("TailPublisher", _Sweeper()),
        cast("Vault", None),  # who is anonymous leaves nothing
        cast("Archive", _NoFiles()),
        TrackingTokens(["not told"]),
    )
    codes: list[str] = []
    for at, body in reports:
        reception = Reception(
            desks,
            shelf,
            load_screening(RULES / "regulations" / "screening-vi.yaml"),
            lambda at=at: at,
        )
        raw = json.dumps(body).encode()
        answer = await reception.take(
            ReportIn.model_validate_json(raw), Submission(body, raw), None
        )
        codes.append(answer.body["code"])
    client.close()
    return codes


def anonymous(**changes: Any) -> dict[str, Any]:
    """A report of somebody who leaves nothing."""
    reporter = {"kind": "resident", "anonymity": "anonymous", "language": "vi"}
    return report(reporter=reporter, **changes)


@cache
def _late(intake: str, notify: str, url: str, accounts: str) -> tuple[str, ...]:
    now = datetime.now(UTC)
    reports = []
    for n in range(2 * len(AGO_H)):
        place = {"lat": 11.925 + 0.0042 * (n % 7), "lon": 108.42 + 0.0061 * (n % 5)}
        ward, category = WARDS[n % len(WARDS)], CATEGORIES[(n // 2) % len(CATEGORIES)]
        body = anonymous(area=ward, category=category, location=place)
        reports.append((now - timedelta(hours=AGO_H[n % len(AGO_H)]), body))
    codes = received({"mongo": url}, reports)
    city = City({"intake": intake, "notify": notify, "accounts": json.loads(accounts), "mail": ""})
    overdue = lambda: city.notify.get("/ioc/summary").json()["overdue"]  # noqa: E731
    eventually(lambda: overdue() >= len(AGO_H), wait_s=60)
    _answered(city, codes[:6])
    city.close()
    return tuple(codes)


def _answered(city: City, late: Sequence[str]) -> None:
    """Some results: of cases of today in time, and too late of those; enough for shares."""
    photo = files()[0][1]
    fresh = [send(city, area=WARDS[n % 2], category="environment") for n in range(12)]
    for each in fresh:
        city.in_state(each, "assigned")
    for code in [each["code"] for each in fresh] + list(late):
        unit = eventually(lambda code=code: city.intake.get(f"/reports/{code}").json()["unit"])
        officer = city.official(unit)
        officer.act(code, "accept")
        publish(officer, code, [("after.jpg", photo, "image/jpeg")])


def a_city_with_overdue_cases(stack: Mapping[str, Any]) -> tuple[str, ...]:
    """Cases of several wards that are hours and days over their time; once for a stack."""
    accounts = json.dumps(stack["accounts"])
    return _late(stack["intake"], stack["notify"], stack["mongo"], accounts)
