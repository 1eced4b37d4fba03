"""Why the privacy desk says no."""

from shared.errors import CivicError


class PrivacyError(CivicError):
    """The privacy desk says no."""


class SealedError(PrivacyError):
    """The reporter is sealed from this role and unit."""


class NobodyError(PrivacyError):
    """The reporter left nothing by which they could be known."""


class ErasedError(PrivacyError):
    """The reporter was erased, by their wish or by schedule."""


class NotForPeopleError(PrivacyError):
    """The purpose is a machine's; no person can state it."""


class NoSuchFileError(PrivacyError):
    """The case has no such file, or its original is erased."""
