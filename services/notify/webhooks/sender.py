"""Sends messages to endpoints: each on its own, so that a slow receiver holds up nobody else."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
import structlog

from services.notify.domain import Outcome
from services.notify.webhooks.domain import (
    HookState,
    Step,
    after_attempt,
    message_id,
    payload,
    signatures,
    wanted,
)
from services.notify.webhooks.store import Endpoint, EndpointStore, Message, MessageStore
from shared.errors import OutageError
from shared.events import Received
from shared.telemetry import DELIVERIES

log = structlog.get_logger()

CHANNEL = "webhook"
AT_ONCE = 32  # requests on their way, in all
AT_ONCE_EACH = 4  # and to one endpoint: eight dead ones are needed to hold up the others
LEASE = timedelta(seconds=60)  # longer than any attempt may take
LOOK_EVERY_S = 1.0
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
        self._busy: Counter[str] = Counter()
        self._running: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def owe(self, received: Received) -> None:
        """Store a message for every endpoint that wants to hear this event; idempotent."""
        now = self._clock()
        hearing = [
            each
            for each in await self._endpoints.active(now)
            if wanted(each.types, received.type) and each.created_at <= received.time
        ]
        told = payload(received, self._public_url) if hearing else None
        if told is None:
            return
        body = orjson.dumps(told).decode()
        await asyncio.gather(
            *(
                self._messages.add(
                    Message(
                        id=message_id(received.id, each.id),
                        endpoint=each.id,
                        event=received.id,
                        type=received.type,
                        code=told["data"]["code"],
                        body=body,
                    ),
                    now,
                )
                for each in hearing
            )
        )
        self._woken.set()

    async def start(self) -> None:
        """Begin to send."""
        await self._endpoints.reseal()
        self._task = asyncio.create_task(self._send_forever())

    async def stop(self) -> None:
        """Stop sending; a claim that is held is given back when its lease passes."""
        tasks = [*self._running, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def send_due(self) -> int:
        """Start to send what is due and has a place free; return how many messages that were."""
        started = 0
        while (room := AT_ONCE - len(self._running)) > 0:
            full = [name for name, count in self._busy.items() if count >= AT_ONCE_EACH]
            due = await self._messages.due(self._clock(), room * AT_ONCE_EACH, full)
            chosen = self._fitting(due, room)
            if not chosen:
                break
            token, held = await self._messages.claim(chosen, self._clock(), LEASE)
            for message in held:
                self._start(token, message)
            started += len(held)
        return started

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._running:
            await asyncio.gather(*self._running)

    def _fitting(self, due: list[tuple[str, str]], room: int) -> list[str]:
        busy, chosen = Counter(self._busy), list[str]()
        for identifier, endpoint in due:
            if busy[endpoint] < AT_ONCE_EACH and len(chosen) < room:
                busy[endpoint] += 1
                chosen.append(identifier)
        return chosen

    def _start(self, token: str, message: Message) -> None:
        self._busy[message.endpoint] += 1
        task = asyncio.create_task(self._make(token, message))
        self._running.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            self._busy[message.endpoint] -= 1
            if not self._busy[message.endpoint]:
                del self._busy[message.endpoint]
            self._woken.set()

        task.add_done_callback(ended)

    async def _make(self, token: str, message: Message) -> None:
        """Make one attempt and write what became of it; an outage leaves that to the lease."""
        try:
            endpoint = await self._endpoints.load(message.endpoint, self._clock())
            if endpoint is None or not endpoint.active:
                outcome, step = Outcome("rejected", "endpoint_off"), Step(HookState.CANCELLED)
            else:
                outcome = await self._attempt(endpoint, message)
                step = after_attempt(message.id, outcome, message.attempts, self._clock())
            await self._messages.settle(token, message, step, log=self._line(message, outcome))
            DELIVERIES.labels(CHANNEL, outcome.kind).inc()
            if endpoint and step.off:
                await self._switch_off(endpoint, step.off, message.id)
        except OutageError as error:
            log.warning("webhooks.waits", reason=str(error))
        except Exception:
            log.exception("webhooks.failed", endpoint=message.endpoint, message=message.id)

    async def _attempt(self, endpoint: Endpoint, message: Message) -> Outcome:
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
                await self.send_due()
            except OutageError as error:
                log.warning("webhooks.waits", reason=str(error))
            except Exception:
                log.exception("webhooks.failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._woken.wait()
