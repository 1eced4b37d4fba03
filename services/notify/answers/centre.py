"""The answers of the operations centre's other routes: events, open cases, incidents, counter."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from services.notify.answers import Answer
from services.notify.answers.figures import Watermark
from shared.events.onestop import Board
from shared.vocabulary import State

Next = Annotated[str | None, Field(description="`cursor` of the next page; null at the end")]
Seconds = Annotated[int | None, Field(ge=0, description="seconds; null while there is none")]


class StreamedEvent(Answer):
    """A CloudEvent and its place in the stream; `docs/asyncapi.json` says what `data` holds."""

    model_config = ConfigDict(frozen=True, extra="allow")

    offset: Annotated[int, Field(ge=0)]
    cursor: Annotated[str, Field(description="`after` of the events behind it: offset.epoch")]
    specversion: Literal["1.0"]
    id: Annotated[str, Field(description="a copy has the same")]
    source: Annotated[str, Field(description="the service that says it")]
    type: Annotated[str, Field(description="ends in its version: case.assigned.v1")]
    subject: Annotated[str, Field(description="the entity, with the first word of `type`")]
    time: Annotated[datetime, Field(description="when it happened")]
    datacontenttype: str
    sequence: Annotated[int, Field(ge=1, description="counts the entity's events from 1")]
    data: dict[str, Any]


class EventPage(Answer):
    """Events in the order of the stream."""

    items: list[StreamedEvent]
    next: Annotated[str, Field(description="`after` of the next call, also when there were none")]


class OpenCase(Answer):
    """Where an open case stands; no text, no person, its place on ten metres."""

    code: str
    state: State
    category: Annotated[str | None, Field(description="id; null: nobody has named one yet")]
    unit: Annotated[str | None, Field(description="id of the unit that has it")]
    area: Annotated[str | None, Field(description="id of the ward or commune")]
    channel: Annotated[str, Field(description="web, hotline, counter or camera")]
    due_at: Annotated[
        datetime,
        Field(description="UTC; on time up to this second: an approved coordination's date counts"),
    ]
    lat: Annotated[float | None, Field(ge=-90, le=90, description="WGS 84, degrees")]
    lon: Annotated[float | None, Field(ge=-180, le=180, description="WGS 84, degrees")]


class OpenCases(Answer):
    """The open cases, the soonest due first."""

    as_of: datetime
    watermark: Watermark
    items: list[OpenCase]
    next: Next


class Standing(StrEnum):
    """Whether an incident goes on."""

    OPEN = "open"
    CLOSED = "closed"


class IncidentOut(Answer):
    """Many reports of one category in one area at once."""

    id: str
    category: str
    area: str
    codes: Annotated[list[str], Field(description="the cases that it links")]
    count: Annotated[int, Field(ge=0, description="cases")]
    expected: Annotated[float, Field(ge=0, description="mean of the same hours in four weeks")]
    first_at: Annotated[datetime, Field(description="receipt of the first of them")]
    raised_at: datetime
    closed_at: datetime | None
    state: Standing


class IncidentPage(Answer):
    """Incidents, the latest raised first."""

    as_of: datetime
    items: list[IncidentOut]
    next: Next


Ratings = Annotated[
    list[int] | None,
    Field(description="how many of each score, 1 to 5; null when withheld"),
]
Withheld = Annotated[
    list[str],
    Field(
        description="fields without a value since too few stand behind, or since the total less the"
        " other desks would tell of so few"
    ),
]


class DeskDay(Answer, Board):
    """A desk's day: numbers (tickets), and times in seconds by the wall clock."""

    # an answer is written, never assigned to; of a few there are none
    ratings: Ratings = None  # pyright: ignore[reportIncompatibleVariableOverride]
    rated: Annotated[int, Field(ge=0, description="how many rated")]
    average_wait_s: Seconds
    average_service_s: Seconds
    average_score: Annotated[
        float | None, Field(ge=1, le=5, description="mean rating, 1 to 5; null when withheld")
    ]
    withheld: Withheld


class AllDesks(Answer):
    """All desks together."""

    issued: int
    waiting: int
    serving: int
    served: int
    skipped: int
    left: int
    expired: int
    average_wait_s: Seconds
    rated: Annotated[int, Field(ge=0, description="how many rated")]
    ratings: Ratings
    withheld: Withheld


class DossierCounts(Answer):
    """Dossiers; the clock of those that wait for papers stands."""

    total: Annotated[int, Field(ge=0, description="handed in by `as_of`")]
    open: int
    overdue: int
    waiting_for_papers: int
    decided: Annotated[int, Field(ge=0, description="ready or refused from `from` to `to`")]
    on_time: Annotated[int | None, Field(ge=0, description="of `decided`; null when withheld")]
    late: Annotated[int | None, Field(ge=0, description="of `decided`; null when withheld")]
    on_time_share: Annotated[
        float | None,
        Field(ge=0, le=1, description="a fraction of 1; null when withheld or of no dossier"),
    ]
    withheld: Withheld


class DeskDossiers(DossierCounts):
    """Those of a desk."""

    desk: str


class DossierFigures(DossierCounts):
    """All dossiers as they stood at `as_of`, and by state and desk."""

    as_of: datetime
    from_: Annotated[datetime | None, Field(alias="from", description="inclusive; null: no bound")]
    to: Annotated[datetime | None, Field(description="exclusive; null: no bound")]
    by_state: dict[str, int]
    by_desk: list[DeskDossiers]


class OnestopDay(Answer):
    """The one-stop counter on a working day."""

    as_of: Annotated[datetime, Field(description="UTC; how the desks stood then: `at`, else now")]
    on: date
    watermark: Watermark
    small_number: Annotated[int, Field(description="what fewer stand behind is withheld")]
    all: AllDesks
    desks: list[DeskDay]
    dossiers: DossierFigures
