"""Following a case instead of sending a twin. Pure.

A follower is a random reference. Only their number is said; it is a sign of weight, not of a wish
for news by this or that person.
"""

from datetime import datetime

from services.intake.domain import refusals
from services.intake.domain.case import Case, Fact, RuleBrokenError
from shared.events import CaseFollowed, CaseUnfollowed

MOST_FOLLOWERS = 2000  # of one case: 26 bytes each in its document
MOST_STEPS = 6000  # of a case, when strangers come and go: each is 300 bytes of its history
FOLLOWER = "follower"


def follow(case: Case, follower: str, now: datetime) -> list[Fact]:
    """Count a follower; one who follows already changes nothing.

    Raises:
        NotNowError: there is nothing more to follow.
        RuleBrokenError: more than we can count.
    """
    if follower in case.followers:
        return []
    case.require(CaseFollowed, "follow")
    if len(case.followers) >= MOST_FOLLOWERS or case.sequence >= MOST_STEPS:
        raise RuleBrokenError("code", "too_many_followers", **refusals.TOO_MANY_FOLLOWERS)
    event = CaseFollowed(at=now, actor=FOLLOWER, followers=len(case.followers) + 1)
    return [Fact(event, {"follower": follower})]


def unfollow(case: Case, follower: str, now: datetime) -> list[Fact]:
    """Count a follower no more; one who does not follow changes nothing."""
    if follower not in case.followers:
        return []
    event = CaseUnfollowed(at=now, actor=FOLLOWER, followers=len(case.followers) - 1)
    return [Fact(event, {"follower": follower})]
