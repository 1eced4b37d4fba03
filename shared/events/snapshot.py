"""What a case event carries of the case."""

from datetime import datetime

from pydantic import AwareDatetime

from shared.events.base import Wire
from shared.vocabulary import (
    Anonymity,
    AreaId,
    CaseCode,
    CategoryId,
    Channel,
    Clock,
    Language,
    Origin,
    ReporterId,
    ReporterKind,
    State,
    UnitId,
)


class Place(Wire):
    """Where, rounded to about ten metres (four decimals of a degree, WGS-84)."""

    lat: float
    lon: float


class MediaCount(Wire):
    """How much evidence a case has, by kind."""

    image: int = 0
    audio: int = 0


class Suggestion(Wire):
    """The category that the text suggests; `keywords` are the rules that spoke for it."""

    category: CategoryId
    confidence: float
    keywords: tuple[str, ...] = ()


class CaseSnapshot(Wire):
    """What every consumer may need of a case. The newest one wins, by `sequence`."""

    code: CaseCode
    state: State
    category: CategoryId | None
    category_origin: Origin | None
    unit: UnitId | None
    monitoring_unit: UnitId | None
    area: AreaId | None
    place: Place | None
    channel: Channel
    received_at: AwareDatetime
    due_at: AwareDatetime
    limit_s: int
    clock: Clock
    regulation: str
    calendar: str
    flags: tuple[str, ...] = ()
    media: MediaCount = MediaCount()
    about: tuple[UnitId, ...] = ()  # units that the report is about: they never see it
    coordinating_units: tuple[UnitId, ...] = ()
    counted_from: AwareDatetime | None = None  # a dispute's own start; None: received_at
    expected_at: AwareDatetime | None = None  # of an approved coordination; due_at stays beside it
    resolved_at: AwareDatetime | None = None  # of the valid result; a dispute takes it back
    on_time: bool | None = None
    restricted: bool = False  # a complaint or denunciation: never public
    hops: int = 0  # forwards to the Office
    loops: int = 0  # times that it came back to a unit that had it before
    directives_open: int = 0
    directive_due_at: AwareDatetime | None = None  # the soonest of the open ones
    addressees: tuple[UnitId, ...] = ()  # units that were given a directive
    disputes: int = 0
    followers: int = 0  # others with the same concern; each counts once
    reporter: ReporterId | None = None
    reporter_kind: ReporterKind
    anonymity: Anonymity
    language: Language

    @property
    def counts_at(self) -> datetime:
        """The date that counts: the approved one of a coordination, else the promise; aware."""
        return self.expected_at or self.due_at
