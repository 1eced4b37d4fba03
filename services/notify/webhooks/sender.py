"""Sends messages to endpoints: each on its own, so that a slow receiver holds up nobody else."""

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
import structlog

from services.notify.domain import Outcome
from services.notify.webhooks.domain import (
    EXHAUSTED,
    HookState,
    Step,
    after_attempt,
    given_up,
    message_id,
    payload,
    signatures,
    wanted,
)
from services.notify.webhooks.lanes import Lanes
from services.notify.webhooks.store import Endpoint, EndpointStore, Message, MessageStore
from shared.errors import OutageError
from shared.events import Received
from shared.telemetry import DELIVERIES

log = structlog.get_logger()

CHANNEL = "webhook"
LEASE = timedelta(seconds=60)  # longer than any attempt may take
ATTEMPT = timedelta(seconds=20)  # the most that one may take, with what is written after it
LOOK_EVERY_S = 1.0  # for rows whose time comes, and for those that another process owed
LOOK = 256  # rows of all receivers together; with more, each of them is looked at alone
USER_AGENT = "civic-webhooks/1"

TellOwner = Callable[[Endpoint, str, str, datetime], Awaitable[None]]


class Post(Protocol):
    """Posts to an address that a stranger has given; never raises for what is there."""

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Return what became of one attempt."""
        ...


class WebhookSender:
    """One per process; any number of processes may send, a claim lets one of them win."""

    def __init__(
        self,
        endpoints: EndpointStore,
        messages: MessageStore,
        post: Post,
        *,
        tell_owner: TellOwner,
        public_url: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._endpoints = endpoints
        self._messages = messages
        self._post = post
        self._tell_owner = tell_owner
        self._public_url = public_url
        self._clock = clock
        self._token = secrets.token_hex(8)
        self._lanes = Lanes()
        self._running: set[asyncio.Task[None]] = set()
        self._look_at = 0.0  # monotonic
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def owe(self, received: Received) -> None:
        """Store a message for every endpoint that wants to hear this event; idempotent."""
        now = self._clock()
        hearing = [
            each
            for each in await self._endpoints.active(now)
            if wanted(each.types, received.type)
            and each.created_at.replace(microsecond=0) <= received.time  # which has whole seconds
        ]
        told = payload(received, self._public_url) if hearing else None
        if told is None:
            return
        body = orjson.dumps(told).decode()
        messages = [
            Message(
                id=message_id(received.id, each.id),
                endpoint=each.id,
                event=received.id,
                type=received.type,
                code=told["data"]["code"],
                body=body,
            )
            for each in hearing
        ]
        await asyncio.gather(*(self._keep(each, now) for each in messages))
        self._woken.set()

    async def start(self) -> None:
        """Begin to send."""
        await self._endpoints.reseal()
        self._task = asyncio.create_task(self._send_forever())

    async def stop(self) -> None:
        """Stop sending, and give back what waits; what is on its way is given back by its lease."""
        tasks = [*self._running, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._give_back(self._lanes.waiting())

    async def send_due(self) -> int:
        """Start to send what is due and has a place free; return how many messages that were."""
        return self._start_waiting() + await self._look()

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._running:
            await asyncio.gather(*self._running)

    async def _keep(self, message: Message, now: datetime) -> None:
        """Store a message; one that can be sent at once is claimed with the same write."""
        lane = self._lanes.of(message.endpoint)
        if not lane.takes():
            await self._messages.add(message, now)
            return
        held = replace(message, attempts=1, held_until=now + LEASE)
        if await self._messages.add(held, now, claim=self._token):
            lane.waiting.append(held)

    async def _look(self) -> int:
        """Take what is due out of the database, for each receiver as much as it has room for."""
        now = self._clock()
        self._look_at = time.monotonic() + LOOK_EVERY_S
        known = [each.id for each in await self._endpoints.known(now)]
        self._lanes.forget_idle(set(known))
        rooms = {
            each: room
            for each in known
            if (room := self._lanes.room(each, now)) and not self._lanes.of(each).waiting
        }
        chosen = await self._choose(rooms, now) if rooms else []
        if not chosen:
            return 0
        for message in await self._messages.claim(self._token, chosen, now, LEASE):
            self._lanes.of(message.endpoint).waiting.append(message)
        return self._start_waiting()

    async def _choose(self, rooms: Mapping[str, int], now: datetime) -> list[str]:
        due = await self._messages.due(now, rooms, LOOK)
        if len(due) == LOOK:  # the backlog of one must not hide the others'
            apart = [self._messages.due(now, [each], room) for each, room in rooms.items()]
            due = [each for found in await asyncio.gather(*apart) for each in found]
            self._look_at = 0.0
        chosen: dict[str, list[str]] = defaultdict(list)
        for identifier, endpoint in due:
            if len(chosen[endpoint]) < rooms[endpoint]:
                chosen[endpoint].append(identifier)
            else:
                self._look_at = 0.0  # there are more: as soon as one of these is done
        return [each for found in chosen.values() for each in found]

    def _start_waiting(self) -> int:
        started, now = 0, self._clock()
        while message := self._lanes.next(now):
            if message.held_until and now + ATTEMPT > message.held_until:
                continue  # it has waited too long: whoever finds it due sends it
            self._begin(self._make(message), message.endpoint)
            started += 1
        return started

    def _begin(self, work: Coroutine[Any, Any, None], endpoint: str | None = None) -> None:
        lane = self._lanes.of(endpoint) if endpoint else None
        if lane:
            lane.busy += 1
        task = asyncio.create_task(work)
        self._running.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            if lane:
                lane.busy -= 1
            self._woken.set()

        task.add_done_callback(ended)

    async def _give_back(self, messages: Sequence[Message]) -> None:
        with suppress(OutageError):  # then their lease does
            await self._messages.give_back(self._token, messages, self._clock())

    async def _make(self, message: Message) -> None:
        """Make one attempt and write what became of it; an outage leaves that to the lease."""
        try:
            endpoint = await self._endpoints.load(message.endpoint, self._clock())
            if endpoint is None or not endpoint.active:
                outcome, step = Outcome("rejected", "endpoint_off"), Step(HookState.CANCELLED)
            else:
                outcome = await self._attempt(endpoint, message)
                step = after_attempt(message.id, outcome, message.attempts, self._clock())
                self._note(message.endpoint, outcome)
            await self._messages.settle(
                self._token, message, step, log=self._line(message, outcome)
            )
            DELIVERIES.labels(CHANNEL, outcome.kind).inc()
            if endpoint:
                await self._judge(endpoint, outcome, step, message.id)
        except OutageError as error:
            log.warning("webhooks.waits", reason=str(error))
        except Exception:
            log.exception("webhooks.failed", endpoint=message.endpoint, message=message.id)

    def _note(self, identifier: str, outcome: Outcome) -> None:
        """Give a receiver that fails one place, and what waits for it back to the database."""
        lane = self._lanes.of(identifier)
        lane.answered(well=outcome.kind == "accepted", now=self._clock())
        if lane.is_ill and lane.waiting:
            waiting = list(lane.waiting)
            lane.waiting.clear()
            self._begin(self._give_back(waiting))

    async def _judge(self, endpoint: Endpoint, outcome: Outcome, step: Step, cause: str) -> None:
        """Switch off what is gone or has failed for as long as a message's whole schedule."""
        now = self._clock()
        well = outcome.kind == "accepted"
        if step.off or (endpoint.active and not well and given_up(endpoint.failing_since, now)):
            await self._switch_off(endpoint, step.off or EXHAUSTED, cause)
        elif endpoint.active and well == (endpoint.failing_since is not None):
            await self._endpoints.note_failing(endpoint.id, None if well else now)

    async def _attempt(self, endpoint: Endpoint, message: Message) -> Outcome:
        """Make one attempt; what fails in us counts as well, else it is made for ever."""
        try:
            return await self._signed(endpoint, message)
        except Exception:
            log.exception("webhooks.cannot_post", endpoint=endpoint.id, message=message.id)
            return Outcome("ambiguous", "not_posted")

    async def _signed(self, endpoint: Endpoint, message: Message) -> Outcome:
        now = self._clock()
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signatures(endpoint.secrets, message.id, now, message.body),
        }
        return await self._post(endpoint.url, headers, message.body.encode())

    def _line(self, message: Message, outcome: Outcome) -> dict[str, Any]:
        return {
            "at": self._clock(),
            "attempt": message.attempts,
            "outcome": outcome.kind,
            "reason": outcome.reason,
        }

    async def _switch_off(self, endpoint: Endpoint, reason: str, cause: str) -> None:
        now = self._clock()
        await self._messages.cancel(endpoint.id, "endpoint_off", now)
        # told before: who dies in between tells the owner again, under the same delivery
        await self._tell_owner(endpoint, reason, cause, now)
        await self._endpoints.switch_off(endpoint.id, reason, now)

    async def _send_forever(self) -> None:
        while True:
            self._woken.clear()
            try:
                self._start_waiting()
                if time.monotonic() >= self._look_at:
                    await self._look()
            except OutageError as error:
                log.warning("webhooks.waits", reason=str(error))
            except Exception:
                log.exception("webhooks.failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S / 2):
                    await self._woken.wait()
