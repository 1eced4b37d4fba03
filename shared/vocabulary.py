"""One word per thing: the identifiers, states and kinds that all services share."""

from enum import StrEnum
from typing import NewType

UnitId = NewType("UnitId", str)
AreaId = NewType("AreaId", str)
CategoryId = NewType("CategoryId", str)
RuleId = NewType("RuleId", str)
CaseCode = NewType("CaseCode", str)
ReporterId = NewType("ReporterId", str)
DeskId = NewType("DeskId", str)  # of the one-stop counter
ProcedureId = NewType("ProcedureId", str)

OFFICE = UnitId("office")  # Văn phòng HĐND và UBND: where everything goes that no rule places
LEADERS = UnitId("leaders")  # lãnh đạo UBND: where reports about the Office or Home Affairs go

# What the router decides by when no rule of the regulation's table does.
NO_RULE = RuleId("office.no_rule")
UNKNOWN_PLACE = RuleId("office.unknown_place")
ABOUT_ITSELF = RuleId("office.about_itself")
ABOUT_THE_TOP = RuleId("leaders.about_office_or_home_affairs")
ABOUT_LEADERS_TOO = RuleId("impartial.about_leaders_too")


class State(StrEnum):
    """Where a case stands. The transitions are one table in services/intake/domain."""

    SUBMITTED = "submitted"
    HELD = "held"
    ASSIGNED = "assigned"
    AT_OFFICE = "at_office"
    AWAITING_DIRECTION = "awaiting_direction"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    COORDINATING = "coordinating"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"


class ReporterKind(StrEnum):
    """Who reports: "nhân dân đang sinh sống, khách du lịch, doanh nghiệp, tổ chức"."""

    RESIDENT = "resident"
    TOURIST = "tourist"
    BUSINESS = "business"
    ORGANISATION = "organisation"


class Anonymity(StrEnum):
    """How visible the reporter is to the handling unit."""

    OPEN = "open"
    CONFIDENTIAL = "confidential"
    ANONYMOUS = "anonymous"


class Language(StrEnum):
    """Languages that the city writes in; Vietnamese first."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


class MediaKind(StrEnum):
    """What a piece of evidence is."""

    IMAGE = "image"
    AUDIO = "audio"


class UnitKind(StrEnum):
    """Handling bodies, and the bodies with a role of their own."""

    DEPARTMENT = "department"  # cơ quan chuyên môn
    SERVICE_UNIT = "service_unit"  # đơn vị sự nghiệp
    WARD = "ward"  # UBND phường, xã
    OFFICE = "office"  # Văn phòng HĐND và UBND
    LEADERS = "leaders"  # lãnh đạo UBND
    IOC = "ioc"  # Trung tâm điều hành thông minh
    ONESTOP = "onestop"  # bộ phận một cửa


class Clock(StrEnum):
    """How a limit is counted."""

    WORKING = "working"
    ELAPSED = "elapsed"


class Channel(StrEnum):
    """How a report came in."""

    WEB = "web"
    HOTLINE = "hotline"
    COUNTER = "counter"
    CAMERA = "camera"


class Origin(StrEnum):
    """Who named a category, or where a place comes from."""

    REPORTER = "reporter"
    SUGGESTED = "suggested"
    OFFICE = "office"


class Role(StrEnum):
    """What an account may do."""

    OFFICER = "officer"
    UNIT_HEAD = "unit_head"
    OFFICE_CLERK = "office_clerk"
    LEADER = "leader"
    IOC_OPERATOR = "ioc_operator"
    ADMINISTRATOR = "administrator"
    ONESTOP_CLERK = "onestop_clerk"


class DossierState(StrEnum):
    """Where a dossier of the one-stop counter stands."""

    SUBMITTED = "submitted"
    RECEIVED = "received"
    SUPPLEMENT = "supplement"  # chờ bổ sung: its clock stands
    PROCESSING = "processing"
    READY = "ready"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
