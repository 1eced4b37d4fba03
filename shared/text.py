"""Text as a key: what people type, folded so that two spellings of one word meet.

Diacritics are never restored (packages that guess them err in most short reports); both sides
are folded instead. The original text is what people see; a folded text is for matching only.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar
from unicodedata import normalize

T = TypeVar("T")

_MARK = "\u0300-\u036f"  # combining diacritical marks: all that Vietnamese letters carry
_MARKED = (
    f"[{_MARK}]*+"  # possessive: a letter under a thousand marks costs a thousand steps, not more
)
_FOREIGN = "\u0370-\u052f"  # Greek and Cyrillic, whose letters look like Latin ones
_VOWEL_SIGN = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u3099\u309a"  # Thai and kana: parts of words, not \w
)

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_FOREIGN_LETTER = re.compile(f"[{_FOREIGN}]")
_WORD = re.compile(rf"(?:[^\W_]|[{_MARK}])+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_SEPARATORS = re.compile(rf"(?:(?:[^\w{_MARK}{_VOWEL_SIGN}]|_)+[{_MARK}{_VOWEL_SIGN}]*)+")
_MARKS = re.compile(rf"(?<![{_FOREIGN}{_MARK}])[{_MARK}]+")
_VIETNAMESE = re.compile(rf"[\x00-\x7fđ{_MARK}\u2010-\u2027]*+")  # with “quotes” and dashes
_VIETNAMESE_WORD = re.compile(f"[a-z0-9đ][a-z0-9đ{_MARK}]*+")
_NEITHER_LATIN_NOR_MARK = re.compile(f"[^\x00-\x7fđ{_MARK}]")
_HIGHLANDER = re.compile(
    r"(?<![^\W_])[Kk]['’](?=[^\W_])"
)  # K'Ho, K'Brểu: one word, and not "không"

# capitals and small letters apart: "В" looks like B, "в" like nothing Latin
_LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХԚԜаеоѕіјрсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοινρκυ",
    "ABESIJKMHOPCTYXQWaeosijpcyxhdqwABEZHIKMNOPTYXaoivpku",
)


def _loose(word: str) -> str:
    """Return a pattern for `word` with whatever marks its letters carry."""
    return "".join(f"{'[dđ]' if letter == 'd' else letter}{_MARKED}" for letter in word)


# only what has one reading: "kg", "ng", "vs", "lun" have two. "50 k" is a price, "dc 12" an address
_ABBREVIATION = re.compile(
    rf"(?<!\S)(?=[dđhkp])(?:{_loose('p')}(?:{_loose('huong')})? ?0?{_MARKED}"
    rf"(?P<ward>[1-9]{_MARKED}[0-9]?){_MARKED}"
    rf"|(?P<may>{_loose('dc')})(?! [0-9])"
    rf"|{_loose('ko')}|{_loose('hok')}|{_loose('khg')}|(?<![0-9] ){_loose('k')})(?!\S)"
)


def _expand(found: re.Match[str]) -> str:
    if ward := found["ward"]:
        return f"phuong {ward}"
    return "duoc" if found["may"] else "khong"


def _latin_if_mostly(found: re.Match[str]) -> str:
    word = found[0]
    latin = len(_LATIN.findall(word))
    foreign = len(_FOREIGN_LETTER.findall(word))
    return word.translate(_LOOKALIKES) if latin >= foreign else word


@lru_cache(maxsize=16)  # the same report is read by several rules, one after another
def _spell(text: str) -> str:
    """Return the words of `text` in lower case, one space apart, diacritics kept and decomposed."""
    if not text.isascii():
        text = _INVISIBLE.sub("", normalize("NFKD", text))
        if "'" in text or "’" in text:
            text = _HIGHLANDER.sub("k", text)
        if _FOREIGN_LETTER.search(text):
            text = _WORD.sub(_latin_if_mostly, text)
        # Eth and the African D stand for Đ in texts of old fonts
        text = normalize("NFKD", text.lower()).replace("ð", "đ").replace("ɖ", "đ")
    elif "'" in text:
        text = _HIGHLANDER.sub("k", text)
    text = text.lower()
    return _ABBREVIATION.sub(_expand, " ".join(_parts(text)))


def _parts(text: str) -> list[str]:
    """Return the words of a decomposed text in lower case; marks that follow no letter are none."""
    if _VIETNAMESE.fullmatch(text):
        return _VIETNAMESE_WORD.findall(text)
    return _SEPARATORS.sub(" ", f" {text}").split()


def _plain(spelled: str) -> str:
    """Take the diacritics off spelled words; other scripts keep theirs (й stays й)."""
    if spelled.isascii():
        return spelled
    if not _NEITHER_LATIN_NOR_MARK.search(spelled):
        return spelled.replace("đ", "d").encode("ascii", "ignore").decode()
    bare = _MARKS.sub("", spelled).replace("đ", "d")
    return bare if bare.isascii() else normalize("NFC", bare)


@lru_cache(maxsize=16)  # as above
def fold(text: str) -> str:
    """Return `text` as a key: bare lower-case words with one space between them.

    Composed and decomposed letters, tone marks on either vowel (hoà, hòa), invisible marks,
    Cyrillic or Greek look-alikes inside Latin words and the safe abbreviations (P.2, ko, đc)
    all lead to the same key. Folding a key again changes nothing.
    """
    return _plain(_spell(text))


def words(text: str) -> list[str]:
    """Return the folded words of `text` in their order."""
    return fold(text).split()


def contains(folded_text: str, folded_phrase: str) -> bool:
    """Say whether the phrase occurs in the text as whole words; both must be folded already."""
    return bool(folded_phrase) and f" {folded_phrase} " in f" {folded_text} "


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A phrase that occurs in a text.

    Attributes:
        phrase: The phrase in its natural spelling.
        size: How many words it has.
        values: What the phrase stands for, in the order given.
    """

    phrase: str
    size: int
    values: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    folded: list[str]
    spelled: list[str]
    found: Found[T]


class Phrases(Generic[T]):
    """Phrases compiled once, to be found in texts as whole words.

    With `accents` a word that the writer accented counts only as itself ("chạy" is not "cháy"),
    a word without accents as any of its readings ("chay"); but one bare syllable alone decides
    nothing, because most of them are ordinary words without their tone ("gia", "rung", "lon").
    Without `accents` only the folded words count: right for names, which people misspell.
    """

    def __init__(self, phrases: Iterable[tuple[str, T]], *, accents: bool) -> None:
        values: dict[str, list[T]] = {}
        for phrase, value in phrases:
            values.setdefault(phrase, []).append(value)
        self._accents = accents
        self._by_first_word: dict[str, list[_Entry[T]]] = {}
        self._second_words: dict[str, set[str]] = {}  # by the first; "" where one word is enough
        for phrase, its_values in values.items():
            self._add(phrase, tuple(its_values))
        for entries in self._by_first_word.values():
            entries.sort(key=lambda entry: -len(entry.folded))  # longest first; else as given

    def _add(self, phrase: str, values: tuple[T, ...]) -> None:
        spelled = _spell(phrase)
        if not spelled:
            return
        folded = _plain(spelled).split(" ")
        entry = _Entry(folded, spelled.split(" "), Found(phrase, len(folded), values))
        self._by_first_word.setdefault(folded[0], []).append(entry)
        self._second_words.setdefault(folded[0], set()).add(folded[1] if len(folded) > 1 else "")

    def find(self, text: str) -> list[Found[T]]:
        """Return the phrases in `text` from left to right; of overlapping ones the longest.

        Two phrases that fold to the same words are both found, unless accents tell them apart.
        """
        return [found for _, found in self.placed(text)]

    def placed(self, text: str) -> list[tuple[int, Found[T]]]:
        """Return what `find` does, each with the number of its first word in the text."""
        folded = fold(text).split(" ")
        found: list[tuple[int, Found[T]]] = []
        starts = self._starts(folded)
        if not starts:
            return found
        accented = _spell(text).split(" ")
        free = 0  # the first word after what was found
        for here in starts:
            if here >= free and (hits := list(self._at(here, folded, accented))):
                found += [(here, hit) for hit in hits]
                free = here + hits[0].size
        return found

    def _starts(self, folded: list[str]) -> list[int]:
        """Return the places at which a phrase can begin, by its first two words: they are few."""
        seconds = self._second_words
        firsts = [here for here, word in enumerate(folded) if word in seconds]
        if not firsts:
            return firsts
        following = [*folded[1:], ""]
        return [
            here
            for here in firsts
            if following[here] in (fitting := seconds[folded[here]]) or "" in fitting
        ]

    def _at(self, here: int, folded: list[str], accented: list[str]) -> Iterator[Found[T]]:
        size = 0
        for entry in self._by_first_word.get(folded[here], ()):
            if len(entry.folded) < size:
                return
            end = here + len(entry.folded)
            if folded[here:end] != entry.folded:
                continue
            if not self._accents or _reads(accented[here:end], entry.spelled):
                size = len(entry.folded)
                yield entry.found


def _reads(typed: list[str], meant: list[str]) -> bool:
    if len(meant) == 1 and typed[0].isascii():
        return meant[0].isascii()
    return all(
        word.isascii() or word == other or _accents(word) == _accents(other)
        for word, other in zip(typed, meant, strict=True)
    )


def _accents(word: str) -> list[str]:
    """Return the marks of a spelled word in sorted order, so that "hoà" and "hòa" agree."""
    return sorted(letter for letter in word if letter == "đ" or "\u0300" <= letter <= "\u036f")


def legible(text: str) -> bool:
    """Say whether there is a letter or a digit in a text that somebody can see."""
    return any(each.isalnum() for each in _INVISIBLE.sub("", text))
