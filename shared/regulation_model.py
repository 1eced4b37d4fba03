"""What a regulation file says, as values. Dates are local and inclusive on both ends."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.text import fold
from shared.vocabulary import (
    LEADERS,
    OFFICE,
    Anonymity,
    AreaId,
    CategoryId,
    Clock,
    Language,
    RuleId,
    UnitId,
    UnitKind,
)

T = TypeVar("T")

EVERYWHERE = "all"  # the rule holds in every area
NOT_NEEDED = "not_needed"  # the rule needs no place
WARD = "ward"  # the unit of the area where the thing happened

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Number = Annotated[str, Field(pattern=r"^[0-9]{3,8}$")]  # of a telephone that everybody may call
# 240 working hours are six weeks: nobody waits longer; half an hour is a limit too
Hours = Annotated[int | float, Field(gt=0, le=240, allow_inf_nan=False)]
# YAML gives lists and plain words; everything else is strict
Many = Annotated[tuple[T, ...], Field(strict=False)]
Word = Annotated[T, Field(strict=False)]


class Part(BaseModel):
    """A part of a regulation: unchangeable, nothing converted, no key that we do not know."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Dated(Part):
    """A part that holds from its first to its last day, on the authority of its source.

    Attributes:
        valid_from: First local day.
        valid_to: Last local day; none while no end is known.
        source: Where the fact comes from, or that it is a sample.
    """

    valid_from: date
    valid_to: date | None = None
    source: Text

    @property
    def last_day(self) -> date:
        """Return the last local day; the end of time while no end is known."""
        return self.valid_to or date.max

    def valid_on(self, day: date) -> bool:
        """Say whether the part holds on the local day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Words(Part):
    """A text for people in the two languages of the city."""

    vi: Text
    en: Text

    def in_language(self, language: Language) -> str:
        """Return the text in one language."""
        return self.vi if language is Language.VIETNAMESE else self.en


class Location(Part):
    """A point, in degrees of WGS-84."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class Town(StrEnum):
    """What a name in an address says of the town."""

    OURS = "ours"
    OTHER = "other"
    NONE = "none"  # the name of a street


class Terms(Part):
    """What a reporter accepts before sending; the version is stored with the report."""

    version: Text
    text: Words


class Unit(Dated):
    """A handling body. A ward has the area that it administers, no other body has one."""

    id: Annotated[UnitId, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    kind: Word[UnitKind]
    name: Words
    short: Text
    aliases: Many[Text] = ()
    area: AreaId | None = None
    address: Text | None = None
    phone: Number | None = None
    location: Location | None = None


class Area(Dated):
    """A ward's or commune's territory.

    Attributes:
        code: Of the General Statistics Office. New areas re-use old codes, so the official key is
            the code together with `valid_from`.
        aliases: Other names that decide wherever they stand in an address.
        alone: Names that decide only when nothing else is stated, because in an address they may
            be a lake's or a street's.
        centre: Where a map puts its pin; never decides where a point lies.
    """

    id: Annotated[AreaId, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    code: str = Field(pattern=r"^[0-9]{5}$")
    name: Words
    aliases: Many[Text] = ()
    alone: Many[Text] = ()
    centre: Location


class Duty(StrEnum):
    """Whether something must be given."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class ResultEvidence(StrEnum):
    """What a result must carry."""

    PHOTO_AFTER = "photo_after"
    OFFICER_SENT = "officer_sent"
    SITE_VISIT = "site_visit"


class Evidence(Part):
    """What proves a report (at least one photo or sound) and what proves its result."""

    report: Word[Duty]
    result: Many[Word[ResultEvidence]]


class Named(Part):
    """What people may also call otherwise.

    Attributes:
        aliases: Other names, of apps and older rules; a report may use them in the id's place.
    """

    name: Words
    aliases: Many[Text] = ()

    def called(self, stated: str) -> bool:
        """Say whether somebody means this by a name in either language or an alias."""
        return fold(stated) in self._keys

    @cached_property  # asked of every category for every report
    def _keys(self) -> frozenset[str]:
        return frozenset(map(fold, (self.name.vi, self.name.en, *self.aliases))) - {""}


class SubCategory(Named):
    """A finer name under a category; the limit stays the category's."""

    id: Identifier
    keywords: Many[Text] = ()


class Category(Named):
    """A kind of report, its limit and its duties.

    Attributes:
        quote: The regulation's own words, Vietnamese.
        limit_hours: Hours from receipt to the published result, counted by `clock`.
        approaching: Part of the limit after which a case counts as due soon.
        icon: Name of a pictogram.
        identity: Whether the reporter must say who they are.
        keywords: Words that speak for the category, in their natural spelling.
        hints: Words of places and things that only lean towards it.
        emergency: Telephone numbers always shown with this category.
    """

    id: CategoryId
    quote: Text
    limit_hours: Hours
    clock: Word[Clock]
    approaching: float = Field(gt=0, lt=1)
    icon: Text
    evidence: Evidence
    identity: Word[Duty]
    sub_categories: Many[SubCategory] = ()
    keywords: Many[Text] = ()
    hints: Many[Text] = ()
    emergency: Many[Number] = ()
    source: Text

    def sub_category(self, stated: str) -> SubCategory | None:
        """Return the sub-category that somebody means, or None when there is no such under it."""
        known = (each for each in self.sub_categories if each.id == stated or each.called(stated))
        return next(known, None)

    def all_keywords(self) -> tuple[str, ...]:
        """Return the keywords of the category and of everything under it, each once."""
        below = (word for sub in self.sub_categories for word in sub.keywords)
        return tuple(dict.fromkeys((*self.keywords, *below)))


class Rule(Dated):
    """Who handles and who monitors the categories in the areas.

    Attributes:
        areas: Ids, or `all`, or `not_needed` when the place of the report does not matter.
        handling: A unit, or `ward`: the unit of the area.
        monitoring: The unit that watches and chases.
    """

    id: Annotated[RuleId, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    categories: Many[CategoryId] = Field(min_length=1)
    areas: Literal["all", "not_needed"] | Many[AreaId]
    handling: UnitId
    monitoring: UnitId

    def reaches(self, area: AreaId | None) -> bool:
        """Say whether the rule speaks about the area; none is a place that nobody knows."""
        if self.areas == NOT_NEEDED:
            return True
        return area is not None and (self.areas == EVERYWHERE or area in self.areas)


class EmergencyNumber(Part):
    """A number to call instead of waiting for an answer.

    Attributes:
        keywords: Words that show the number and flag the report.
        unless: Longer phrases with such a word in them that mean no emergency ("phòng cháy").
    """

    name: Words
    keywords: Many[Text]
    unless: Many[Text] = ()


class Emergency(Part):
    """The emergency numbers, by number."""

    numbers: Mapping[Number, EmergencyNumber]


class Access(StrEnum):
    """Whether somebody may see who reported."""

    ON_PURPOSE = "on_purpose"  # for a stated purpose, and every look is recorded
    NEVER = "never"


class Identity(Part):
    """Who may see the reporter's name and contact."""

    handling_unit: Word[Access]
    office: Word[Access]
    leaders: Word[Access]
    ioc: Word[Access]
    public: Word[Access]


class Visibility(Part):
    """What one degree of anonymity means, in words and as data."""

    title: Words
    explanation: Words
    identity: Identity


class VisibilityTable(Part):
    """Who sees what, per anonymity."""

    open: Visibility
    confidential: Visibility
    anonymous: Visibility

    def of(self, anonymity: Anonymity) -> Visibility:
        """Return what one degree of anonymity means."""
        match anonymity:
            case Anonymity.OPEN:
                return self.open
            case Anonymity.CONFIDENTIAL:
                return self.confidential
            case Anonymity.ANONYMOUS:
                return self.anonymous


class Procedures(Part):
    """Numbers of the procedure that the regulation leaves to the city.

    Attributes:
        dispute_days: Days after a result within which its reporter may dispute it.
        escalate_after_hours: Working hours after a missed deadline until the leaders hear of it.
        source: Where the numbers come from, or that they are a sample.
    """

    dispute_days: int = Field(ge=1, le=90)
    escalate_after_hours: Hours
    source: Text


class Retention(Part):
    """How long personal data stays when a case has ended; the case itself stays.

    Attributes:
        reporter_days_after_close: Then the reporter's key is destroyed, and the originals with it.
        originals_days_after_close: Then the originals go, with the places and faces in them; the
            copies without metadata stay.
        source: Where the terms come from, or that they are a sample.
    """

    reporter_days_after_close: int = Field(ge=1, le=36_500)
    originals_days_after_close: int = Field(ge=1, le=36_500)
    source: Text


class Content(Dated):
    """All that a regulation file says, before anybody has checked it for contradictions.

    Attributes:
        code_prefix: Of the case codes.
        zone: IANA name; decides what a local day is.
        calendar: File name of the working-time calendar.
        home: Names of our own town.
        outside: Places elsewhere whose wards bear the same names; an address whose last town is
            one of them lies outside.
        outside_exactly: The same, but the accents count: "quận 3" is a district, "quán 3" none.
        outside_behind: The same, but behind a ward only, or with its kind: "P.12, Gò Vấp".
        impartial: Who takes a report about the Office or about who leads reports on staff: the
            first that it is not about.
        retention: Without it nothing is erased by schedule.
    """

    id: Identifier
    version: Text
    name: Words
    code_prefix: str = Field(pattern=r"^[A-Z]{2,4}$")
    zone: Text
    calendar: Text
    terms: Terms
    procedures: Procedures
    units: Many[Unit] = Field(min_length=1)
    areas: Many[Area] = Field(min_length=1)
    home: Many[Text] = ()
    outside: Many[Text] = ()
    outside_exactly: Many[Text] = ()
    outside_behind: Many[Text] = ()
    impartial: Many[UnitId] = Field(default=(LEADERS, OFFICE), min_length=1)
    categories: Many[Category] = Field(min_length=1)
    rules: Many[Rule] = Field(min_length=1)
    emergency: Emergency
    visibility: VisibilityTable
    retention: Retention | None = None
