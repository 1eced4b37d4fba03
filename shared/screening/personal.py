"""Personal data in a text: telephone, identity and account numbers, e-mail addresses; and plates.

The shapes are Vietnamese: mobile numbers of ten digits (03, 05, 07, 08, 09), fixed lines (02…),
those of before the changes of 2017 and 2018 (063…, 01…), identity cards of nine and of twelve
digits, plates such as 49A-123.45 and 49-B1 1234. A sum of money, a date or an hour is none.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from shared.screening.disguise import Original, clean

MASK = "••••••"  # of one length, so that it does not say how long the hidden is


class Datum(StrEnum):
    """What a piece of personal data is. A plate is evidence: it is flagged, and stays readable."""

    EMAIL = "email"
    IDENTITY = "identity_number"
    ACCOUNT = "account_number"
    PHONE = "phone_number"
    PLATE = "licence_plate"


class Personal(NamedTuple):
    """A piece of personal data and where it stands, in code points of the cleaned text."""

    datum: Datum
    start: int
    end: int


_SIGNS = r"[ .\-–()]{0,2}"
_MORE = rf"(?:{_SIGNS}\d)"
_FREE = r"(?<!\d)(?<!\d[.,])"  # not from the middle of a number or of a fraction
_NO_SUM = (
    r"(?!\d)(?!(?:k|tr|m2|m3)(?![^\W_]))"
    r"(?! ?(?i:đ|đồng(?! chí)|dong(?! chi)|vnđ|vnd|usd|nghìn|nghin|ngàn|ngan|triệu|trieu|tỷ|tỉ"
    r"|ty)(?![^\W_]))"
)
_AROUND = 12  # characters beside a number that say what it is not: a sign before, a unit after
_PREFIX = 3  # characters of a number before its first digit: "+ ", or the letter of a passport
_BEFORE = 48  # characters before a number that may say what it is

_EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]++@\w[\w\-]*+(?:\.[\w\-]++)++")
_NUMBER = re.compile(rf"\d{_MORE}{{5,}}+")
_IDENTITY_WORD = re.compile(
    r"(?:cmnd|cmt|cccd|chứng minh|chung minh|căn cước|can cuoc|hộ chiếu|ho chieu|passport"
    r"|id card|identity card)[^\d\n]{0,24}\Z",
    re.IGNORECASE,
)
_ACCOUNT_WORD = re.compile(
    r"(?:\bstk|\btk|số tài khoản|so tai khoan|tài khoản|tai khoan|account)(?![^\W\d_])"
    r"[^\d\n]{0,30}\Z",
    re.IGNORECASE,
)
_NAMED = (  # by the word before it; what the number must look like then
    (Datum.IDENTITY, _IDENTITY_WORD, re.compile(rf"\d{_MORE}{{6,11}}+(?!\d)")),
    (
        Datum.ACCOUNT,
        _ACCOUNT_WORD,
        re.compile(rf"(?:\d{{8,19}}(?!\d)|\d{{1,6}}(?:[ .\-]\d{{2,6}}){{2,5}}+){_NO_SUM}"),
    ),
)
_IDENTITY = re.compile(
    rf"{_FREE}(?<![^\W_])(?:\d{{12}}|\d{{9}}|[A-Z]\d{{7,8}})(?![^\W_]){_NO_SUM}"
    rf"|{_FREE}0\d\d([ .\-])\d{{3}}(?:\1\d{{3}}){{2}}(?!\d)"
    rf"|{_FREE}0\d{{3}}([ .\-])\d{{4}}\2\d{{4}}(?!\d)"
)
_ACCOUNT = re.compile(rf"{_FREE}(?:\d{{13,19}}|[3-69]\d{{3}}(?:[ \-]\d{{4}}){{3}}){_NO_SUM}")
_PHONE = re.compile(
    rf"{_FREE}(?:(?:\+{_SIGNS}84|\b0084){_SIGNS}(?:0{_SIGNS})?|0{_SIGNS}|84(?=[35789]\d{{8}}))"
    rf"(?:(?:[3578]\d|9{_MORE}){_MORE}{{7}}|2\d{_MORE}{{7,8}}|63{_MORE}{{7}}|1[2689]{_MORE}{{8}})"
    r"(?!\d)(?![h:]\d)"
)
_SHAPES = ((Datum.IDENTITY, _IDENTITY), (Datum.ACCOUNT, _ACCOUNT), (Datum.PHONE, _PHONE))
_SIGN_RUN = re.compile(r"[ .\-–]+")

_PLATE = re.compile(
    r"[1-9]\d(?<![\w.,]..)[ \-]?[A-Za-zĐđ]{1,2}\d?[ .\-–]{0,3}(?:\d{3}\.\d\d|\d{4,5})"
    rf"(?!\w)(?!\.\d){_NO_SUM}"
)
_PLATE_WORD = re.compile(r"\b(?:biển|bien|bks|bs|xe)\b[^\d\n]{0,20}\Z", re.IGNORECASE)
_SERIES = r"[1-9]\d-?[A-ZĐ]{1,2}\d?"
_CLEAR_PLATE = re.compile(  # without such a word: in capitals, or with the dot or the dashes
    rf"{_SERIES}-?\d{{4,5}}|{_SERIES} \d{{5}}|(?i:{_SERIES})[ \-–]{{0,3}}\d{{3}}\.\d\d"
    r"|[1-9]\d-(?i:[a-zđ]\d)[ \-–]{1,3}\d{4,5}"
)


def personal(cleaned: str) -> list[Personal]:
    """Return the personal data in a cleaned text, from left to right, what overlaps as one."""
    claims = sorted(_claims(cleaned), key=lambda claim: claim.start)  # stable: first shape first
    found: list[Personal] = []
    for claim in claims:
        if found and claim.start < found[-1].end:
            first = found[-1]
            datum = claim.datum if first.datum is Datum.PLATE else first.datum
            found[-1] = Personal(datum, first.start, max(first.end, claim.end))
        else:
            found.append(claim)
    return found


def _claims(cleaned: str) -> Iterator[Personal]:
    if "@" in cleaned:
        for found in _EMAIL.finditer(cleaned):
            yield Personal(Datum.EMAIL, found.start(), found.end())
    for number in _NUMBER.finditer(cleaned):
        before = cleaned[max(0, number.start() - _BEFORE) : number.start()]
        for datum, word, shape in _NAMED:
            if word.search(before) and (found := shape.match(cleaned, number.start())):
                yield Personal(datum, found.start(), found.end())
        yield from _shaped(cleaned, number)
    for plate in _PLATE.finditer(cleaned):
        before = cleaned[max(0, plate.start() - _BEFORE) : plate.start()]
        if _CLEAR_PLATE.fullmatch(plate[0]) or _PLATE_WORD.search(before):
            yield Personal(Datum.PLATE, plate.start(), plate.end())


def _shaped(cleaned: str, number: re.Match[str]) -> Iterator[Personal]:
    """Yield what a number is by itself; two people's numbers may stand in one run of digits."""
    start = max(0, number.start() - _AROUND)
    window = cleaned[start : number.end() + _AROUND]
    own = range(number.start() - _PREFIX, number.end())  # the rest of the window belongs to others
    for datum, shape in _SHAPES:
        for found in shape.finditer(window):
            mine = start + found.start() in own
            if mine and (datum is not Datum.PHONE or _one_hand(found[0])):
                yield Personal(datum, start + found.start(), start + found.end())


def _one_hand(number: str) -> bool:
    """Say whether one hand parted the digits: "07.30-11.30 13" is a row of hours, no number."""
    signs = _SIGN_RUN.findall(number)
    return len(set(signs[1:])) <= 1


def mask(text: str) -> str:
    """Return `text` for the public: telephone, identity and account numbers and addresses hidden.

    Plates stay: they are evidence. A text without personal data comes back as it is.
    """
    cleaned = clean(text)
    original = Original(text, cleaned)
    parts: list[str] = []
    here = 0
    for found in personal(cleaned):
        start, end = original.span(found.start, found.end)
        if found.datum is not Datum.PLATE and end > here:
            parts += [text[here:start], MASK]
            here = end
    return "".join([*parts, text[here:]])
