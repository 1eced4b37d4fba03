"""Telephone numbers as providers want them, and as a log may show them. Pure."""

VIETNAM = "84"
NATIONAL_DIGITS = 9


def mobile(phone: str | None) -> str | None:
    """Return a Vietnamese number as providers want it, `84` and nine digits; None for others."""
    digits = "".join(each for each in phone or "" if each.isascii() and each.isdecimal())
    plus = (phone or "").strip().startswith("+")
    if not plus and digits.startswith("0") and not digits.startswith("00"):
        digits = VIETNAM + digits[1:]
    national = digits.removeprefix(VIETNAM)
    if not digits.startswith(VIETNAM) or len(national) != NATIONAL_DIGITS or national[0] == "0":
        return None
    return digits


def masked(phone: str) -> str:
    """Return a number as a log may show it: `8491…678`."""
    return f"{phone[:4]}…{phone[-3:]}"
