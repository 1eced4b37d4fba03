"""What becomes of a message: the one place that retries or buries."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import structlog
from aio_pika.abc import AbstractIncomingMessage

from shared import failpoints, topology
from shared.errors import OutageError, PermanentError, StaleVersionError, WriteRefusedError
from shared.events import Received
from shared.messaging import limits
from shared.messaging.brake import Brake
from shared.messaging.hand import Hand
from shared.messaging.link import CONNECTION_ERRORS, broker_work
from shared.messaging.publisher import Publisher
from shared.messaging.suspects import Handler, Suspects, is_suspect
from shared.telemetry import HANDLED, HANDLING_S
from shared.topology import QueueSpec

log = structlog.get_logger()

ATTEMPT_HEADER = "x-civic-attempt"
REASON_HEADER = "x-civic-reason"
REPLAYED_HEADER = "x-civic-replayed"  # how often a person has sent it back


async def settle(
    message: AbstractIncomingMessage,
    spec: QueueSpec,
    handler: Handler,
    publisher: Publisher,
    *,
    hand: Hand,
    brake: Brake,
    suspects: Suspects | None = None,
) -> None:
    """Retry or bury: the only code that decides what is acknowledged.

    Handled, or a duplicate → acknowledged. Permanent → the dead-letter queue, with its reason.
    This message failed → a waiting queue, its attempts counted in our own header. We are ill
    (OutageError) → it waits in our hand, and then in a waiting queue, uncounted, so that no
    broker's own count kills it. Everything fails → we are broken: it is held and tried again, as
    the brake says. It came back from processes that ended → it is handled alone.
    """
    await hand.take(message)
    began = time.perf_counter()
    handler = _mortal(message, handler)
    try:
        if suspects and is_suspect(message):
            handler = suspects.alone(spec.name, message, handler)
        result, reason = await _tried(message, handler, brake)
        if result == "failed":
            await _put_off(message, spec, reason, publisher)
        elif result == "buried":
            await _bury(message, spec, reason, publisher)
        failpoints.reached(failpoints.BEFORE_ACK)
        hand.acknowledge(message)
    except OutageError as error:
        result, reason = "returned", str(error)
        await _give_back(message, spec, hand, publisher)
    elapsed = time.perf_counter() - began
    HANDLED.labels(spec.name, result).inc()
    HANDLING_S.labels(spec.name).observe(elapsed)
    write = log.info if result == "handled" else log.warning
    write(
        "message",
        queue=spec.name,
        event_id=message.message_id,
        result=result,
        reason=reason or None,
        ms=round(elapsed * 1000, 1),
    )


def _mortal(message: AbstractIncomingMessage, handler: Handler) -> Handler:
    """Return the handler, at whose beginning a test may end the process."""

    async def handle(received: Received) -> None:
        failpoints.handling(message.message_id)
        await handler(received)

    return handle


async def _give_back(
    message: AbstractIncomingMessage, spec: QueueSpec, hand: Hand, publisher: Publisher
) -> None:
    """Have a message come again later: not by a nack if it can be helped, for 3.10 to 4.2 count it.

    A hundred of them, and the broker would bury what nothing is wrong with.
    """
    # no hot loop: 2,260 redeliveries in 3 s were measured without
    await asyncio.sleep(limits.RETURN_S)
    headers = {
        name: value
        for name, value in message.headers.items()
        if name in (ATTEMPT_HEADER, REASON_HEADER, REPLAYED_HEADER)
    }
    queue = spec.retry(topology.RETRY_DELAYS_S[-1])
    try:
        await publisher.send(queue, message.body, headers, message_id=message.message_id)
    except OutageError:
        hand.give_up(message)
        with suppress(OutageError, *CONNECTION_ERRORS):
            async with broker_work(limits.CONFIRM_S):
                await message.nack()
    else:
        hand.acknowledge(message)


async def _tried(
    message: AbstractIncomingMessage, handler: Handler, brake: Brake
) -> tuple[str, str]:
    """Handle a message when the brake lets it; a failure counts unless it is held once more."""
    while True:
        is_probe = await brake.turn()
        result, reason = await _attempt(message, handler)
        if result == "handled":
            brake.handled()
            return result, reason
        brake.failed(message.message_id or str(message.delivery_tag), reason)
        if is_probe or not brake.engaged:
            return result, reason


async def _attempt(message: AbstractIncomingMessage, handler: Handler) -> tuple[str, str]:
    """Handle a message, waiting out our own outages; return the result and its reason."""
    replayed = bool(message.headers.get(REPLAYED_HEADER))
    patience_ends = time.monotonic() + limits.OUTAGE_PATIENCE_S
    stale = 0
    while True:
        try:
            await handler(Received.from_wire(message.body, replayed=replayed))
        except PermanentError as error:
            return "buried", str(error)
        except StaleVersionError as error:
            stale += 1
            if stale > 20:  # noqa: PLR2004 - twenty lost races in a row are no race any more
                return "failed", str(error)
        except OutageError as error:
            if time.monotonic() > patience_ends:
                raise
            log.warning("handler.waits", reason=str(error))
            await asyncio.sleep(0.5)
        except WriteRefusedError as error:
            return "failed", str(error)
        except Exception as error:
            log.exception("handler.failed")
            return "failed", type(error).__name__
        else:
            return "handled", ""


async def _put_off(
    message: AbstractIncomingMessage, spec: QueueSpec, reason: str, publisher: Publisher
) -> None:
    before = message.headers.get(ATTEMPT_HEADER)
    attempt = (before if isinstance(before, int) else 0) + 1
    if attempt >= limits.ATTEMPTS:
        await _bury(message, spec, f"{reason}, after {attempt} attempts", publisher)
        return
    step = min((attempt - 1) // 2, len(topology.RETRY_DELAYS_S) - 1)
    queue = spec.retry(topology.RETRY_DELAYS_S[step])
    headers = {ATTEMPT_HEADER: attempt, REASON_HEADER: reason, **_replayed(message)}
    await _send(message, queue, headers, publisher)


async def _bury(
    message: AbstractIncomingMessage, spec: QueueSpec, reason: str, publisher: Publisher
) -> None:
    headers = {REASON_HEADER: reason[:500], **_replayed(message)}
    await _send(message, spec.dead, headers, publisher)


async def _send(
    message: AbstractIncomingMessage, queue: str, headers: dict[str, Any], publisher: Publisher
) -> None:
    """Put a message into another queue; while the broker takes nothing, it waits in hand."""
    patience_ends = time.monotonic() + limits.OUTAGE_PATIENCE_S
    while True:
        try:
            return await publisher.send(queue, message.body, headers, message_id=message.message_id)
        except OutageError:
            if time.monotonic() > patience_ends or message.channel.is_closed:
                raise
        await asyncio.sleep(limits.RETURN_S)


def _replayed(message: AbstractIncomingMessage) -> dict[str, Any]:
    """Return the header that says how often a person has sent a message back, if one has."""
    times = message.headers.get(REPLAYED_HEADER)
    return {REPLAYED_HEADER: times} if times else {}
