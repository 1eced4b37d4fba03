"""Screening: rude words hold a report for the Office, other findings only flag it. Pure."""

from shared.screening.personal import mask
from shared.screening.rules import Kind, ScreeningRules, load_screening, read_screening
from shared.screening.verdict import Finding, Screening, reword, screen

__all__ = [
    "Finding",
    "Kind",
    "Screening",
    "ScreeningRules",
    "load_screening",
    "mask",
    "read_screening",
    "reword",
    "screen",
]
