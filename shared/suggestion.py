"""Which category a text is probably about: keywords counted, nothing learned, nothing hidden."""

from dataclasses import dataclass

from shared.regulation import CATEGORY_IDS, Regulation
from shared.vocabulary import CategoryId

# what nobody said yet weighs as much as one short keyword: a single hit is never certain
_DOUBT = 1.0
_HINT = 0.5  # two hints weigh as much as one short keyword


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A category, how sure we are, and why.

    Attributes:
        confidence: Between 0 and 1; below a half on hints alone, or when another category fits
            as well.
        keywords: The keywords found, in their natural spelling, in the order of the text.
    """

    category: CategoryId
    confidence: float
    keywords: tuple[str, ...]


def suggest(text: str, regulation: Regulation) -> Suggestion | None:
    """Return the category that a text is probably about, or None when no keyword occurs in it."""
    ranked = rank(text, regulation)
    return ranked[0] if ranked else None


def rank(text: str, regulation: Regulation) -> list[Suggestion]:
    """Return every category with a keyword in the text, the likeliest first.

    A keyword weighs more than its words apart: three words say more than three times one. Each
    counts once. Of equals the category with the stricter limit comes first, as the regulation
    wants it for a case that has several.
    """
    weights: dict[CategoryId, float] = {}
    keywords: dict[CategoryId, list[str]] = {}
    for found in regulation.keywords.find(text):
        for meant in found.values:
            its_keywords = keywords.setdefault(meant.category, [])
            if found.phrase not in its_keywords:
                its_keywords.append(found.phrase)
                weight = _HINT if meant.hint else found.size**1.5
                weights[meant.category] = weights.get(meant.category, 0.0) + weight
    total = sum(weights.values()) + _DOUBT
    suggestions = [
        Suggestion(category, round(weight / total, 3), tuple(keywords[category]))
        for category, weight in weights.items()
    ]
    return sorted(suggestions, key=lambda each: (-each.confidence, *_order(each, regulation)))


def _order(suggestion: Suggestion, regulation: Regulation) -> tuple[float, int]:
    category = regulation.category(suggestion.category)
    return category.limit_hours, CATEGORY_IDS.index(category.id)
