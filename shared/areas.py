"""Territory: which area a person means by what they state.

Never a guess: where nobody knows, the answer is None and the Office decides. Points are found in
boundaries.py.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from operator import itemgetter

from shared.regulation import Regulation
from shared.regulation_model import Area, Town
from shared.text import Phrases, fold, words
from shared.vocabulary import AreaId


@lru_cache(maxsize=16)  # it changes at midnight, and with an edition
def _existing(regulation: Regulation, on: date) -> Mapping[AreaId, Area]:
    return {area.id: area for area in regulation.areas_on(on)}


def resolve(stated: str, regulation: Regulation, on: date) -> AreaId | None:
    """Return the area that a person means, or None when that is not certain.

    Args:
        stated: An id, a code, a name in either language, or an address: "12 Phan Đình Phùng,
            P.2, Đà Lạt". Accents, capitals and abbreviations do not matter.
        regulation: Knows the areas and the places outside that look like them.
        on: Local day; an area that does not exist then is not meant.
    """
    stated = stated.strip()
    existing = _existing(regulation, on)
    for area in existing.values():
        if stated in (area.id, area.code):
            return area.id
    if elsewhere(stated, regulation):  # the same name in another town
        return None
    key = fold(stated)
    named = {area for found in regulation.area_names.find(stated) for area in found.values}
    if not named:
        alone = (area.id for area in existing.values() if key in map(fold, area.alone))
        named = set(alone) if key else set()
    meant = [area for area in named if area in existing]
    return meant[0] if len(meant) == 1 else None


def elsewhere(stated: str, regulation: Regulation) -> bool:
    """Say whether an address lies in another town: the last one that it names is not ours.

    Some names are another town's behind a ward only: "Phường 7, Bình Thạnh".
    """
    behind = _behind_ward(stated, regulation)
    return _ends_elsewhere(stated, regulation.towns) or _ends_elsewhere(
        behind, [regulation.towns_behind]
    )


def _ends_elsewhere(text: str, known: Iterable[Phrases[Town]]) -> bool:
    placed = [each for phrases in known for each in phrases.placed(text)]
    placed.sort(key=itemgetter(0))
    towns = [town for _, found in placed for town in found.values if town is not Town.NONE]
    return bool(towns) and towns[-1] is Town.OTHER


def _behind_ward(stated: str, regulation: Regulation) -> str:
    """Return what stands behind the last ward that an address names; nothing without a ward."""
    wards = regulation.area_names.placed(stated)
    if not wards:
        return ""
    first_word, found = wards[-1]
    return " ".join(words(stated)[first_word + found.size :])
