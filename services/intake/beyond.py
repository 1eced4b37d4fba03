"""What one may do with a case beside its commands: see who reported, ask to pass content on."""

from services.intake.disclosures.domain import ASKING, SEEING
from services.intake.domain.case import Case
from services.intake.domain.parties import Actor, parties
from services.intake.domain.rules import Rules
from services.intake.privacy.rules import may_see

IDENTITY = "identity"  # GET /desk/cases/{code}/reporter
DISCLOSURES = "disclosures"  # POST /desk/cases/{code}/disclosures
DISCLOSURES_READ = "disclosures/read"  # GET of the same


def beyond(case: Case, actor: Actor, rules: Rules) -> list[str]:
    """Return which of them this actor may do now, as `actions` lists the commands."""
    mine = parties(case, actor)
    snapshot = case.snapshot
    found: list[str] = []
    if (
        mine
        and actor.role is not None
        and snapshot.reporter is not None
        and may_see(actor.role, actor.unit, snapshot, rules.regulation)
    ):
        found.append(IDENTITY)
    if mine & ASKING:
        found.append(DISCLOSURES)
    if mine & SEEING:
        found.append(DISCLOSURES_READ)
    return found
