"""What was measured, beside its floor and its target."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

HEADS = ("", "min", "median", "max", "", "of floor", "target", "")
FLOORS = "floors: what bare servers and libraries do here"


@dataclass(frozen=True)
class Target:
    """A value to reach.

    Attributes:
        value: In the row's unit; a share of the floor when `of_floor`.
        at_most: Whether less is better.
        of_floor: Whether the ratio to the floor counts and not the value.
        words: What the table says.
    """

    value: float
    words: str
    at_most: bool = False
    of_floor: bool = False


@dataclass(frozen=True)
class Row:
    """One figure of several runs.

    Attributes:
        section: What it belongs to.
        name: What it is.
        unit: Of its values.
        values: One per run, in order.
        floor: The floor's values of the same runs, when there is one.
        floor_name: `F2` and the like.
        target: What is to be reached, when something is.
    """

    section: str
    name: str
    unit: str
    values: Sequence[float]
    floor: Sequence[float] = ()
    floor_name: str = ""
    target: Target | None = None

    @property
    def median(self) -> float:
        """The figure that is held against the target."""
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        """The median of the runs' shares of their floor: each was measured beside its own."""
        if not self.floor:
            return None
        return statistics.median(
            value / floor for value, floor in zip(self.values, self.floor, strict=True)
        )

    @property
    def ok(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.target is None:
            return None
        reached = self.ratio if self.target.of_floor else self.median
        if reached is None:
            return None
        return reached <= self.target.value if self.target.at_most else reached >= self.target.value

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain data, with what is derived from it."""
        return {**asdict(self), "median": self.median, "ratio": self.ratio, "ok": self.ok}


def quantile(percent: int, runs: Sequence[Sequence[float]]) -> list[float]:
    """Return this percentile of every run."""
    return [statistics.quantiles(run, n=100, method="inclusive")[percent - 1] for run in runs]


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the rows, a table for each section, with the columns under each other."""
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            console.print(f"\n{section}", style="bold")
            console.print(_line([*HEADS]), style="dim")
        console.print(_line(_cells(row)), style="bold red" if row.ok is False else "")


def _line(cells: Sequence[str]) -> str:
    name, *numbers, unit, ratio, target, verdict = cells
    right = "".join(f"{number:>9}" for number in numbers)
    return f"  {name:<38}{right} {unit:<4}{ratio:<11}{target:<13}{verdict}".rstrip()


def _cells(row: Row) -> list[str]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f} × {row.floor_name}"
    verdict = {True: "ok", False: "short", None: ""}[row.ok]
    return [
        row.name,
        _number(min(row.values)),
        _number(row.median),
        _number(max(row.values)),
        row.unit,
        ratio,
        row.target.words if row.target else "",
        verdict,
    ]


def _number(value: float) -> str:
    if value >= 1000:  # noqa: PLR2004 - four digits say enough
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - the same
