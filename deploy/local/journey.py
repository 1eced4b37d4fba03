"""One report's way through the running system, hop by hop."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from deploy.local.ioc_feed import IocFeed, Seen
from deploy.local.mailbox import Mail, Mailbox
from deploy.local.sample_media import photo, sound
from deploy.local.sample_reports import Sample, request_body

LIMIT_S = 15.0  # for all hops of one report
CREATED = 201
HOME = ZoneInfo("Asia/Ho_Chi_Minh")

ACCEPTED = "accepted"
SUBMITTED = "case.submitted"
ASSIGNED = "case.assigned"
DEADLINE = "deadline.set"
RECEIPT = "receipt e-mail"
ASSIGNMENT = "assignment e-mail"
HOPS = (ACCEPTED, SUBMITTED, ASSIGNED, DEADLINE, RECEIPT, ASSIGNMENT)


@dataclass(frozen=True)
class Hop:
    """A step that happened, or did not.

    Attributes:
        name: One of `HOPS`.
        ms: Since the POST was begun; None for a hop that is missing.
        words: What is to be said about it, line by line.
        wrong: It happened, but not as it should have.
    """

    name: str
    ms: float | None
    words: tuple[str, ...]
    wrong: bool = False

    @property
    def failed(self) -> bool:
        """Whether this hop makes the demo fail."""
        return self.wrong or self.ms is None


@dataclass(frozen=True)
class Parcel:
    """A report as it is sent: made before the clock starts."""

    sample: Sample
    report: bytes
    photo: bytes
    sound: bytes
    key: str


def pack(sample: Sample, number: int, now: datetime) -> Parcel:
    """Make the media and the body of a report that was seen a few minutes ago."""
    lat, lon = sample.position
    seen_at = (now - timedelta(minutes=4 + number)).astimezone(HOME).replace(microsecond=0)
    files = {"photo": f"IMG_{seen_at:%Y%m%d_%H%M%S}.jpg", "sound": f"Ghi âm {number}.m4a"}
    body = request_body(sample, captured_at=seen_at.isoformat(), **files)
    return Parcel(
        sample,
        json.dumps(body, ensure_ascii=False).encode(),
        photo(sample.category, lat=lat, lon=lon, taken_at=seen_at),
        sound(6, voice=number, lat=lat, lon=lon, made_at=seen_at),
        str(uuid.uuid4()),
    )


@dataclass(frozen=True)
class Desk:
    """What a journey is watched with.

    Attributes:
        client: HTTP to intake.
        intake: Its address.
        feed: The IOC's live stream.
        mailbox: The mails that arrive.
        units: The units' names, whole and short, by id.
        checked: Whether the regulation in force is the one whose units the samples name.
    """

    client: httpx.AsyncClient
    intake: str
    feed: IocFeed
    mailbox: Mailbox
    units: Mapping[str, tuple[str, str]]
    checked: bool

    def unit(self, identifier: str | None) -> str:
        """Return a unit's name."""
        return self._names(identifier)[0]

    def short(self, identifier: str | None) -> str:
        """Return a unit's short name."""
        return self._names(identifier)[1]

    def _names(self, identifier: str | None) -> tuple[str, str]:
        unknown = identifier or "nobody"
        return self.units.get(unknown, (unknown, unknown))


class Journey:
    """Sends one report and tells its hops as they happen."""

    def __init__(self, parcel: Parcel, desk: Desk) -> None:
        self.parcel = parcel
        self.answer: dict[str, Any] = {}
        self.unit: str | None = None
        self.hops: dict[str, Hop] = {}
        self._desk = desk
        self._began = 0.0

    @property
    def ok(self) -> bool:
        """Whether every hop happened, and as it should."""
        return set(self.hops) == set(HOPS) and not any(hop.failed for hop in self.hops.values())

    async def run(self) -> AsyncIterator[Hop]:
        """Yield every hop when it happens, and at the end those that are missing."""
        self._began = time.perf_counter()
        yield self._note(await self._accepted())
        if not self.hops[ACCEPTED].failed:
            async for hop in self._followed(str(self.answer["code"])):
                yield self._note(hop)
        for name in HOPS:
            if name not in self.hops:
                words = f"not within {LIMIT_S:.0f} s" if self.answer else "nothing was accepted"
                yield self._note(Hop(name, None, (words,)))

    async def _followed(self, code: str) -> AsyncIterator[Hop]:
        feed, mailbox = self._desk.feed, self._desk.mailbox
        address = self.parcel.sample.reporter["email"]
        waiting = [
            asyncio.create_task(hop)
            for hop in (
                self._submitted(feed.seen(code, "case.submitted.v1")),
                self._assigned(feed.seen(code, "case.assigned.v1")),
                self._deadline(feed.seen(code, "deadline.set.v1")),
                self._mailed(RECEIPT, mailbox.receipt(code, address)),
                self._mailed(ASSIGNMENT, mailbox.assignment(code, address)),
            )
        ]
        left = LIMIT_S - (time.perf_counter() - self._began)
        try:
            for each in asyncio.as_completed(waiting, timeout=max(0.0, left)):
                yield await each
        except TimeoutError:
            for late in waiting:
                late.cancel()

    def _note(self, hop: Hop) -> Hop:
        self.hops[hop.name] = hop
        return hop

    def _ms(self, at: float) -> float:
        return (at - self._began) * 1000

    async def _accepted(self) -> Hop:
        try:
            response = await self._desk.client.post(
                f"{self._desk.intake}/api/v1/reports",
                headers={"Idempotency-Key": self.parcel.key},
                files=[
                    ("report", ("report.json", self.parcel.report, "application/json")),
                    ("media", ("photo.jpg", self.parcel.photo, "image/jpeg")),
                    ("media", ("sound.m4a", self.parcel.sound, "audio/mp4")),
                ],
                timeout=LIMIT_S,
            )
        except httpx.HTTPError as error:
            return Hop(ACCEPTED, None, (f"intake gives no answer: {type(error).__name__}",))
        ms = self._ms(time.perf_counter())
        if response.status_code != CREATED:
            return Hop(ACCEPTED, ms, (_refusal(response),), wrong=True)
        self.answer = response.json()
        return Hop(ACCEPTED, ms, (f"201  {self.answer['code']}", *self._emergency()))

    def _emergency(self) -> list[str]:
        language = self.parcel.sample.reporter["language"]
        return [
            f"shown at once: call {each['number']} ({each['name'][language]}), "
            f"because of: {', '.join(each['because'])}"
            for each in self.answer["emergency"]
        ]

    async def _submitted(self, event: "asyncio.Future[Seen]") -> Hop:
        seen = await event
        case = seen.event["data"]["case"]
        place, media = case["place"], case["media"]
        where = f"{place['lat']:.4f}, {place['lon']:.4f} from the photo" if place else "no place"
        words = (
            f"on the IOC stream at offset {seen.offset}: {media['image']} photo, "
            f"{media['audio']} recording, {where}"
        )
        return Hop(SUBMITTED, self._ms(seen.at), (words,), wrong=place is None)

    async def _assigned(self, event: "asyncio.Future[Seen]") -> Hop:
        seen = await event
        data = seen.event["data"]
        self.unit = data["unit"]
        lines = [
            f"to {self._desk.unit(data['unit'])}",
            f"by rule {data['rule']}; monitored by {self._desk.unit(data['monitoring_unit'])}",
        ]
        wanted = self.parcel.sample.unit
        wrong = self._desk.checked and wanted != self.unit
        if wrong:
            lines.append(f"the regulation names {self._desk.unit(wanted)}")
        return Hop(ASSIGNED, self._ms(seen.at), tuple(lines), wrong=wrong)

    async def _deadline(self, event: "asyncio.Future[Seen]") -> Hop:
        seen = await event
        language = self.parcel.sample.reporter["language"]
        lines = [self.answer["promise"][language]]
        due_at = datetime.fromisoformat(seen.event["data"]["due_at"])
        wrong = due_at != datetime.fromisoformat(self.answer["due_at"])
        if wrong:
            lines.append(f"but sla counts to {due_at.astimezone(HOME):%H:%M %d/%m/%Y}")
        return Hop(DEADLINE, self._ms(seen.at), tuple(lines), wrong=wrong)

    async def _mailed(self, name: str, arriving: "asyncio.Future[Mail]") -> Hop:
        mail = await arriving
        return Hop(name, self._ms(mail.at), (f"to {mail.to}: {mail.subject}",))


def _refusal(response: httpx.Response) -> str:
    """Say why a report was not taken: a problem document has a title and a sentence."""
    said = response.text[:300]
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        problem = response.json()
        said = f"{problem.get('title')}: {problem.get('detail_en') or problem.get('detail')}"
    return f"{response.status_code} instead of 201: {said}"
