"""What may be done with a disclosure now. Pure."""

from datetime import datetime

from services.intake.disclosures.domain import CONSENTING, REVOKING, SEEING, is_expired
from services.intake.disclosures.model import Disclosure, Status
from services.intake.domain.parties import Party

_OFFERED = {
    Status.REQUESTED: ("preview", "approve", "reject", "revoke"),
    Status.APPROVED: ("preview", "package", "revoke"),
    Status.REJECTED: (),
    Status.REVOKED: (),
}


def actions(disclosure: Disclosure, parties: frozenset[Party], now: datetime) -> list[str]:
    """Return what somebody with these parts in the case may do now; no client repeats the rules."""
    expired = is_expired(disclosure, now)
    possible = {
        "approve": parties & CONSENTING and not expired,
        "reject": parties & CONSENTING,
        "revoke": parties & REVOKING and not expired,
        "package": parties & SEEING and not expired,
        "preview": parties & SEEING and not expired,
    }
    return [name for name in _OFFERED[disclosure.status] if possible[name]]
