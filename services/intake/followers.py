"""How those who follow a case are told: kept sealed, and asked before anything is sent to them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.intake.addresses import answered, lapsed, places, questions
from services.intake.domain import refusals
from services.intake.domain.case import RuleBrokenError
from services.intake.notifications import Choice
from shared.confirmations import Ask, AskLedger, ConfirmationTokens
from shared.errors import CivicError, DuplicateError, StaleVersionError
from shared.followers import Follower, Followers
from shared.identity import Reporter
from shared.vocabulary import CaseCode, ReporterId

log = structlog.get_logger()

CHANGE_TRIES = 5
SWEEP_EVERY_S = 60.0
NOBODY = Reporter()


class LinkExpiredError(CivicError):
    """The question behind a link is over, or was replaced by another one."""


class FollowerDesk:
    """Keeps how followers are told, and what of it they have confirmed.

    Args:
        followers: Where they are sealed.
        ledger: How often an address was asked, and a code tried.
        tokens: Of the questions.
        clock: The server's time.
        lasts: How long a question can be answered.
    """

    def __init__(
        self,
        followers: Followers,
        ledger: AskLedger,
        tokens: ConfirmationTokens,
        *,
        clock: Callable[[], datetime],
        lasts: timedelta,
    ) -> None:
        self._followers = followers
        self._ledger = ledger
        self._tokens = tokens
        self._clock = clock
        self._lasts = lasts
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to forget, once a minute, what nobody confirmed in time."""
        self._task = asyncio.create_task(self._sweep_forever())

    async def stop(self) -> None:
        """Forget no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def find(self, reference: ReporterId) -> Follower | None:
        """Return how a follower is told; None: they left no way."""
        return await self._followers.find(reference)

    async def follow(self, reference: ReporterId, choice: Choice, case: CaseCode) -> Follower:
        """Keep how a follower of a case is told, with the time of their wish; ask new addresses.

        What the choice leaves open stays as it was. An address that has opted out stays so, and is
        not asked either: anybody can type anybody's address here.
        """
        for _ in range(CHANGE_TRIES):
            known = await self._followers.find(reference)
            before = known or Follower(reference, case, NOBODY)
            after = await self._asking(before, choice)
            if known and _same(known, after):
                return known
            if known and await self._followers.replace(after):
                return after
            if known is None and await self._added(after):
                return after
        raise StaleVersionError(reference, 0)

    async def unfollow(self, reference: ReporterId) -> None:
        """Forget how a follower is told; idempotent."""
        await self._followers.erase(reference)

    async def confirm_code(self, reference: ReporterId, code: str) -> Follower:
        """Take the code that a follower typed; return them with what it confirmed.

        A question that was withheld has no code, and nobody can tell.

        Raises:
            RuleBrokenError: it is wrong, nothing waits for one, or there were too many.
        """
        tried: dict[str, bool] = {}  # by question: one code is one try, however often we begin anew
        for _ in range(CHANGE_TRIES):
            known = await self._followers.find(reference)
            now = self._clock()
            waiting = [each for each in known.asks if each.waits(now)] if known else []
            if known is None or not waiting:
                raise RuleBrokenError("code", "nothing_to_confirm", **refusals.NOTHING_TO_CONFIRM)
            for each in waiting:
                if each.id not in tried:
                    tried[each.id] = await self._ledger.attempt(each.id)
            counted = [each for each in waiting if tried[each.id]]
            if not counted:
                raise RuleBrokenError("code", "too_many_tries", **refusals.TOO_MANY_TRIES)
            right = [e for e in counted if self._tokens.is_code(e.id, code) and not e.withheld]
            if not right:
                raise RuleBrokenError("code", "wrong_code", **refusals.WRONG_CODE)
            after = answered(known, right[0])
            if await self._followers.replace(after):
                return after
        raise StaleVersionError(reference, 0)

    async def confirm_link(self, token: str) -> tuple[Follower, str] | None:
        """Take the token of a link; return whose it is, and the place. Repeating is safe.

        None: it is no link of ours, or they follow no more.

        Raises:
            LinkExpiredError: it came too late, or another address was given meanwhile.
        """
        read = self._tokens.read(token)
        if read is None:
            return None
        for _ in range(CHANGE_TRIES):
            known = await self._followers.find(read[0])
            if known is None:
                return None
            ask = next((each for each in known.asks if each.id == read[1]), None)
            if ask and ask.done:
                return known, ask.place
            if ask is None or not ask.waits(self._clock()):
                raise LinkExpiredError(read[0])
            after = answered(known, ask)
            if await self._followers.replace(after):
                return after, ask.place
        raise StaleVersionError(read[0], 0)

    async def forget_unconfirmed(self) -> int:
        """Remove addresses that nobody confirmed in time, and who is left without any.

        They still count as followers: counting needs no address. Return how many were changed.
        """
        now, changed = self._clock(), 0
        for each in await self._followers.expired(now):
            after = lapsed(each, now)
            if after is None:
                changed += await self._followers.erase(each.reference)
            else:
                changed += await self._followers.replace(after)
        await self._ledger.forget(now)
        return changed

    async def _asking(self, before: Follower, choice: Choice) -> Follower:
        now = self._clock()
        after, asked = questions(before, _wanted(before.person, choice, now), now)
        made = [await self._ask(after, place, now) for place in asked]
        return replace(after, asks=(*after.asks, *made))

    async def _ask(self, follower: Follower, place: str, now: datetime) -> Ask:
        address = places(follower.person)[place]
        ask, allowed = await self._ledger.take(
            follower.reference, place, address, case=follower.case, now=now
        )
        return Ask(ask, place, now, now + self._lasts, withheld=not allowed)

    async def _added(self, follower: Follower) -> bool:
        try:
            await self._followers.add(follower, self._clock())
        except DuplicateError:
            return False
        return True

    async def _sweep_forever(self) -> None:
        while True:
            try:
                await self.forget_unconfirmed()
            except CivicError as error:
                log.warning("followers.waits", reason=str(error))
            except Exception:
                log.exception("followers.failed")  # a bug must not end all looking unseen
            await asyncio.sleep(SWEEP_EVERY_S)


def _same(known: Follower, after: Follower) -> bool:
    """Say whether a wish changes nothing: whoever sends it twice writes once."""
    dated = after.person.model_copy(update={"chosen_at": known.person.chosen_at})
    return replace(after, person=dated) == known


def _wanted(known: Reporter, choice: Choice, now: datetime) -> Reporter:
    channels: Sequence[str] = choice.channels
    return Reporter(
        email=choice.email or known.email,
        phone=choice.phone or known.phone,
        language=choice.language or known.language,
        channels=tuple(channels),
        quiet=choice.quiet or known.quiet,
        chosen_at=now,
    )
