"""A follower's code beside other writers of the same row: typed once, it is one try."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.intake.followers import CHANGE_TRIES, FollowerDesk
from shared.confirmations import EMAIL, Ask, AskLedger, ConfirmationTokens
from shared.errors import StaleVersionError
from shared.followers import Follower, Followers
from shared.identity import Reporter
from shared.vocabulary import CaseCode, ReporterId

NOW = datetime(2026, 1, 12, 5, tzinfo=UTC)
CODES = ConfirmationTokens(["secret"])
WHO = ReporterId("f_somebody")


class Contended:
    """A row that others change before each of the first `lost` writes."""

    def __init__(self, lost: int) -> None:
        self.left = lost
        self.tries = 0
        ask = Ask("ask", EMAIL, NOW, NOW + timedelta(hours=24))
        self.row = Follower(WHO, CaseCode("DL-2345-678B"), Reporter(email="a@b.vn"), asks=(ask,))

    async def find(self, _reference: ReporterId) -> Follower:
        return self.row

    async def replace(self, _after: Follower) -> bool:
        self.left -= 1
        return self.left < 0

    async def attempt(self, _ask: str) -> bool:
        self.tries += 1
        return True

    def desk(self) -> FollowerDesk:
        row: Any = self
        return FollowerDesk(
            cast("Followers", row),
            cast("AskLedger", row),
            CODES,
            clock=lambda: NOW,
            lasts=timedelta(hours=24),
        )


async def test_a_code_that_is_right_counts_once_however_often_others_were_faster():
    row = Contended(lost=CHANGE_TRIES - 1)

    after = await row.desk().confirm_code(WHO, CODES.code("ask"))

    assert after.confirmed == {EMAIL}
    assert row.tries == 1


async def test_who_is_never_fast_enough_is_told_so():
    row = Contended(lost=CHANGE_TRIES)

    with pytest.raises(StaleVersionError):
        await row.desk().confirm_code(WHO, CODES.code("ask"))
    assert row.tries == 1
