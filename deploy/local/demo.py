"""`./dev demo`: ten real reports, one per category, through the running stack, hop by hop.

Run on its own: `python -m deploy.local.demo [STACK.JSON]`. The exit code is 1 when a hop of any
report is missing after 15 s, or is not what it should be.
"""

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.local.ioc_feed import IocFeed
from deploy.local.journey import (
    ACCEPTED,
    ASSIGNED,
    ASSIGNMENT,
    DEADLINE,
    HOME,
    RECEIPT,
    SUBMITTED,
    Desk,
    Hop,
    Journey,
    Parcel,
    pack,
)
from deploy.local.layout import Layout
from deploy.local.mailbox import Mailbox
from deploy.local.sample_reports import REGULATION, SAMPLES, Sample

COLUMNS = 100
# The server hangs up after 5 s of silence; a request must not meet that moment.
KEEP_ALIVE = httpx.Limits(keepalive_expiry=2)
# The summary's columns of times: until the last of these hops.
TIMED = {
    "201": (ACCEPTED,),
    "IOC": (SUBMITTED,),
    "unit": (ASSIGNED,),
    "clock": (DEADLINE,),
    "mails": (RECEIPT, ASSIGNMENT),
}


def main() -> int:
    """Read the command line, run the demo, return the exit code."""
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("stack", nargs="?", type=Path, help="stack.json of the stack to use")
    given = parser.parse_args()
    file: Path = given.stack or Layout.from_environment().stack_file
    try:
        stack: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        print(
            f"./dev demo: no stack runs ({file} is not there): ./dev up --detach", file=sys.stderr
        )
        return 1
    try:
        return asyncio.run(run(stack, Screen()))
    except (httpx.HTTPError, TimeoutError) as error:
        print(f"./dev demo: the stack of {file} does not answer: {error}", file=sys.stderr)
        return 1


async def run(stack: dict[str, Any], screen: "Screen") -> int:
    """Send the ten reports one after the other; 0 when every hop of each happened."""
    now = datetime.now(UTC)
    parcels = [pack(sample, number, now) for number, sample in enumerate(SAMPLES, 1)]
    async with AsyncExitStack() as open_things:
        client = await open_things.enter_async_context(httpx.AsyncClient(limits=KEEP_ALIVE))
        desk = await _desk(client, stack, open_things)
        screen.opening(stack, now)
        journeys = [await _show(parcel, desk, screen) for parcel in parcels]
    screen.summary(journeys, desk)
    screen.addresses(stack, journeys)
    return 0 if all(journey.ok for journey in journeys) else 1


async def _desk(
    client: httpx.AsyncClient, stack: dict[str, Any], open_things: AsyncExitStack
) -> Desk:
    units = await _get(client, f"{stack['intake']}/api/v1/units")
    categories = await _get(client, f"{stack['intake']}/api/v1/categories")
    return Desk(
        client=client,
        intake=stack["intake"],
        feed=await open_things.enter_async_context(IocFeed(client, stack["notify"])),
        mailbox=await open_things.enter_async_context(Mailbox(Path(stack["mail"]))),
        units={unit["id"]: (unit["name"]["vi"], unit["short"]) for unit in units["items"]},
        checked=str(categories["regulation"]).partition("@")[0] == REGULATION,
    )


async def _get(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    return (await client.get(url)).raise_for_status().json()


async def _show(parcel: Parcel, desk: Desk, screen: "Screen") -> Journey:
    journey = Journey(parcel, desk)
    screen.report(parcel)
    async for hop in journey.run():
        screen.hop(hop)
    return journey


class Screen:
    """The terminal: reads well without colours, at a hundred columns and in a file."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        # a file has no width of its own; a wide terminal need not be filled
        width = self._console.width if self._console.is_terminal else COLUMNS
        self._console.width = min(width, COLUMNS)
        self._number = 0

    def opening(self, stack: dict[str, Any], now: datetime) -> None:
        """Say what is about to happen."""
        self._console.print(
            Text("Đà Lạt trực tuyến: ten reports, one per category, through the running system"),
            style="bold",
        )
        self._console.print(
            f"It is {now.astimezone(HOME):%A %d/%m/%Y %H:%M} in Đà Lạt. Reports go to intake at "
            f"{stack['intake']},\nevents come from notify at {stack['notify']}. "
            "Times are milliseconds since the POST began."
        )

    def report(self, parcel: Parcel) -> None:
        """Show a report before it is sent."""
        self._number += 1
        sample = parcel.sample
        head = Text(f"\n{self._number:>2}/{len(SAMPLES)}  {sample.category}", style="bold")
        head.append(f"  {sample.address}", style="not bold")
        self._console.print(head)
        sizes = f"photo {_kb(parcel.photo)}, sound {_kb(parcel.sound)}"
        for line in (f"“{sample.text}”", f"{_who(sample)}; {sizes}"):
            self._console.print(Padding(Text(line, style="dim"), (0, 0, 0, 7)))

    def hop(self, hop: Hop) -> None:
        """Show a step when it happens."""
        when = "missing" if hop.ms is None else f"{hop.ms:,.0f} ms"
        mark = "  WRONG" if hop.wrong else ""
        style = "bold red" if hop.failed else ""
        self._lines(when, hop.name, tuple(f"{line}{mark}" for line in hop.words), style=style)

    def summary(self, journeys: Sequence[Journey], desk: Desk) -> None:
        """Show all journeys in one table."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for name in ("category", "code", "handled by", "due"):
            table.add_column(name, no_wrap=True)
        for name in (*TIMED, ""):
            table.add_column(name, justify="right", no_wrap=True)
        for journey in journeys:
            table.add_row(*_row(journey, desk))
        medians = (_median(journeys, hops) for hops in TIMED.values())
        table.add_row("median (ms)", "", "", "", *medians, "")
        self._console.print()
        self._console.print(table)

    def addresses(self, stack: dict[str, Any], journeys: Sequence[Journey]) -> None:
        """Say how it went, and where to look further."""
        good = sum(journey.ok for journey in journeys)
        verdict = "all hops of all reports seen" if good == len(journeys) else "see above"
        self._console.print(f"\n{good} of {len(journeys)} reports went all the way: {verdict}.")
        rows = {
            "intake": f"{stack['intake']}/docs",
            "notify": f"{stack['notify']}/docs",
            "IOC": f"curl -N '{stack['notify']}/api/v1/ioc/stream?after=-1'",
            "mail": stack["mail"],
            "RabbitMQ": stack.get("management", stack["amqp"]),
            "MongoDB": stack["mongo"],
        }
        answers = [journey.answer for journey in journeys if journey.answer]
        if answers:
            rows["a report"] = f"{stack['intake']}{answers[0]['links']['self']}"
            rows["as its reporter"] = f"-H 'Authorization: Bearer {answers[0]['tracking_token']}'"
        for name, where in rows.items():
            self._console.print(Text(f"  {name:<16}{where}"), soft_wrap=True)

    def _lines(self, when: str, name: str, words: Sequence[str], *, style: str) -> None:
        grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
        grid.add_column(width=9, justify="right", no_wrap=True)
        grid.add_column(width=17, no_wrap=True)
        grid.add_column(ratio=1, overflow="fold")
        for position, line in enumerate(words):
            first = position == 0
            grid.add_row(when if first else "", name if first else "", Text(line), style=style)
        self._console.print(grid)


def _row(journey: Journey, desk: Desk) -> list[str]:
    due = journey.answer.get("due_at")
    times = [_last(journey, hops) for hops in TIMED.values()]
    return [
        journey.parcel.sample.category,
        str(journey.answer.get("code", "-")),
        desk.short(journey.unit) if journey.unit else "-",
        f"{datetime.fromisoformat(due).astimezone(HOME):%d/%m %H:%M}" if due else "-",
        *("-" if ms is None else f"{ms:,.0f}" for ms in times),
        "ok" if journey.ok else "NO",
    ]


def _last(journey: Journey, names: Sequence[str]) -> float | None:
    """Return the time until the last of these hops, or None when one is missing."""
    times = [journey.hops[name].ms for name in names]
    return None if None in times else max(ms for ms in times if ms is not None)


def _median(journeys: Sequence[Journey], names: Sequence[str]) -> str:
    found = [ms for journey in journeys if (ms := _last(journey, names)) is not None]
    return f"{statistics.median(found):,.0f}" if found else "-"


def _who(sample: Sample) -> str:
    person = sample.reporter
    sealed = ", confidential" if person.get("anonymity") == "confidential" else ""
    return f"{person['name']}, {person['kind']}{sealed}, {person['email']}"


def _kb(data: bytes) -> str:
    return f"{len(data) / 1000:.0f} kB"


if __name__ == "__main__":
    sys.exit(main())
