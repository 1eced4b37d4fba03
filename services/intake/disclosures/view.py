"""A disclosure as officials see it: who wants what of a case, why, and what became of it. Pure."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.disclosures.desk import Shown
from services.intake.disclosures.domain import is_expired
from services.intake.disclosures.model import Act, Disclosure, Status
from services.intake.disclosures.offers import actions
from services.intake.views import local


def disclosure_view(shown: Shown, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Return a disclosure; `actions` is what the caller may do with it now."""
    disclosure = shown.disclosure
    possible = actions(disclosure, shown.parties, now)
    base = f"/api/v1/desk/cases/{disclosure.code}/disclosures/{disclosure.id}"
    return {
        "id": disclosure.id,
        "code": disclosure.code,
        "state": _state(disclosure, now),
        "recipient": disclosure.recipient.model_dump(),
        "purpose": disclosure.purpose,
        "legal_basis": disclosure.legal_basis,
        "fields": [each.value for each in disclosure.fields],
        "identity": {"justification": disclosure.identity} if disclosure.identity else None,
        "expires_at": local(disclosure.expires_at, zone),
        "requested": _act(disclosure.asked, zone),
        "approved": _grant(disclosure, zone),
        "rejected": _act(disclosure.rejection, zone),
        "revoked": _act(disclosure.revocation, zone),
        "downloads": [
            {"sha256": each.sha256, "size_bytes": each.size_bytes, **_who(each, zone)}
            for each in disclosure.downloads
        ],
        "actions": possible,
        "links": {name: f"{base}/{name}" for name in possible},
        "version": disclosure.sequence,
    }


def _state(disclosure: Disclosure, now: datetime) -> str:
    waiting = disclosure.status in {Status.REQUESTED, Status.APPROVED}
    return "expired" if waiting and is_expired(disclosure, now) else disclosure.status.value


def _grant(disclosure: Disclosure, zone: ZoneInfo) -> dict[str, Any] | None:
    grant = disclosure.grant
    if grant is None:
        return None
    return {
        **_who(grant, zone),
        "text": grant.text,
        "fields": [each.value for each in grant.fields],
        "identity": grant.identity,
        "media": list(grant.media),
        "case_version": grant.case_sequence,
    }


def _act(act: Act | None, zone: ZoneInfo) -> dict[str, Any] | None:
    return {**_who(act, zone), "text": act.text} if act else None


def _who(act: Act, zone: ZoneInfo) -> dict[str, Any]:
    return {"by": act.by, "unit": act.unit, "at": local(act.at, zone)}
