"""Whether a regulation has an answer on every day: its parts come and go, its time has no gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shared.regulation_model import Area, Content, Dated, Rule
from shared.rulefile import RuleFile
from shared.vocabulary import CategoryId

Place = tuple[str | int, ...]


def overlap(*parts: Dated) -> tuple[date, date]:
    """Return the first and the last day on which all parts hold; swapped when there is none."""
    return max(part.valid_from for part in parts), min(part.last_day for part in parts)


@dataclass(frozen=True)
class Gap:
    """The first day without a part, and the part that ended before it; None at the beginning."""

    day: date
    after: Dated | None


def first_gap(parts: Iterable[Dated], first: date, last: date) -> Gap | None:
    """Return the first day from `first` to `last` on which no part holds, if there is one."""
    cursor, before = first, None
    for part in sorted(parts, key=lambda part: part.valid_from):
        if part.last_day < cursor:
            continue
        if part.valid_from > cursor:
            break
        if part.last_day >= last:
            return None
        cursor, before = part.last_day + timedelta(days=1), part
    return Gap(cursor, before)


def meet(one: Dated, other: Dated) -> bool:
    """Say whether there is a day on which both hold."""
    return one.valid_from <= other.last_day and other.valid_from <= one.last_day


def check_coverage(content: Content, rules: RuleFile) -> None:
    """Refuse a day without an answer.

    Every category has exactly one rule in every area on every day of the regulation, a rule also
    where no place is known or needed, and there is an area on every day.
    """
    for index, category in enumerate(content.categories):
        speaking = [rule for rule in content.rules if category.id in rule.categories]
        if not speaking:
            raise rules.error(f"no rule says who leads {category.id!r}", "categories", index, "id")
        for area in content.areas:
            _check_covered(content, rules, speaking, (category.id, area))
        _check_whole_time(content, rules, speaking, f"who handles {category.id!r}")
    _check_whole_time(content, rules, content.areas, "which areas there are")


def _check_whole_time(
    content: Content, rules: RuleFile, parts: Sequence[Area] | Sequence[Rule], what: str
) -> None:
    """Refuse a day of the regulation on which none of the parts holds, whatever the place."""
    gap = first_gap(parts, content.valid_from, content.last_day)
    if gap is None:
        return
    place: Place = ("valid_from",)  # the regulation begins before any of them
    if isinstance(gap.after, Area):
        place = ("areas", content.areas.index(gap.after), "valid_to")
    elif isinstance(gap.after, Rule):
        place = ("rules", content.rules.index(gap.after), "valid_to")
    raise rules.error(f"nothing says {what} on {gap.day}", *place)


def _check_covered(
    content: Content,
    rules: RuleFile,
    speaking: Sequence[Rule],
    case: tuple[CategoryId, Area],
) -> None:
    category, area = case
    if not meet(content, area):
        return
    first, last = overlap(content, area)
    reaching = [rule for rule in speaking if rule.reaches(area.id)]
    for index, rule in enumerate(reaching):
        for other in reaching[:index]:
            if meet(rule, other):
                raise rules.error(
                    f"contradicts the rule {other.id!r}: both place {category!r} in {area.id!r}",
                    *("rules", content.rules.index(rule), "id"),
                )
    gap = first_gap(reaching, first, last)
    if gap is not None:
        raise rules.error(
            f"no rule says who handles {category!r} in {area.id!r} on {gap.day}",
            *_where(content, speaking, gap, area),
        )


def _where(content: Content, speaking: Sequence[Rule], gap: Gap, area: Area) -> Place:
    """Return the place to mend: an end that comes too early, a late start, or forgotten areas."""
    for rule in speaking:
        if rule is gap.after:
            return ("rules", content.rules.index(rule), "valid_to")
    late = next((rule for rule in speaking if rule.reaches(area.id)), None)
    if late is not None:
        return ("rules", content.rules.index(late), "valid_from")
    return ("rules", content.rules.index(speaking[0]), "areas")
