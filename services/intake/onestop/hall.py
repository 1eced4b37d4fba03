"""The hall with its desks and queues, step by step: load, decide, save. Order of steps.

Somebody else's write in between is met by deciding again, so no number is given out or called
twice, however many processes do so at once.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from services.intake.asked import KeyReusedError
from services.intake.onestop.catalogue import Catalogue, Desk
from services.intake.onestop.domain import calling, reminding
from services.intake.onestop.domain.calling import Caller, Wish
from services.intake.onestop.domain.opening import KIOSK, Opening, opening
from services.intake.onestop.domain.queue import (
    CallKeyReusedError,
    NoSuchTicketError,
    Queue,
    QueueError,
    Step,
    Ticket,
)
from services.intake.onestop.errors import OneStopError
from services.intake.onestop.store import QueueStore, StoredQueue
from services.intake.onestop.taking import Taken, Taking, known
from services.intake.shelf import Shelf
from shared.errors import DuplicateError, OutageError, StaleVersionError
from shared.identity import Reporter, Vault
from shared.outbox import TailPublisher
from shared.vocabulary import DeskId

RACES = 100  # lost in a row, and something is wrong: of all who meet somebody always wins
LOCKS = 256  # desks' days that this process serves one after the other

REMIND_AT = 3  # numbers ahead, for who leaves an address and does not say how many

Decide = Callable[[Queue, datetime], Step]


class HallClosedError(OneStopError):
    """Nobody gets a number from a machine in a closed hall."""

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(f"closed until {opens_at.isoformat()}")
        self.opens_at = opens_at


class NotYourDeskError(OneStopError):
    """Other clerks serve this desk."""


class Hall:
    """All desks of the counter."""

    def __init__(
        self,
        store: QueueStore,
        publisher: TailPublisher,
        vault: Vault,
        *,
        catalogue: Catalogue,
        shelf: Shelf,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._vault = vault
        self._shelf = shelf
        self.catalogue = catalogue
        self.clock = clock
        self._locks: OrderedDict[str, asyncio.Lock] = OrderedDict()

    def opening(self) -> Opening:
        """Return what the calendar says of now."""
        now = self.clock()
        return opening(now, self._shelf.now(now).calendar)

    def desk(self, identifier: str) -> Desk:
        """Return a desk of today; NoSuchDeskError when there is none."""
        return self.catalogue.desk(identifier, self.opening().today)

    async def queue(self, desk: Desk) -> StoredQueue:
        """Return the queue that is being worked off: today's while anybody is left in it."""
        found = self.opening()
        if found.on != found.today:
            today = await self._store.load(desk.id, found.today)
            if today and (today.queue.waiting() or today.queue.in_hand()):
                return today
        return await self.of_day(desk, found.on)

    async def of_day(self, desk: Desk, on: date) -> StoredQueue:
        """Return a desk's queue of a day, empty before its first number."""
        stored = await self._store.load(desk.id, on)
        return stored or StoredQueue(Queue(desk=desk.id, on=on), 0)

    async def looked_at(self, identifier: str, on: date | None) -> StoredQueue:
        """Return a desk's queue of a day, or the one that is being worked off.

        Raises:
            NoSuchDeskError: there is none on that day.
        """
        if on is None:
            return await self.queue(self.desk(identifier))
        return await self.of_day(self.catalogue.desk(identifier, on), on)

    async def find(self, ticket: str) -> StoredQueue:
        """Return the queue in which a number stands; NoSuchTicketError when it is none of ours."""
        stored = await self._store.of_ticket(ticket)
        if stored is None:
            raise NoSuchTicketError(ticket)
        return stored

    async def take(self, desk: Desk, wanted: Taking, key: Mapping[str, str]) -> Taken:
        """Give out a number for the working day that now belongs to.

        Raises:
            HallClosedError: a machine in the closed hall asks.
            NoSuchProcedureError: there is none such today.
            KeyReusedError: the idempotency key stands for something else.
            QueueFullError: no more numbers that day.
        """
        if again := await self._given(key):  # also before closing, for an earlier day
            return again
        found = self.opening()
        if wanted.through == KIOSK and not found.open_now:
            raise HallClosedError(found.opens_at)
        if wanted.procedure:
            self.catalogue.procedure(wanted.procedure, found.today)
        wish = await self._wish(wanted)

        def decide(queue: Queue, now: datetime) -> Step:
            most, opens_at = desk.daily_limit, None if found.open_now else found.opens_at
            return calling.issue(queue, wish, desk.prefix, most=most, now=now, opens_at=opens_at)

        after = await self._change(desk.id, found.on, decide, key={**key, "ticket": wish.id})
        if (again := known(after, key)) and again.ticket.id != wish.id:
            if wish.visitor:
                await self._vault.erase(wish.visitor)
            return again
        return Taken(after, after.queue.ticket(wish.id))

    async def call_next(self, desk: Desk, caller: Caller) -> tuple[StoredQueue, Ticket | None]:
        """Call who waits longest at a desk.

        Raises:
            KeyReusedError: the clerk's idempotency key stands for a call that said something else.
        """
        stored = await self.queue(desk)
        called: list[Ticket | None] = []

        def decide(queue: Queue, now: datetime) -> Step:
            step = calling.call_next(queue, caller, now)
            called[:] = [step.ticket]
            return step

        try:
            after = await self._change(desk.id, stored.queue.on, decide)
        except CallKeyReusedError as error:
            raise KeyReusedError("the key stands for another call") from error
        return after, called[0]

    async def act(self, ticket: str, decide: Decide) -> StoredQueue:
        """Carry out a step on a number where it stands; return its queue after it."""
        stored = await self.find(ticket)
        return await self._change(stored.queue.desk, stored.queue.on, decide)

    async def transfer(self, ticket: str, to: Desk, caller: Caller) -> StoredQueue:
        """Send a number in hand to another desk, and return that desk's queue.

        It arrives before it leaves: a crash in between loses nobody, and doing it again ends it.
        One that meanwhile was ended here, or sent elsewhere, is taken back from there.

        Raises:
            NoSuchTicketError, TicketStateError, NotYourTicketError: it is not in the clerk's hand.
        """
        stored = await self.find(ticket)
        here = stored.queue
        moving = here.ticket(ticket)
        if here.desk == to.id:
            return stored
        calling.hand_over(here, ticket, caller, to=to.id, now=self.clock())  # would it be allowed?

        def arrives(queue: Queue, now: datetime) -> Step:
            return calling.arrive(queue, moving, caller.clerk, from_desk=here.desk, now=now)

        def leaves(queue: Queue, now: datetime) -> Step:
            return calling.hand_over(queue, ticket, caller, to=to.id, now=now)

        def returns(queue: Queue, now: datetime) -> Step:
            return calling.take_back(queue, moving, caller.clerk, to=here.desk, now=now)

        after = await self._change(to.id, here.on, arrives)
        try:
            await self._change(here.desk, here.on, leaves)
        except QueueError:
            await self._change(to.id, here.on, returns)
            raise
        return after

    async def remind(self) -> None:
        """Remind those first in today's queues: their turn was near before the opening."""
        found = self.opening()
        for desk in self.catalogue.desks_on(found.today) if found.open_now else ():
            await self._change(desk.id, found.today, lambda queue, _: reminding.look(queue))

    async def end_days(self, limit: int) -> int:
        """End at most `limit` days that are over; return how many were ended."""
        ended = 0
        for stored in await self._store.unfinished(self.opening().today, limit):
            await self._change(stored.queue.desk, stored.queue.on, calling.end_day)
            ended += 1
        return ended

    async def _change(
        self,
        desk: DeskId,
        on: date,
        decide: Decide,
        *,
        key: Mapping[str, str] | None = None,
    ) -> StoredQueue:
        async with self._lock(f"{desk}.{on}"):
            for _ in range(RACES):
                stored = await self._store.load(desk, on) or StoredQueue(Queue(desk=desk, on=on), 0)
                if key and known(stored, key):
                    return stored
                now = self.clock()
                step = decide(stored.queue, now)
                if reminding.has_begun(step.queue, self.opening()):
                    step = reminding.remind(step)
                if not step.happened:
                    return stored
                keys: Sequence[Mapping[str, str]] = [key] if key and "key" in key else []
                try:
                    self._publisher.soon(await self._store.save(stored, step, now, keys))
                except StaleVersionError:
                    continue
                except DuplicateError as error:
                    if error.key == "_id":
                        continue
                    if again := await self._given(key or {}):
                        return again.stored
                    raise
                return StoredQueue(step.queue, stored.version + 1, [*stored.keys, *keys])
        raise OutageError(f"the queue of {desk} changes too fast")

    async def _given(self, key: Mapping[str, str]) -> Taken | None:
        """Return the number that was given out under an idempotency key, of whatever day."""
        stored = await self._store.of_key(key["key"]) if "key" in key else None
        return known(stored, key) if stored else None

    def _lock(self, name: str) -> asyncio.Lock:
        """Return the lock of a desk's day: losing races costs more than waiting for one's turn."""
        lock = self._locks.setdefault(name, asyncio.Lock())
        self._locks.move_to_end(name)
        while len(self._locks) > LOCKS:
            oldest = next(iter(self._locks))
            if self._locks[oldest].locked():
                break
            del self._locks[oldest]
        return lock

    async def _wish(self, wanted: Taking) -> Wish:
        ticket, visitor, remind_at = f"t_{secrets.token_hex(12)}", None, wanted.remind_at
        if wanted.email:
            remind_at = remind_at or REMIND_AT
            person = Reporter(email=wanted.email, language=wanted.language)
            visitor = await self._vault.store(person, self.clock(), counter=ticket)
        return Wish(
            id=ticket,
            through=wanted.through,
            language=wanted.language,
            procedure=wanted.procedure,
            remind_at=remind_at,
            visitor=visitor,
        )


def require_clerk(desk: Desk, username: str) -> None:
    """Check that a clerk may call at a desk; NotYourDeskError when not."""
    if desk.clerks and username not in desk.clerks:
        raise NotYourDeskError(desk.id)
