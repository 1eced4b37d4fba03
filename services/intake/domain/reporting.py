"""What reporters do with a case, and what both sides write. Pure."""

from datetime import datetime, timedelta

from services.intake.domain import refusals
from services.intake.domain.case import (
    Case,
    Fact,
    RuleBrokenError,
)
from services.intake.domain.checks import Request
from services.intake.domain.commands import (
    AddMessage,
    Rate,
    Reopen,
    Withdraw,
)
from services.intake.domain.rules import Rules
from shared.events import (
    CaseClosed,
    CaseRated,
    CaseReopened,
    CaseWithdrawn,
    MessageAdded,
)
from shared.vocabulary import (
    CategoryId,
)

CONTENT_SCORE = 3  # from here on a rating says that the reporter is content, and closes the case

# One of 5,000 Vietnamese letters is 15 kB, and the document of a case holds 16 MB: beyond it no
# result could be written either.
MOST_MESSAGES = 400


def rate(case: Case, command: Rate, request: Request) -> list[Fact]:
    """Rate once per result; a content reporter closes the case."""
    if case.rating:
        raise RuleBrokenError("score", "already_rated", **refusals.ALREADY_RATED)
    facts = [Fact(CaseRated(**request.who, score=command.score), {"text": command.text})]
    if command.score >= CONTENT_SCORE:
        facts.append(Fact(CaseClosed(**request.who, reason="content")))
    return facts


def reopen(case: Case, command: Reopen, request: Request) -> list[Fact]:
    """Dispute within the window: the case is not done, and the same limit runs anew."""
    window = timedelta(days=request.rules.regulation.procedures.dispute_days)
    if request.now > case.results[-1].at + window:
        raise RuleBrokenError("text", "window_passed", **refusals.WINDOW_PASSED)
    category = case.snapshot.category or CategoryId("other")
    due = request.rules.deadline(category, request.now.replace(microsecond=0))
    event = CaseReopened(
        **request.who,
        disputes=case.snapshot.disputes + 1,
        due_at=due.due_at,
        limit_s=due.limit_s,
        clock=due.clock,
    )
    return [Fact(event, {"text": command.text})]


def close_undisputed(case: Case, rules: Rules, now: datetime) -> list[Fact]:
    """Close a resolved case whose window for a dispute has passed; before that, nothing."""
    window = timedelta(days=rules.regulation.procedures.dispute_days)
    if not case.allows(CaseClosed) or now <= case.results[-1].at + window:
        return []
    return [Fact(CaseClosed(at=now, actor="intake", reason="window_passed"))]


def withdraw(_case: Case, command: Withdraw, request: Request) -> list[Fact]:
    """The reporter takes the report back."""
    return [Fact(CaseWithdrawn(**request.who), {"text": command.text})]


def add_message(case: Case, command: AddMessage, request: Request) -> list[Fact]:
    """One side writes to the other; the unit's last word is never taken away by the reporter."""
    most = MOST_MESSAGES if request.actor.role else MOST_MESSAGES // 2
    if case.messages >= most:
        raise RuleBrokenError("text", "too_many_messages", **refusals.TOO_MANY_MESSAGES)
    return [Fact(MessageAdded(**request.who), {"text": command.text})]
