"""Territory: which area a person means by what they state.

Never a guess: where nobody knows, the answer is None and the Office decides. Points are found in
boundaries.py.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from shared.regulation import Regulation
from shared.regulation_model import Area
from shared.text import fold
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
    key = fold(stated)
    named = {place for found in regulation.area_names.find(stated) for place in found.values}
    if not named:
        alone = (area.id for area in existing.values() if key in map(fold, area.alone))
        named = set(alone) if key else set()
    if None in named:  # the same name in another town
        return None
    meant = [place for place in named if place in existing]
    return meant[0] if len(meant) == 1 else None
