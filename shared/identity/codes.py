"""Case codes: random, checked by their last character, spelled so that nobody misreads them."""

import re

from shared.identity.identifiers import random_below
from shared.vocabulary import CaseCode

# Without I, L, O, 0 and 1: nothing that a person mistakes for something else. 31 is prime, so the
# check character finds every wrong letter and every swap of two.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM_CHARACTERS = 7
PREFIX = re.compile("[A-Z]{2,8}")  # of cases and of dossiers; whatever else is no code of ours
CODES = len(ALPHABET) ** RANDOM_CHARACTERS  # 27 thousand million, not to be walked through


def new_code(prefix: str) -> CaseCode:
    """Return a random case code, like `DL-7K3Q-9M2F`; its last character checks the others."""
    number, body = random_below(CODES), ""
    for _ in range(RANDOM_CHARACTERS):
        number, place = divmod(number, len(ALPHABET))
        body += ALPHABET[place]
    body += _check_character(body)
    return CaseCode(f"{prefix}-{body[:4]}-{body[4:]}")


def read_code(text: str) -> CaseCode | None:
    """Return the code that a person typed, in our spelling, or None when it cannot be one."""
    compact = "".join(text.upper().split()).replace("-", "")
    prefix, body = compact[: -RANDOM_CHARACTERS - 1], compact[-RANDOM_CHARACTERS - 1 :]
    if not PREFIX.fullmatch(prefix) or any(character not in ALPHABET for character in body):
        return None
    if len(body) != RANDOM_CHARACTERS + 1 or _check_character(body[:-1]) != body[-1]:
        return None
    return CaseCode(f"{prefix}-{body[:4]}-{body[4:]}")


def _check_character(body: str) -> str:
    total = sum((place + 2) * ALPHABET.index(each) for place, each in enumerate(body))
    return ALPHABET[total % len(ALPHABET)]
