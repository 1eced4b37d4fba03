"""The answers of the figures: counts of cases, shares as fractions of 1, times in seconds."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.notify.answers import Answer

Count = Annotated[int, Field(ge=0, description="cases")]
Withheld = Annotated[
    int | None, Field(ge=0, description="cases; null: of too few to say what became of them")
]
Share = Annotated[
    float | None,
    Field(ge=0, le=1, description="a fraction of 1; null when withheld or of no case"),
]
Work = Annotated[
    float | None,
    Field(ge=0, description="seconds on the case's own clock, working time where that counts"),
]


class Watermark(Answer):
    """How far the figures go: every event up to it is counted."""

    complete_up_to: Annotated[
        datetime | None,
        Field(
            description="UTC; what happened up to it and has reached the stream is counted: the "
            "moment of the answer when `behind` is 0, and five seconds before now at the latest, "
            "since events are on their way for so long; else when the last event that is counted "
            "happened; null before the first. What a service accepted while it could not publish "
            "comes later, with its own time"
        ),
    ]
    offset: Annotated[int, Field(ge=-1, description="of the last event that is counted")]
    cursor: Annotated[str, Field(description="the same as a cursor of the stream: offset.epoch")]
    behind: Annotated[
        int | None,
        Field(
            ge=0,
            description="events of the stream not counted yet; null while the stream is not heard, "
            "or the broker takes no events, so that nobody knows",
        ),
    ]
    generation: Annotated[int, Field(description="how often the figures were built anew")]


class Figures(Answer):
    """What is counted of some cases, at the moment `as_of`."""

    total: Count
    open: Annotated[int, Field(ge=0, description="cases without a result")]
    overdue: Annotated[int, Field(ge=0, description="open cases past their due time")]
    due_within_hour: Annotated[
        int, Field(ge=0, description="open cases due within the next 60 minutes, by the wall clock")
    ]
    directives_open: Annotated[int, Field(ge=0, description="instructions not carried out")]
    directives_overdue: Annotated[int, Field(ge=0, description="cases with one past its time")]
    resolved: Annotated[int, Field(ge=0, description="cases whose result stands")]
    on_time: Annotated[
        Withheld,
        Field(description="of `resolved`: by the last second of the limit; null when withheld"),
    ]
    late: Annotated[Withheld, Field(description="of `resolved`: after it; null when withheld")]
    answered: Annotated[int, Field(ge=0, description="cases that ever had a result")]
    reopened: Annotated[
        Withheld,
        Field(description="of `answered`: disputed by the reporter; null when withheld"),
    ]
    forwarded: Annotated[int, Field(ge=0, description="cases handed to the Office")]
    forwarded_late: Annotated[
        int, Field(ge=0, description="of `forwarded`: after more than half of the limit")
    ]
    edited_after_deadline: Annotated[
        int,
        Field(
            ge=0,
            description="cases whose category or coordination an official changed after the due "
            "time, or the evidence when the result stood",
        ),
    ]
    rated: Annotated[int, Field(ge=0, description="cases with a rating")]
    on_time_share: Annotated[Share, Field(description="`on_time` / `resolved`, a fraction of 1")]
    median_work_s: Work
    p90_work_s: Work
    reopened_share: Annotated[Share, Field(description="`reopened` / `answered`, a fraction of 1")]
    satisfaction: Annotated[float | None, Field(ge=1, le=5, description="mean rating, 1 to 5")]
    satisfied_share: Annotated[Share, Field(description="ratings of 4 and 5, a fraction of 1")]
    withheld: Annotated[
        list[str],
        Field(
            description="fields without a value since fewer than `small_number` cases stand behind,"
            " or since the other rows and tables of the same answer would tell of so few"
        ),
    ]


class OutcomeCount(Answer):
    """Cases whose result has one outcome."""

    total: Count
    on_time: Withheld


class UnitFigures(Figures):
    """The figures of a unit."""

    unit: Annotated[str | None, Field(description="id of the unit; null: no unit has it yet")]


class CategoryFigures(Figures):
    """The figures of a category."""

    category: Annotated[str | None, Field(description="id; null: nobody has named one yet")]


class AreaFigures(Figures):
    """The figures of a ward or commune."""

    area: Annotated[str | None, Field(description="id; null: not known")]


class ChannelFigures(Figures):
    """The figures of a way in."""

    channel: Annotated[str | None, Field(description="web, hotline, counter or camera")]


class _Head(Answer):
    """Of when, of what, and how complete."""

    as_of: Annotated[datetime, Field(description="UTC; the moment that the figures are of")]
    from_: Annotated[
        datetime | None, Field(alias="from", description="received from, inclusive; null: no bound")
    ]
    to: Annotated[datetime | None, Field(description="received before; null: no bound")]
    filter: Annotated[dict[str, str], Field(description="what was asked for, by field")]
    watermark: Watermark
    small_number: Annotated[int, Field(description="what fewer cases stand behind is withheld")]


class Summary(_Head, Figures):
    """The figures of the whole city, and by state, outcome, unit, category, area and channel."""

    newest_offset: Annotated[int, Field(ge=-1, description="the end of the stream")]
    cursor: Annotated[str, Field(description="the end of the stream: follow it from here")]
    by_state: Annotated[dict[str, int], Field(description="cases, by state")]
    by_outcome: Annotated[
        dict[str, OutcomeCount], Field(description="by outcome of the result; empty when withheld")
    ]
    by_unit: list[UnitFigures]
    by_category: list[CategoryFigures]
    by_area: list[AreaFigures]
    by_channel: list[ChannelFigures]


class _Table(_Head):
    """One row for each group that has cases, and all of them together."""

    all: Figures
    next: Annotated[None, Field(description="there is no second page")]


class UnitTable(_Table):
    """The figures of each unit."""

    items: list[UnitFigures]


class CategoryTable(_Table):
    """The figures of each category."""

    items: list[CategoryFigures]


class AreaTable(_Table):
    """The figures of each ward and commune."""

    items: list[AreaFigures]


class ChannelTable(_Table):
    """The figures of each way in."""

    items: list[ChannelFigures]


TABLES: dict[str, type[_Table]] = {
    "units": UnitTable,
    "categories": CategoryTable,
    "areas": AreaTable,
    "channels": ChannelTable,
}
