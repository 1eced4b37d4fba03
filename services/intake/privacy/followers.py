"""Followers of cases that have ended are told nothing more: how they are told is forgotten."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.domain.case import ENDED
from services.intake.store import CaseStore
from shared.followers import Followers
from shared.regulation_model import Retention
from shared.vocabulary import CaseCode

PAGE = 200


@dataclass(frozen=True)
class Ended:
    """A case whose followers have served their purpose."""

    code: CaseCode
    ended_at: datetime | None  # None: there is no such case any more


async def ended_cases(
    followers: Followers, store: CaseStore, terms: Retention, now: datetime
) -> AsyncGenerator[Ended]:
    """Yield the followed cases that rest as long as originals are kept, by code.

    Args:
        followers: Who follows what.
        store: The cases.
        terms: Of the regulation; a case can be reopened at first, so its end alone is too early.
        now: Aware instant.
    """
    before, last = now - timedelta(days=terms.originals_days_after_close), ""
    while codes := await followers.cases(last, PAGE):
        last = codes[-1]
        for code in codes:
            stored = await store.load(code)
            if stored is None:
                yield Ended(code, None)
                continue
            at: datetime = stored.history[-1]["event"]["at"]
            if stored.case.snapshot.state in ENDED and at < before:
                yield Ended(code, at)
