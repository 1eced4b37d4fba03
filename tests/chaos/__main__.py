"""`./dev chaos`: break everything under load and prove that nothing was lost, doubled or leaked."""

import argparse
import asyncio
import logging
import time
from pathlib import Path

from deploy.local.layout import Layout
from tests.chaos.matrix import CI_ROWS, ROWS
from tests.chaos.run import Plan, Run


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def main() -> int:
    """Read the command line and run; 1 on any violation."""
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=9, help="for faults and load together")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--rows", help="of the matrix, separated by commas; default: all")
    parser.add_argument("--mix", choices=["ci"], help="the bounded choice of rows that CI runs")
    parser.add_argument("--reports", type=int, default=0, help="go on until so many are accepted")
    default = Layout.from_environment().directory / "chaos"
    parser.add_argument("--out", type=Path, default=default, help="folder of chaos.md, chaos.json")
    given = parser.parse_args()
    rows = tuple(int(each) for each in given.rows.split(",")) if given.rows else tuple(ROWS)
    if given.mix == "ci":
        rows = CI_ROWS
    if unknown := set(rows) - set(ROWS):
        parser.error(f"rows {sorted(unknown)} are not among {sorted(ROWS)}")
    for name in ("aio_pika", "aiormq"):  # they report every fault that we make
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    _say(f"seed {given.seed}, rows {', '.join(map(str, rows))}")
    plan = Plan(
        given.minutes,
        given.seed,
        rows,
        given.reports,
        given.out,
        counters_only=given.mix == "ci",
    )
    return asyncio.run(Run(plan, _say).run())


if __name__ == "__main__":
    raise SystemExit(main())
