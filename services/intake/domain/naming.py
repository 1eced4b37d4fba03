"""What a report calls its category, by the regulation's own ids. Pure."""

from services.intake.domain.report import ReportIn
from shared.regulation import Category, Regulation


def by_ids(report: ReportIn, regulation: Regulation) -> ReportIn:
    """Return the report with ids where it used names or aliases; what is unknown stays.

    Without a category its sub-category is looked for in all of them.
    """
    category = _category(report.category, regulation) if report.category else None
    found: dict[str, str] = {"category": category.id} if category else {}
    if report.sub_category:
        among = [category] if category else [] if report.category else regulation.categories
        subs = (each.sub_category(report.sub_category) for each in among)
        if sub := next(filter(None, subs), None):
            found["sub_category"] = sub.id
    same = all(getattr(report, field) == name for field, name in found.items())
    return report if same else report.model_copy(update=found)


def _category(stated: str, regulation: Regulation) -> Category | None:
    """Return the category with this id, else the first that is called so."""
    by_id = (each for each in regulation.categories if each.id == stated)
    called = (each for each in regulation.categories if each.called(stated))
    return next(by_id, None) or next(called, None)
