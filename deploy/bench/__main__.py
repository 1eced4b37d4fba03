"""The bench: floors and us in one run, on the same machine, in the same minutes."""

import argparse
import json
import os
import sys
import textwrap
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from deploy.bench import bursts, flow, rest, sample, table
from deploy.bench.errors import BenchError
from deploy.bench.lab import Lab, Plan
from deploy.bench.table import FLOORS, Row
from deploy.local import stack as stacks

FULL = Plan(runs=5, burst_s=2.0, flow_s=8.0, idle_reports=30, flushes=300)
QUICK = Plan(runs=2, burst_s=0.6, flow_s=2.0, idle_reports=8, flushes=100)


def main() -> int:
    """Read the command line, measure, print; 1 when a run counts for nothing."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short runs of each, a minute")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there as well")
    parser.add_argument(
        "--stack", type=Path, metavar="STACK.JSON", help="a running stack; else one of its own"
    )
    given = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)  # a line is a line, also in a file
    began = time.monotonic()
    try:
        with _stack(given.stack) as file:
            lab = Lab(file, QUICK if given.quick else FULL, _say)
            rows = measure(lab)
    except (BenchError, stacks.StackError) as error:
        print(f"./dev bench: {error}", file=sys.stderr)
        return 1
    console.print("\n".join(lab.conditions))
    table.show(rows, console)
    for note in (*lab.notes, f"The bench took {time.monotonic() - began:.0f} s."):
        console.print("\n" + textwrap.fill(note, 100, break_on_hyphens=False))
    if given.json:
        document = {
            "conditions": lab.conditions,
            "notes": lab.notes,
            "rows": [row.as_json() for row in rows],
        }
        given.json.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    return 0


def measure(lab: Lab) -> list[Row]:
    """Measure everything and return the rows of the table.

    Raises:
        BenchError: a run counts for nothing.
    """
    with lab:
        found = sample.take(lab)
        latency = rest.latency(lab)
        end_to_end = flow.end_to_end(lab)
        memory = rest.memory(lab)
        floors = bursts.broker_and_disk(lab, found)
        alone = bursts.intake_alone(lab, found)
        working_time = rest.working_time(lab)
    rows = [*floors, *alone, *end_to_end, *latency, *memory, *working_time]
    return sorted(rows, key=lambda row: (0, row.name) if row.section == FLOORS else (1, ""))


@contextmanager
def _stack(given: Path | None) -> Generator[Path]:
    if given:
        yield given
        return
    _say("starting a stack on free ports")
    # by night officials are left in peace, and a third of the mails would be sent in the morning
    for name in ("NOTIFY_QUIET_FROM", "NOTIFY_QUIET_UNTIL"):
        os.environ.setdefault(name, "00:00")
    with stacks.temporary(with_services=True, say=_say) as layout:
        yield layout.stack_file


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
