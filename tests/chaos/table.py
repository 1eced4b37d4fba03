"""The table of a run, as Markdown for people and as JSON for programs."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.chaos.checker import COUNTERS, Violation
from tests.chaos.nemesis import Measure, Result


def markdown(results: Sequence[Result], head: Sequence[str], total: dict[str, int]) -> str:
    """Return the table with what stands above it, and below it what fell short."""
    columns = ["row", "fault", "faults", "acknowledged", *COUNTERS, "quiet s",
               "recovery: p50 / max (asked)"]  # fmt: skip
    rows = [_row(each) for each in results]
    acknowledged = sum(each.acknowledged for each in results)
    faults = sum(each.faults for each in results)
    rows.append(["", "**all**", str(faults), str(acknowledged),
                 *(str(total[each]) for each in COUNTERS), "", ""])  # fmt: skip
    lines = [*head, "", _line(columns), _line(["---"] * len(columns)), *map(_line, rows)]
    remarks = [
        f"- row {each.row}: {words}"
        for each in results
        for words in (
            *([f"skipped: {each.skipped}"] if each.skipped else []),
            *(f"WRONG: {one}" for one in each.wrong),
            *(f"falls short: {one.name}" for one in each.measures.values() if not one.met),
            *each.notes,
        )
    ]
    return "\n".join([*lines, "", *remarks]) + "\n"


def write(
    folder: Path, text: str, results: Sequence[Result], violations: Sequence[Violation]
) -> None:
    """Write `chaos.md` and `chaos.json` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chaos.md").write_text(text, encoding="utf-8")
    content = {
        "rows": [asdict(each) for each in results],
        "violations": [asdict(each) for each in violations],
    }
    (folder / "chaos.json").write_text(json.dumps(content, indent=1), encoding="utf-8")


def _row(result: Result) -> list[str]:
    if result.skipped:
        return [str(result.row), result.title, "skipped", "", *("" for _ in COUNTERS), "", ""]
    quiet = "never" if result.quiet_s is None else f"{result.quiet_s:.1f}"
    counts = [str(result.counters.get(each, 0)) for each in COUNTERS]
    measures = "; ".join(_measure(each) for each in result.measures.values())
    return [str(result.row), result.title, str(result.faults), str(result.acknowledged), *counts,
            quiet, measures]  # fmt: skip


def _measure(measure: Measure) -> str:
    middle, most = statistics.median(measure.values), max(measure.values)
    bound = "≥" if measure.at_least else "≤"
    asked = "" if measure.asked is None else f" ({bound} {measure.asked:g})"
    unit = f" {measure.unit}" if measure.unit else ""
    return f"{measure.name} {middle:.1f} / {most:.1f}{unit}{asked}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
