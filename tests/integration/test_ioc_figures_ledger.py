"""The figures of the operations centre, each against a ledger that was counted independently."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from deploy.local.layout import ROOT
from services.notify.ioc.figures import COUNTS
from shared.events import CaseSnapshot
from tests.e2e.client import eventually
from tests.integration.notify_world import NotifyWorld, Replica, all_ready, publish
from tests.integration.stories import Story, in_order_of_time, now, told
from tests.integration.story_ledger import count, open_cases

DERIVED = (
    *("on_time_share", "median_work_s", "p90_work_s", "reopened_share"),
    *("satisfaction", "satisfied_share"),
)
TABLES = {"units": "unit", "categories": "category", "areas": "area", "channels": "channel"}
Keep = Callable[[CaseSnapshot], bool]


SMALL = 5
# what is told of results, disputes and ratings, by how many stand behind; sums and shares of them
BEHIND = {
    "resolved": ("on_time", "late", "on_time_share"),
    "answered": ("reopened", "reopened_share"),
    "rated": ("satisfaction", "satisfied_share"),
}
MEDIANS = ("median_work_s", "p90_work_s")


def same(
    shown: dict[str, Any], wanted: dict[str, Any], note: str, more: Sequence[str] = ()
) -> None:
    """Every figure that enough cases stand behind; the others are null, and it is said.

    `more` names counts of which this row is withheld beside a row of a few.
    """
    few = {behind for behind in BEHIND if 0 < wanted.get(behind, 0) < SMALL}
    null = {name for behind in {*few, *more} for name in BEHIND[behind]}
    null |= set(MEDIANS) if "resolved" in few else set()
    assert set(shown["withheld"]) == null, note
    for name in (*COUNTS, *DERIVED):
        if name in null:
            assert shown[name] is None, (note, name)
        elif name in COUNTS:
            assert shown[name] == wanted.get(name, 0), (note, name)
        elif name in wanted:
            assert shown[name] == pytest.approx(wanted[name], abs=1.01), (note, name)
        else:
            assert shown[name] is None, (note, name)


def beside(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Of which counts each row of a table is withheld, since rows of a few would follow."""
    found: list[list[str]] = [[] for _ in rows]
    for behind in BEHIND:
        counts = [row.get(behind, 0) for row in rows]
        few = [n for n, many in enumerate(counts) if 0 < many < SMALL]
        larger = sorted((many, n) for n, many in enumerate(counts) if many >= SMALL)
        gone = sum(counts[n] for n in few)
        for many, n in larger if few else []:
            if gone < SMALL:
                found[n].append(behind)
                gone += many
    return found


def as_alone(rows: list[dict[str, Any]], alone: list[dict[str, Any]], note: str) -> None:
    """Each row of a summary's table is that of the table alone, but for what it withholds too."""
    for row, each in zip(rows, alone, strict=True):
        assert set(each["withheld"]) <= set(row["withheld"]), note
        assert row == {**each, **dict.fromkeys(row["withheld"]), "withheld": row["withheld"]}, note


def one_tells(whole: dict[str, Any], note: str) -> None:
    """A summary that withholds a field anywhere tells it in one of its tables that divide it."""
    for behind, fields in BEHIND.items():
        tables = [[row for row in whole[f"by_{name}"] if row[behind]] for name in TABLES.values()]
        if any(fields[0] in row["withheld"] for rows in tables for row in rows):
            told = [rows for rows in tables if any(row[fields[0]] is not None for row in rows)]
            assert sum(len(rows) > 1 for rows in told) <= 1, (note, behind)


def having(name: str, value: Any) -> Keep:
    return lambda case: getattr(case, name) == value


def test_every_figure_equals_the_ledger_now_and_at_any_past_moment(world: NotifyWorld) -> None:
    seed = random.randrange(10**6)
    dice, ended = random.Random(seed), now() - timedelta(minutes=1)
    stories = told(dice, 150, ended - timedelta(days=4), ended)
    notify = world.replica()
    all_ready([notify])
    entries = [entry for _, entry in in_order_of_time(stories)]
    publish(world.amqp, entries)
    eventually(lambda: notify.caught_up(len(entries)), 60)
    moments = [ended - timedelta(days=4) * dice.random() for _ in range(6)]

    for moment in (now(), *moments):
        note = f"seed {seed} at {moment}"
        at = {"at": moment.isoformat()}
        whole = notify.get("summary", **at)
        same(whole, count(stories, moment, lambda _: True), note)
        for table, name in TABLES.items():
            items = notify.get(table, **at)["items"]
            as_alone(whole[f"by_{name}"], items, note)
            wanted = [count(stories, moment, having(name, row[name])) for row in items]
            for row, each, more in zip(items, wanted, beside(wanted), strict=True):
                same(row, each, f"{note} {name} {row[name]}", more)
            assert sum(row["total"] for row in items) == whole["total"]
        one_tells(whole, note)
    _filters_and_periods(notify, stories, f"seed {seed}")


def _filters_and_periods(notify: Replica, stories: list[Story], note: str) -> None:
    moment = now()
    for channel in ("web", "hotline", "counter", "camera"):
        shown = notify.get("summary", channel=channel, at=moment.isoformat())
        same(shown, count(stories, moment, lambda case, c=channel: case.channel == c), note)
    since, until = moment - timedelta(days=3), moment - timedelta(days=1)
    query = {"from": since.isoformat(), "to": until.isoformat(), "at": moment.isoformat()}
    wanted = count(stories, moment, lambda case: since <= case.received_at < until)
    same(notify.get("summary", **query), wanted, note)


def test_the_open_cases_come_in_pages_and_agree_with_the_figures(world: NotifyWorld) -> None:
    seed = random.randrange(10**6)
    dice, ended = random.Random(seed), now() - timedelta(minutes=1)
    stories = told(dice, 60, ended - timedelta(days=2), ended)
    notify = world.replica()
    all_ready([notify])
    entries = [entry for _, entry in in_order_of_time(stories)]
    publish(world.amqp, entries)
    eventually(lambda: notify.caught_up(len(entries)), 60)

    for moment in (None, ended - timedelta(hours=20), ended - timedelta(hours=40)):
        at = {"at": moment.isoformat()} if moment else {}
        for channel in (None, "web", "hotline"):
            asked = {**at, **({"channel": channel} if channel else {})}
            pages = list(paged(notify, **asked))
            note = f"seed {seed}: {asked}"
            items = [each for page in pages for each in page["items"]]
            assert {page["as_of"] for page in pages} == {pages[0]["as_of"]}, note
            as_of = datetime.fromisoformat(pages[0]["as_of"])
            keep: Keep = lambda case, c=channel: c in (None, case.channel)  # noqa: E731
            assert rows_of(items) == open_cases(stories, as_of, keep), note
            figures = notify.get("summary", **{**asked, "at": as_of.isoformat()})
            late = [each for each in items if datetime.fromisoformat(each["due_at"]) < as_of]
            assert (figures["open"], figures["overdue"]) == (len(items), len(late)), note


def paged(notify: Replica, **asked: str) -> Iterator[dict[str, Any]]:
    """The pages of open cases; each is full but the last."""
    cursor: dict[str, str] = {}
    while True:
        page = notify.get("cases", limit=7, **asked, **cursor)
        yield page
        if page["next"] is None:
            return
        assert len(page["items"]) == 7
        cursor = {"cursor": page["next"]}


def rows_of(items: list[dict[str, Any]]) -> list[tuple[str, str, datetime]]:
    return [
        (each["code"], each["channel"], datetime.fromisoformat(each["due_at"])) for each in items
    ]


def test_a_cursor_of_another_list_or_moment_is_refused_at_its_field(world: NotifyWorld) -> None:
    notify = world.replica()
    all_ready([notify])
    whole = "2026-01-02T00:00:00+00:00~2026-01-02T00:00:00+00:00~DL-2222-2222"
    future = f"{(now() + timedelta(days=1)).isoformat()}~{whole.partition('~')[2]}"

    for asked, field in (
        ({"cursor": "tomorrow"}, "cursor"),
        ({"cursor": "~~"}, "cursor"),
        ({"cursor": whole.replace("+00:00", "")}, "cursor"),
        ({"cursor": future}, "cursor"),
        ({"cursor": whole, "at": "2026-01-03T00:00:00Z"}, "at"),
        ({"limit": "0"}, "limit"),
        ({"limit": "5001"}, "limit"),
    ):
        answer = httpx.get(f"{notify.url}/api/v1/ioc/cases", params=asked)
        assert answer.status_code == 422, asked
        assert [each["field"] for each in answer.json()["errors"]] == [field], asked
    assert notify.get("cases", cursor=whole)["items"] == []


def rebuild(world: NotifyWorld) -> None:
    command = [sys.executable, "-m", "services.notify.ioc", "rebuild"]
    environment = dict(world.replicas[0].environment)
    subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603


def test_projections_that_were_lost_are_the_same_after_a_rebuild(world: NotifyWorld) -> None:
    seed = random.randrange(10**6)
    ended = now() - timedelta(minutes=1)
    stories = told(random.Random(seed), 80, ended - timedelta(days=2), ended)
    entries = [entry for _, entry in in_order_of_time(stories)]
    notify = world.replica()
    all_ready([notify])
    publish(world.amqp, entries)
    eventually(lambda: notify.caught_up(len(entries)), 60)
    at = {"at": now().isoformat()}

    def figures() -> dict[str, Any]:
        shown = notify.get("summary", **at)
        changing = ("watermark", "newest_offset", "cursor")
        return {name: each for name, each in shown.items() if name not in changing}

    before, generation = figures(), notify.get("summary")["watermark"]["generation"]
    world.database["journeys"].delete_many({"category": "environment"})
    world.database["journeys"].update_many({}, {"$set": {"steps.$[].unit": "nowhere"}})
    assert figures() != before

    rebuild(world)

    def rebuilt() -> bool:
        mark = notify.caught_up(len(entries))
        return bool(mark and mark["generation"] == generation + 1)

    eventually(rebuilt, 60)
    assert figures() == before, f"seed {seed}"


def test_an_upgrade_that_counts_something_new_builds_the_journeys_again(world: NotifyWorld) -> None:
    ended = now() - timedelta(minutes=1)
    stories = told(random.Random(7), 30, ended - timedelta(days=1), ended)
    entries = [entry for _, entry in in_order_of_time(stories)]
    notify = world.replica()
    all_ready([notify])
    publish(world.amqp, entries)
    eventually(lambda: notify.caught_up(len(entries)), 60)
    before = notify.get("channels")["items"]
    notify.end()
    gone = {"$unset": {"steps.$[].channel": "", "last.channel": ""}}
    world.database["journeys"].update_many({}, gone)
    world.database["marks"].update_one({"_id": "ioc.events"}, {"$unset": {"shape": ""}})

    notify.start()
    all_ready([notify])

    def totals(items: list[dict[str, Any]]) -> dict[str, int]:
        return {each["channel"]: each["total"] for each in items}

    eventually(lambda: totals(notify.get("channels")["items"]) == totals(before), 60)
    assert None not in totals(before)


def test_an_unknown_way_in_finds_nothing_and_a_senseless_moment_is_refused(
    world: NotifyWorld,
) -> None:
    notify = world.replica()
    all_ready([notify])

    assert notify.get("channels", channel="pigeon")["items"] == []
    future = {"at": (now() + timedelta(days=1)).isoformat()}
    for path in ("channels", "incidents"):
        answer = httpx.get(f"{notify.url}/api/v1/ioc/{path}", params=future)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "at"
    answer = httpx.get(f"{notify.url}/api/v1/ioc/incidents", params={"cursor": "tomorrow"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"
