"""What is written behind a disguise: invisible and stray marks, dots, stars and stretched letters.

Two steps. `clean` undoes what no honest writer sees: one text comes out, whatever invisible marks
and whichever normal form it came with. `second_readings` has what is left to guess ("đ.ị.t",
"đ ị t", "địtttt"); it is read beside the plain words, so that a wrong guess can hide nothing.
"""

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from shared.text import fold

STAR = "\u0295"  # stands for the stars in "đ*t": a letter, because a star would part the word
BREAK = "0"  # between words that do not follow each other; no phrase of a rule file holds it
LONGEST = 64  # letters; no word of a phrase has more
REACH = 6  # words of the longest phrase, so also the context on either side of a second reading

_TONES = "\u0300-\u0303\u0306\u0309\u031b\u0323"  # what Vietnamese letters carry
# invisible (Default_Ignorable_Code_Point), or laid over letters that are meant to be read without
_STRAY = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"
    "\u0483-\u0489\u20d0-\u20f0\u3099\u309a\uff9e\uff9f"
    "\u0304\u0305\u0307\u0308\u030a-\u031a\u031c-\u0322\u0324-\u036f]"
)
_TONE_RUN = re.compile(rf"[{_TONES}]{{3,}}|([{_TONES}])\1")  # two different ones are a letter's
# normalising takes the square of a run of marks, 7 s for 100,000; no word carries so many
_LONG_RUN = re.compile(r"([^\w\s\x00-\x7f“”‘’–—•]{64})[^\w\s\x00-\x7f“”‘’–—•]+")

_VOWELS = "aăâeêioôơuưy"
_VIETNAMESE = {
    normalize("NFC", vowel + tone)
    for vowel in _VOWELS
    for tone in ["", *"\u0300\u0301\u0303\u0309\u0323"]
}
# what a Vietnamese keyboard gives; a text of nothing else is clean as it stands
_CLEAN = re.compile(f"[\\x00-\\x7fđĐ{''.join(_VIETNAMESE)}{''.join(_VIETNAMESE).upper()}“”‘’–—•]*+")

_LETTER = r"[^\W\d_]"
_ACCENTED = "\u00e0-\u00ff\u0103\u0129\u0169\u01a1\u01b0\u1ea0-\u1ef9"
_WORD = rf"[^\W_](?:[^\W_]|[{_TONES}])*+"
_WORDS = re.compile(_WORD)
_LOOSE_TONE = re.compile(f"[{_TONES}]")
_COMPOSED_WORDS = re.compile(r"[^\W_]+")  # the same without loose tones, in a third of the time
_STOP = r"(?:[.,;:!?()…\n]|\s[-–]\s)+"  # "vứt đồ, chó tha" insults nobody
_STOPS = re.compile(_STOP)
_PLAIN = re.compile(f"{_WORD}|(?P<stop>{_STOP})")
_FOREIGN = re.compile("[\u0370-\u052f]")  # Greek and Cyrillic
_LATIN = re.compile("[A-Za-zĐđ]")
_TWINS = str.maketrans(  # the look-alikes that shared.text knows, asked for one by one
    {
        letter: twin
        for letter in map(chr, range(0x370, 0x530))
        if letter.isalpha() and (twin := fold(f"a{letter}a")[1:-1]).isascii()
    }
)

_INSIDE = r"(?:[.\-_·•'’~^+|]{1,2}|\*{1,3})"  # not "/": "15.000 đ/m" is a price
# "đ ị t", "đ. ị. t": at least three single letters, parted alike ("đ.m ở đây" is two words), and
# no list with commas
_SPACED = (
    rf"\b{_LETTER}\b(?:(?: {{1,3}}{_LETTER}\b){{2,}}+"
    rf"|(?P<sign>(?:[^\w\n,;/*]|_){{1,3}}){_LETTER}\b(?:(?P=sign){_LETTER}\b)++)"
)
# "đ.m", "đị.t", "đ*t"; not behind a number, where đ and m are units
_DOTTED = rf"(?<![^\W_])(?<![0-9] ){_LETTER}++(?:{_INSIDE}{_LETTER}++)++"
_SIGN = r"[^\w\n,;/*]"
_DISGUISE = re.compile(rf"[.\-_·•'’~^+|*]{_LETTER}|{_SIGN}{_LETTER}{_SIGN}{{1,3}}{_LETTER}\b")
_PIECES = re.compile(f"{_SPACED}|{_DOTTED}|{_WORD}|(?P<stop>{_STOP})")
# no Vietnamese word has a letter three times, or twice once an accented vowel has been
_STRETCHED = re.compile(
    rf"({_LETTER})\1(?:\1|(?<=[đ{_ACCENTED}])|(?<=[{_ACCENTED}]..))\1*+", re.IGNORECASE
)
_STARS = re.compile(r"\*+")
_CHUNK = re.compile(r"\S+")
_BETWEEN = re.compile(r"[\W_]+")
_PARTED = 3  # single letters that stand apart: so many are one word


class Piece(NamedTuple):
    """A word as it may be read, and where it stands in the cleaned text."""

    word: str
    start: int
    end: int
    disguised: bool = False


def clean(text: str) -> str:
    """Return `text` composed, without invisible and stray marks, look-alike letters as Latin ones.

    Capitals, signs and spaces stay. Every normal form of a text, with any invisible marks
    strewn in, is cleaned to the same.
    """
    if _CLEAN.fullmatch(text):
        return text
    text = _LONG_RUN.sub(r"\1", _bare(text))
    composed = normalize("NFC", text)
    if _CLEAN.fullmatch(composed):
        return composed
    text = _bare(normalize("NFKD", text))
    if _FOREIGN.search(text):
        text = _WORDS.sub(_latin_if_mixed, text)
    return normalize("NFC", text)


def _bare(text: str) -> str:
    return _TONE_RUN.sub(lambda run: "".join(dict.fromkeys(run[0])), _STRAY.sub("", text))


def _latin_if_mixed(word: re.Match[str]) -> str:
    return word[0].translate(_TWINS) if _LATIN.search(word[0]) else word[0]


class Original:
    """Where parts of a cleaned text stand in the text as it was sent."""

    def __init__(self, text: str, cleaned: str) -> None:
        self._same = text == cleaned
        self._starts: list[int] = []  # of the chunks between spaces, in the cleaned text
        self._chunks: list[tuple[int, int, bool]] = []  # in the text; true: unchanged by cleaning
        if not self._same:
            self._align(text)

    def _align(self, text: str) -> None:
        here = last = 0  # a space stays one space, so only the chunks change their length
        for chunk in _CHUNK.finditer(text):
            here += chunk.start() - last
            last = chunk.end()
            cleaned = clean(chunk[0])
            self._starts.append(here)
            self._chunks.append((chunk.start(), last, cleaned == chunk[0]))
            here += len(cleaned)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place of a part of the cleaned text; of a disguised word the whole chunk."""
        if self._same:
            return start, end
        first, last = bisect_right(self._starts, start) - 1, bisect_left(self._starts, end) - 1
        begin, stop = self._chunks[first][0], self._chunks[last][1]
        if self._chunks[first][2]:
            begin += start - self._starts[first]
        if self._chunks[last][2]:
            stop = self._chunks[last][0] + end - self._starts[last]
        return begin, stop


def plain_words(cleaned: str) -> list[str]:
    """Return the words of a cleaned text, with a `BREAK` where a sentence or a part of it ends."""
    loose = not _CLEAN.fullmatch(cleaned) and _LOOSE_TONE.search(cleaned)
    words = _WORDS if loose else _COMPOSED_WORDS
    return words.findall(_STOPS.sub(f" {BREAK} ", cleaned))


def plain_spans(cleaned: str) -> list[tuple[int, int]]:
    """Return where each word of `plain_words` stands."""
    return [word.span() for word in _PLAIN.finditer(cleaned)]


def second_readings(cleaned: str) -> list[Piece]:
    """Return the words that read differently without their disguise, among their neighbours."""
    read: list[Piece] = []
    if not (_DISGUISE.search(cleaned) or _STRETCHED.search(cleaned)):
        return read
    found = [_piece(word, undisguise(word[0])) for word in _PIECES.finditer(cleaned)]
    done = 0
    for here, piece in enumerate(found):
        if piece.disguised:
            start = max(done, here - REACH)
            if start > done:
                read.append(Piece(BREAK, piece.start, piece.start))
            done = max(done, here + REACH + 1)
            read += found[start:done]
    return read


def _piece(word: re.Match[str], reading: str) -> Piece:
    start, end = word.span()
    if word["stop"]:
        return Piece(BREAK, start, end)
    return Piece(reading, start, end, disguised=reading != word[0])


def undisguise(word: str) -> str:
    """Return a cleaned word without its dots and dashes, stars as one sign, unstretched."""
    # a cache of words that come again; it must not fill up with somebody's endless ones
    return _undisguise(word) if len(word) <= LONGEST else _undisguise.__wrapped__(word)


@lru_cache(maxsize=1 << 14)
def _undisguise(word: str) -> str:
    if not word.isalnum():
        letters = _BETWEEN.split(word)
        if max(map(len, letters)) > 1 or len(letters) < _PARTED:
            letters = _BETWEEN.split(_STARS.sub(STAR, word))  # "đ*t" hides, "đ*ị*t" only parts
        word = "".join(letters)
    return _STRETCHED.sub(r"\1", word)
