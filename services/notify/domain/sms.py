"""How long a text is as an SMS, and how Vietnamese fits into one. Pure.

GSM 03.38: 160 letters in one SMS, 153 in each of several; a letter outside its alphabet, as nearly
every accented Vietnamese one is, makes the whole text UCS-2 with 70 and 67.
"""

import unicodedata

GSM_ONE, GSM_PART = 160, 153
UCS_ONE, UCS_PART = 70, 67
BRAND_NAME = 11  # letters that a sender's name may have
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape before each of them


def parts(text: str) -> int:
    """Return how many SMS a text takes."""
    if _is_gsm(text):
        length = sum(2 if each in _EXTENDED else 1 for each in text)
        return 1 if length <= GSM_ONE else -(-length // GSM_PART)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= UCS_ONE else -(-length // UCS_PART)


def unaccented(text: str) -> str:
    """Return Vietnamese without its marks: "Đã giao đơn vị" → "Da giao don vi"."""
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(each for each in plain if not unicodedata.combining(each))


def fitted(text: str, most: int) -> str:
    """Return the text as it is if it takes at most `most` SMS, else without accents.

    Raises:
        ValueError: even so it takes more; a template is too long.
    """
    composed = unicodedata.normalize("NFC", text)
    if parts(composed) <= most:
        return composed
    plain = unaccented(composed)
    if parts(plain) > most:
        raise ValueError(f"a text of {parts(plain)} SMS; at most {most}")
    return plain


def _is_gsm(text: str) -> bool:
    return all(each in _BASIC or each in _EXTENDED for each in text)
