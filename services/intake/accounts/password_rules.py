"""Which passwords are refused. Pure.

Length decides (NIST SP 800-63B): no rule asks for a digit or a capital letter. What guessers try
first is refused: the username, common words with a year behind them, walks over the keyboard.
"""

import secrets
import unicodedata
from collections.abc import Collection
from enum import StrEnum

SHORTEST = 12
LONGEST = 256  # characters; bounds what is hashed

# Ours, short, and without accents: what people here put before "123" or "2024".
COMMON = frozenset(
    [
        "abc",
        "abcd",
        "admin",
        "administrator",
        "anhyeuem",
        "baseball",
        "bimat",
        "cacban",
        "canbo",
        "changeme",
        "chaomung",
        "chaoban",
        "congchuc",
        "dalat",
        "dalatcity",
        "dragon",
        "emyeuanh",
        "football",
        "hanoi",
        "hello",
        "hoadalat",
        "iloveyou",
        "khongbiet",
        "lamdong",
        "letmein",
        "login",
        "master",
        "matkhau",
        "matkhaumoi",
        "monkey",
        "motcua",
        "nguoidung",
        "pass",
        "passw",
        "password",
        "phanmem",
        "phuong",
        "princess",
        "quantri",
        "saigon",
        "secret",
        "sunshine",
        "superman",
        "tanggiam",
        "test",
        "thanhpho",
        "thanhphodalat",
        "thanhphohoa",
        "tinhlamdong",
        "truongphong",
        "truycap",
        "tructuyen",
        "ubnd",
        "ubndphuong",
        "user",
        "vanphong",
        "vienchuc",
        "vietnam",
        "welcome",
        "yeuem",
        "xinchao",
    ]
)
WALKS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
WALK = 3  # characters in a row that make a walk
FEW = 4  # different characters, or characters that are repeated: as good as one
SPELLED = str.maketrans("0134578@$!", "oieastbasi")  # p@ssw0rd
READABLE = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is misread from paper


class Weakness(StrEnum):
    """Why a password is refused."""

    TOO_SHORT = "password_too_short"
    TOO_LONG = "password_too_long"
    IS_USERNAME = "password_is_username"
    TOO_COMMON = "password_too_common"
    SAME_AS_BEFORE = "password_same_as_before"


def normal(password: str) -> str:
    """Return the password as it is hashed: the same whichever keyboard composed its accents."""
    return unicodedata.normalize("NFKC", password)


def weaknesses(password: str, username: str) -> list[Weakness]:
    """Return why a password for `username` is refused; none when it is good."""
    plain = normal(password)
    if len(plain) < SHORTEST:
        return [Weakness.TOO_SHORT]
    if len(plain) > LONGEST:
        return [Weakness.TOO_LONG]
    letters, name = _letters(plain), _letters(username)
    if _characters(plain) == _characters(username) or (name and letters == name):
        return [Weakness.IS_USERNAME]
    spelled = _letters(_core(plain).translate(SPELLED))
    words = COMMON | {name} if name else COMMON
    if any(_made_of(each, words) for each in (letters, spelled)) or _monotone(_characters(plain)):
        return [Weakness.TOO_COMMON]
    return []


def generated() -> str:
    """Return a random password, readable from paper: 16 characters of 31, 79 bits."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(4))


def _characters(text: str) -> str:
    """Return letters and digits, without accents and case."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(each for each in apart if each.isalnum())


def _letters(text: str) -> str:
    """Return the letters only: `Đà Lạt @ 2024` is `dalat`."""
    return "".join(each for each in _characters(text) if not each.isdigit())


def _core(text: str) -> str:
    """Return the text without the digits and signs at its ends: they are no letters there."""
    ends = "".join(each for each in set(text) if not each.isalpha())
    return text.strip(ends)


def _made_of(text: str, words: Collection[str]) -> bool:
    """Say whether the text is one word or two, or one of them repeated; digits are nothing."""
    if not text:
        return False  # only digits and signs: whether they walk is asked elsewhere
    once = _period(text)
    if once in words:
        return True
    return any(once[:cut] in words and once[cut:] in words for cut in range(1, len(once)))


def _period(text: str) -> str:
    """Return the shortest piece whose repetition is the text."""
    size = (text + text).find(text, 1)
    return text[:size]


def _monotone(text: str) -> bool:
    """Say whether the text is few characters, a short piece repeated, or all walks."""
    if len(set(text)) <= FEW or len(_period(text)) <= FEW:
        return True
    walked = [False] * len(text)
    for start in range(len(text) - WALK + 1):
        piece = text[start : start + WALK]
        if any(piece in walk or piece[::-1] in walk for walk in WALKS):
            walked[start : start + WALK] = [True] * WALK
    return all(walked)
