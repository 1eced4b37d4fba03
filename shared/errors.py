"""Errors named for what must happen next, not for what went wrong."""


class CivicError(Exception):
    """The root of our own errors."""


class PermanentError(CivicError):
    """No retry can help. The message goes to the dead-letter queue with this sentence."""


class OutageError(CivicError):
    """Something we depend on is down. The message is innocent: it waits, uncounted."""


class MisconfiguredError(CivicError):
    """What we need is set up differently, and only a person can change it: the start fails."""


class WriteRefusedError(CivicError):
    """The database refuses this write, and would again. The message failed; others may work."""


class StaleVersionError(CivicError):
    """Somebody else changed the aggregate since it was read. Load it again and decide again."""

    def __init__(self, identifier: str, version: int) -> None:
        super().__init__(f"{identifier} is no longer at version {version}")
        self.identifier = identifier
        self.version = version


class DuplicateError(CivicError):
    """An aggregate with the same identity, or the same unique `key`, is already stored."""

    def __init__(self, identifier: str, key: str = "_id") -> None:
        super().__init__(f"{identifier} is already stored (unique {key})")
        self.identifier = identifier
        self.key = key
