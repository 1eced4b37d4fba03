"""The operations centre's parts put together."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fastapi import APIRouter

from services.notify.admission import Admission
from services.notify.ioc import api, figures_api, incidents_api, open_cases, websocket
from services.notify.ioc.epoch import Epochs
from services.notify.ioc.flow import Flow
from services.notify.ioc.incident_watch import IncidentWatch
from services.notify.ioc.incidents import IncidentStore
from services.notify.ioc.journey import Worked
from services.notify.ioc.marks import Marks
from services.notify.ioc.projection import CaseJourneys, OnestopNewest, Projection, Projector
from services.notify.ioc.spikes import Thresholds
from services.notify.ioc.tail import IocTail
from services.notify.ioc.watermark import Watermarks
from services.notify.onestop.figures import OnestopFigures
from services.notify.settings import Settings
from shared.calendar import working_time
from shared.deadline import lasting
from shared.events import CaseSnapshot
from shared.rulebook import Rulebook
from shared.runtime import Runtime, utc_now
from shared.stream import StreamReader
from shared.vocabulary import Clock


class Centre:
    """The tail, the projections and the routes of the IOC."""

    def __init__(
        self,
        runtime: Runtime,
        settings: Settings,
        book: Rulebook,
        admission: Admission,
        *,
        counter: OnestopFigures,
    ) -> None:
        base = runtime.database("notify")
        marks = Marks(base)
        reader = StreamReader(settings.amqp_url, "notify")
        self.tail = IocTail(
            reader, Epochs(marks), settings.ring_events, missing=runtime.publisher.declare_again
        )
        journeys = CaseJourneys(base, clock_of(book))
        projections: Sequence[Projection] = (journeys, OnestopNewest(counter))
        for each in projections:
            for collection in each.collections:
                runtime.keep(collection)
        self._projector = Projector(self.tail, marks, projections, utc_now)
        self._feed = api.Feed(self.tail, admission)
        self._flow = Flow(runtime.publisher.canary)
        self.watermarks = Watermarks(self.tail, marks, self._flow, utc_now)
        self._cases = open_cases.create_router(journeys, self.watermarks, admission, utc_now)
        incidents = IncidentStore(base)
        self._incidents = incidents_api.create_router(incidents, admission, utc_now)
        self._watch = IncidentWatch(
            journeys,
            incidents,
            marks,
            publish=runtime.tail_publisher(incidents.aggregates).soon,
            rule=thresholds(settings),
            every=timedelta(seconds=settings.incident_every_s),
            clock=utc_now,
        )
        self._figures = figures_api.Figures(
            self.tail, self.watermarks, journeys, admission, utc_now, settings.small_number
        )

    async def start(self) -> None:
        """Follow the stream, try the way to it, and take it into the projections."""
        await self.tail.start()
        await self._flow.start()
        await self._projector.start()
        await self._watch.start()

    async def stop(self) -> None:
        """End all of it."""
        await self._watch.stop()
        await self._projector.stop()
        await self._flow.stop()
        await self.tail.stop()

    def routers(self) -> Sequence[APIRouter]:
        """Return every route below `/ioc`."""
        return (
            api.create_router(self._feed),
            websocket.create_router(self._feed),
            figures_api.create_router(self._figures),
            self._cases,
            self._incidents,
        )


def thresholds(settings: Settings) -> Thresholds:
    """Return what the operator has set for incidents."""
    return Thresholds(
        window=timedelta(hours=settings.incident_window_h),
        floor=settings.incident_floor,
        excess=settings.incident_excess,
        chance=settings.incident_chance,
        quiet=timedelta(minutes=settings.incident_quiet_min),
    )


def clock_of(book: Rulebook) -> Worked:
    """Return what counts time as the clock of a case does, by the edition of its promise."""

    def worked(case: CaseSnapshot, start: datetime, end: datetime) -> timedelta:
        if case.clock is Clock.ELAPSED:
            return end - start
        known = book.knows(case.regulation)
        edition = book.of(case.regulation) if known else book.current(case.received_at)
        calendar = book.calendar(edition, case.calendar)
        return lasting(calendar, lambda known: working_time(start, end, known))

    return worked
