"""A regulation whose limits end within the run, and a calendar that never closes.

The city's own file with four changes, so that everything else is what runs in earnest: the limit
of one category is seconds long, that of another long enough for no stage, neither needs a photo,
and the leaders are told soon after a missed deadline.
"""

from pathlib import Path

import yaml

from shared.settings import RULES
from tests.chaos.load import LONG, SHORT

APPROACHING = 0.5  # of the limit
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def write(folder: Path, limit_s: int) -> tuple[Path, Path]:
    """Write both files; return the regulation and the folder of calendars.

    Args:
        folder: Where.
        limit_s: Of the short category; the leaders are told half as long after it.
    """
    calendars = folder / "calendars"
    calendars.mkdir(parents=True)
    always = {
        "version": "always-open",
        "zone": "Asia/Ho_Chi_Minh",
        "announced_from": "2019-01-01",
        "announced_until": "2040-12-31",
        "hours": [
            {
                "valid_from": "2019-01-01",
                "week": {day: [["00:00", "24:00"]] for day in WEEK},
                "source": "made for the chaos run",
            }
        ],
        "closed": [],
    }
    _dump(calendars / "always.yaml", always)
    rules = yaml.safe_load((RULES / "regulations" / "dalat.yaml").read_text(encoding="utf-8"))
    rules["calendar"] = "always.yaml"
    rules["procedures"]["escalate_after_hours"] = limit_s / 2 / 3600
    for category in rules["categories"]:
        if category["id"] == SHORT:
            category |= {"limit_hours": limit_s / 3600, "approaching": APPROACHING}
        if category["id"] == LONG:
            category["limit_hours"] = 240
        if category["id"] in (SHORT, LONG):
            category["evidence"] = {**category["evidence"], "report": "optional"}
    regulation = folder / "regulation.yaml"
    _dump(regulation, rules)
    return regulation, calendars


def _dump(path: Path, content: object) -> None:
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    # dates are written as dates, which a string in quotes is not
    for day in ("2019-01-01", "2040-12-31"):
        text = text.replace(f"'{day}'", day)
    path.write_text(text, encoding="utf-8")
