"""The table of a run, as Markdown for people and as JSON for programs."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.chaos.checker import COUNTERS, Violation
from tests.chaos.nemesis import Measure, Result

QUIET_S = 60.0  # after healing: the matrix


def markdown(results: Sequence[Result], head: Sequence[str], total: dict[str, int] | None) -> str:
    """Return the table with what stands above it, and below it what fell short.

    Args:
        results: Of the rows, in order.
        head: Paragraphs above it.
        total: Violations by counter; None when the run ended before anything was compared.
    """
    columns = [
        *("row", "fault", "kills or faults (the matrix)", "acknowledged", *COUNTERS),
        *(f"quiet after, s (≤ {QUIET_S:g})", "recovery, p50 / worst (the matrix: met or not)"),
    ]
    rows = [_row(each) for each in results]
    acknowledged = sum(each.acknowledged for each in results)
    faults = sum(each.faults for each in results)
    rows.append(["", "**all**", str(faults), str(acknowledged), *_counts(total), "", _met(results)])
    lines = [*head, "", _line(columns), _line(["---"] * len(columns)), *map(_line, rows)]
    remarks = [
        f"- row {each.row}: {words}"
        for each in results
        for words in (
            *([f"skipped: {each.skipped}"] if each.skipped else []),
            *(f"WRONG: {one}" for one in each.wrong),
            *(f"falls short: {_measure(one)}" for one in each.measures.values() if not one.met),
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
    measures = "; ".join(_measure(each) for each in result.measures.values())
    asked = f" ({result.asked})" if result.asked else ""
    return [str(result.row), result.title, f"{result.faults}{asked}", str(result.acknowledged),
            *_counts(result.counters), quiet, measures]  # fmt: skip


def _counts(counters: dict[str, int] | None) -> list[str]:
    """Return a cell for each counter; a dash says that nothing was compared."""
    return ["–" if counters is None else str(counters.get(each, 0)) for each in COUNTERS]


def _met(results: Sequence[Result]) -> str:
    asked = [one for each in results for one in each.measures.values() if one.asked is not None]
    return f"{sum(one.met for one in asked)} of {len(asked)} numbers met"


def _measure(measure: Measure) -> str:
    middle, most = statistics.median(measure.values), max(measure.values)
    if measure.at_least:
        most = min(measure.values)
    unit = f" {measure.unit}" if measure.unit else ""
    text = f"{measure.name} {middle:.1f} / {most:.1f}{unit}"
    if measure.asked is None:
        return text
    bound = "≥" if measure.at_least else "≤"
    return f"{text} ({bound} {measure.asked:g}: {'met' if measure.met else '**not met**'})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
