"""What the audit is told of accounts: every sign-in, every lock, every change."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any

import structlog

# kind, actor, subject, detail. Actor and subject are account ids, "-" where there is none. The
# detail holds names of fields, roles, units, reasons: nothing of a person, no password, no token.
Note = Callable[[str, str, str, Mapping[str, Any]], Awaitable[None]]

NOBODY = "-"  # a username that does not exist is not noted: people type passwords there

log = structlog.get_logger()


class Kind(StrEnum):
    """What happened."""

    SIGNED_IN = "account.signed_in"
    SIGN_IN_FAILED = "account.sign_in_failed"
    LOCKED = "account.locked"
    CREATED = "account.created"
    CHANGED = "account.changed"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - a kind, and no password
    SIGNED_OUT = "session.signed_out"
    REVOKED = "session.revoked"
    REUSED = "session.refresh_token_reused"


async def log_note(kind: str, actor: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Write a log line; what is done while no audit is there."""
    log.info("audit", kind=kind, actor=actor, subject=subject, detail=dict(detail))
