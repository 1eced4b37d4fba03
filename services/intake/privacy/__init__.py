"""What is personal: who may look at it, what remembers the look, and how it is erased."""

from services.intake.privacy.desk import Official, Places, PrivacyDesk
from services.intake.privacy.errors import (
    ErasedError,
    NobodyError,
    NoSuchFileError,
    NotForPeopleError,
    PrivacyError,
    SealedError,
)
from services.intake.privacy.refusals import problem_of
from services.intake.privacy.retention import Due, Schedule
from services.intake.privacy.rules import Extent, may_see, may_see_original

__all__ = [
    "Due",
    "ErasedError",
    "Extent",
    "NoSuchFileError",
    "NobodyError",
    "NotForPeopleError",
    "Official",
    "Places",
    "PrivacyDesk",
    "PrivacyError",
    "Schedule",
    "SealedError",
    "may_see",
    "may_see_original",
    "problem_of",
]
