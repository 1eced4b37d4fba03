"""Who looked at what, and why: append-only, hash-chained, provable to others."""

from services.intake.audit.chain import (
    EMPTY,
    REPORTER,
    Acting,
    Actor,
    BrokenChainError,
    Entry,
    Head,
    Note,
    Proof,
    chained,
    digest_of,
)
from services.intake.audit.store import Audit

__all__ = [
    "EMPTY",
    "REPORTER",
    "Acting",
    "Actor",
    "Audit",
    "BrokenChainError",
    "Entry",
    "Head",
    "Note",
    "Proof",
    "chained",
    "digest_of",
]
