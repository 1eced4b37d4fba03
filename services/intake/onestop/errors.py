"""The root of what the one-stop counter refuses; one translator turns it into problems."""

from shared.errors import CivicError


class OneStopError(CivicError):
    """Something that the counter does not do; nothing changed."""
