"""What the letters of one chase are about: the issuer, the rules' names, the dates.

Apart from letter.py, whose PDF library takes 57 MB: it is loaded when a letter is asked for.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.intake.names import Names


@dataclass(frozen=True)
class Issuer:
    """Who issues letters: the parent body and its office, as letterheads name them.

    Attributes:
        parent: "UBND thành phố Đà Lạt".
        office: "Văn phòng HĐND và UBND".
        place: "Đà Lạt".
    """

    parent: str
    office: str
    place: str


@dataclass(frozen=True)
class Matter:
    """What all letters of one chase have in common.

    Attributes:
        issuer: Who issues them.
        regulation: Its name.
        names: Of units and categories.
        as_of: When the cases were counted; aware.
        report_by: Until when a report is due; aware.
        zone: The city's.
    """

    issuer: Issuer
    regulation: str
    names: Names
    as_of: datetime
    report_by: datetime
    zone: ZoneInfo


def issuer_of(office: str, leaders: str) -> Issuer:
    """Return the letterhead from the regulation's names of the Office and of the leaders.

    Args:
        office: "Văn phòng HĐND và UBND thành phố Đà Lạt".
        leaders: "Lãnh đạo UBND thành phố Đà Lạt".
    """
    parent = leaders.removeprefix("Lãnh đạo ")
    territory = parent.removeprefix("UBND ")
    place = territory
    for kind in ("thành phố ", "tỉnh ", "thị xã ", "huyện ", "phường ", "xã "):
        place = place.removeprefix(kind)
    return Issuer(parent, office.removesuffix(f" {territory}"), place)
