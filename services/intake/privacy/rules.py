"""Who may see who reported, what an erasure takes away, and when it is due. Pure.

"phải thực hiện theo quy định về bảo mật thông tin cá nhân của người phản ánh, kiến nghị".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.domain.case import ENDED
from shared.events import CaseSnapshot
from shared.parties import is_sealed
from shared.regulation import Access, Regulation
from shared.regulation_model import Retention
from shared.vocabulary import Anonymity, CategoryId, Role, State, UnitId

SERVICE_ATTITUDE = CategoryId("service_attitude")
EVERYTHING: frozenset[str] = frozenset()

# Who reads the audit, and which kinds of it, by first word. An administrator issues accounts and
# has no part in any case.
AUDITORS: Mapping[Role, frozenset[str]] = {
    Role.OFFICE_CLERK: EVERYTHING,
    Role.LEADER: EVERYTHING,
    Role.ADMINISTRATOR: frozenset({"account", "session"}),
}


@dataclass(frozen=True)
class AuditPage:
    """Which entries of the audit somebody asks for.

    Attributes:
        subject: Only those about this; about anything when None.
        kind: Only this kind; all when None.
        cursor: The number that the page before ended with; 0 for the first page.
        limit: At most so many are read.
        newest_first: Else in the order in which they were written.
    """

    subject: str | None = None
    kind: str | None = None
    cursor: int = 0
    limit: int = 100
    newest_first: bool = False


# who looks a reporter up from the operations centre's view
LOOKS_UP = frozenset({Role.IOC_OPERATOR, Role.LEADER})


def may_see(role: Role, unit: UnitId | None, case: CaseSnapshot, regulation: Regulation) -> bool:
    """Say whether somebody may open the reporter of a case, for a purpose that they state.

    The regulation's table of visibility decides by anonymity, and this on top of it: only the
    handling unit is "the handling unit", neither the monitoring nor a coordinating one; a report
    on staff is opened by Home Affairs, which leads the category, and by no unit that it reached
    otherwise; what is held or restricted is for the Office and the leaders; nobody opens a report
    about their own unit; an anonymous reporter has nothing to see.
    """
    if case.anonymity is Anonymity.ANONYMOUS or (unit is not None and unit in case.about):
        return False
    identity = regulation.visibility.of(case.anonymity).identity
    match role:
        case Role.LEADER:
            access = identity.leaders
        case Role.OFFICE_CLERK:
            access = identity.office
        case Role.OFFICER | Role.UNIT_HEAD if _handles(unit, case, regulation):
            access = identity.handling_unit
        case _:
            access = Access.NEVER
    return access is Access.ON_PURPOSE


def may_see_original(
    role: Role, unit: UnitId | None, case: CaseSnapshot, regulation: Regulation
) -> bool:
    """Say whether somebody may open the originals that a reporter sent, for a stated purpose.

    An original knows where and with which telephone it was taken and may hold the reporter's face
    or voice: it tells who reported, so it is sealed with the reporter. Everybody with a part in
    the case sees the copies without metadata.
    """
    return may_see(role, unit, case, regulation)


def may_look_up(
    role: Role, unit: UnitId | None, case: CaseSnapshot, regulation: Regulation
) -> bool:
    """Say whether somebody may open a reporter from the operations centre's view, on purpose.

    A permission of its own: no part in the case is needed, and none comes of it. The centre sees
    no more than a handling unit would, and no report on staff; what is held or restricted, or
    about their own unit, is opened to nobody on this way.
    """
    if role not in LOOKS_UP or is_sealed(case, unit) or case.anonymity is Anonymity.ANONYMOUS:
        return False
    if role is Role.LEADER:
        return may_see(role, unit, case, regulation)
    identity = regulation.visibility.of(case.anonymity).identity
    return case.category != SERVICE_ATTITUDE and identity.handling_unit is Access.ON_PURPOSE


def _handles(unit: UnitId | None, case: CaseSnapshot, regulation: Regulation) -> bool:
    if unit is None or case.restricted or case.state is State.HELD:
        return False
    if case.category != SERVICE_ATTITUDE:
        return unit == case.unit
    received_on = case.received_at.astimezone(ZoneInfo(regulation.zone)).date()
    leads = regulation.lead(SERVICE_ATTITUDE, received_on)
    return unit == leads and unit in {case.unit, case.monitoring_unit}


class Extent(StrEnum):
    """How much is erased; each takes what the one before takes."""

    ORIGINALS = "originals"
    REPORTER = "reporter"  # who they are, and the originals
    ALL = "all"  # the copies too


Media = Sequence[Mapping[str, Any]]


def is_left(case: CaseSnapshot, media: Media, extent: Extent) -> bool:
    """Say whether a case still holds anything that an erasure takes."""
    if extent is not Extent.ORIGINALS and case.reporter is not None:
        return True
    return any(
        each["variants"] if extent is Extent.ALL else "original" in each["variants"]
        for each in _sent(media)
    )


def stripped(media: Media, extent: Extent) -> list[dict[str, Any]]:
    """Return the case's records of its media as they are after an erasure.

    With the original goes what only it told: the file's name, and where the telephone was. What
    the units put in to show their work stays as it is.
    """
    return [
        dict(each)
        if _from_unit(each)
        else {
            **each,
            "name": "",
            "told": None,
            "lat": None,
            "lon": None,
            "variants": {
                name: form
                for name, form in each["variants"].items()
                if extent is not Extent.ALL and name != "original"
            },
        }
        for each in media
    ]


def kept_objects(media: Media) -> frozenset[str]:
    """Return the names of the objects that no erasure takes: what the units put in."""
    return frozenset(
        form["object"] for each in media if _from_unit(each) for form in each["variants"].values()
    )


def taken_objects(media: Media, extent: Extent) -> frozenset[str]:
    """Return the names of the objects that an erasure takes, as far as the case knows them."""
    named = (
        (name, form["object"]) for each in _sent(media) for name, form in each["variants"].items()
    )
    taken = {place for name, place in named if extent is Extent.ALL or name == "original"}
    return frozenset(taken) - kept_objects(media)


def _sent(media: Media) -> list[Mapping[str, Any]]:
    return [each for each in media if not _from_unit(each)]


def _from_unit(item: Mapping[str, Any]) -> bool:
    return item.get("from") == "unit"


def due_extent(
    case: CaseSnapshot, last_event_at: datetime, terms: Retention, now: datetime
) -> Extent | None:
    """Return what the schedule takes from a case now; None while it is open or the term runs.

    Args:
        case: The case.
        last_event_at: When the last thing happened to it; it has ended then, or before.
        terms: The regulation's, in days of the clock.
        now: Aware instant; the instant at which a term ends is the first that is due.
    """
    if case.state not in ENDED:
        return None
    age = now - last_event_at
    if age >= timedelta(days=terms.reporter_days_after_close):
        return Extent.REPORTER
    if age >= timedelta(days=terms.originals_days_after_close):
        return Extent.ORIGINALS
    return None
