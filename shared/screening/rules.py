"""The word lists of screening as data, loaded and checked; every refusal names its line."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from unicodedata import normalize

from pydantic import Field, ValidationError

from shared import rulefile
from shared.regulation_model import Identifier, Many, Part, Text, Word, Words
from shared.rulefile import RuleFile
from shared.screening.disguise import BREAK, LONGEST, REACH, clean, plain_words, undisguise
from shared.text import Found, Phrases, fold

Place = tuple[str | int, ...]

# what folds to this is a syllable without its accents, and mostly an ordinary word ("lon", "cac")
_SYLLABLE = re.compile(
    r"(?:ngh?|gh?|gi|qu|nh|tr|[ckpt]h?|[bdhlmnrsvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?"
)


class Kind(StrEnum):
    """What a finding is about. Only abuse holds a report; the others flag it for a person."""

    ABUSE = "abuse"
    COMPLAINT = "complaint"  # khiếu nại: against a decision that affects the sender
    DENUNCIATION = "denunciation"  # tố cáo: of an official's breach of the law
    PERSONAL_DATA = "personal_data"
    LICENCE_PLATE = "licence_plate"


WORD_KINDS = (Kind.ABUSE, Kind.COMPLAINT, Kind.DENUNCIATION)


class Group(Part):
    """Words that mean the same to the Office.

    Attributes:
        formal: Whether the words make a formal complaint or denunciation, more than a mention.
        source: Where the words come from and why they are here.
        words: Words and phrases that count only with every accent.
        phrases: Of two words or more, which count without accents as well.
    """

    id: Identifier
    kind: Word[Kind]
    name: Words
    formal: bool = False
    source: Text
    words: Many[Text] = ()
    phrases: Many[Text] = ()


class Allowed(Part):
    """Phrases that mean no harm, though words of a group may stand in them."""

    id: Identifier
    source: Text
    phrases: Many[Text] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase of the lists in its natural spelling; allowed ones have no group."""

    phrase: str
    group: Group | None
    exact: bool  # every accent must be there


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: in its natural spelling, from which word on, and in how many."""

    phrase: str
    group: Group
    at: int
    size: int


class Matcher(Phrases[Entry]):
    """Phrases that know where they were found, and some of which want all their accents.

    Of phrases at one place the longest counts, so an allowed one covers the words inside it;
    among equals an allowed one wins.
    """

    def __init__(self, phrases: Iterable[tuple[str, Entry]]) -> None:
        super().__init__(phrases, accents=True)

    def hits(self, words: Sequence[str]) -> Iterator[Hit]:
        """Yield what is found in cleaned words from left to right, without what is allowed."""
        keys = [_keys(word[: LONGEST + 1]) for word in words]
        folded = [key[0] for key in keys]
        starts = self._starts(folded)
        if not starts:
            return
        accented = [key[1] for key in keys]
        free = 0  # the first word after what was found
        for here in starts:
            found = self._entry_at(here, folded, accented) if here >= free else None
            if found is None:
                continue
            free = here + found.size
            if group := found.values[0].group:
                yield Hit(found.values[0].phrase, group, here, found.size)

    def _entry_at(self, here: int, folded: list[str], accented: list[str]) -> Found[Entry] | None:
        fitting = [
            found
            for found in self._at(here, folded, accented)
            if found.size == 1  # a single word has its accents, `Phrases` sees to that
            or not found.values[0].exact
            or _bare(accented[here : here + found.size]) == _bare(found.phrase.split())
        ]
        allowed = (found for found in fitting if found.values[0].group is None)
        return next(allowed, fitting[0] if fitting else None)


@lru_cache(maxsize=1 << 14)  # Vietnamese has some 7,000 syllables; folding one anew takes 5 µs
def _keys(word: str) -> tuple[str, str]:
    """Return a word folded, and as `Phrases` spells it: accents apart from their letters."""
    return fold(word), normalize("NFKD", word.lower()).replace("ð", "đ").replace("ɖ", "đ")


def _bare(spelled: Iterable[str]) -> int:
    """Return how many words carry no accent; equal for two readings of a phrase that agree."""
    return sum(map(str.isascii, spelled))


class ScreeningRules(Part):
    """The lists, checked: what holds or flags a report, and what is allowed."""

    id: Identifier
    version: Text
    source: Text
    groups: Many[Group] = Field(min_length=1)
    allowed: Many[Allowed] = ()

    def __hash__(self) -> int:
        """Hash by name, so that what is compiled from the rules can be kept beside them."""
        return hash((self.id, self.version))

    @cached_property
    def matcher(self) -> Matcher:
        """The lists, compiled."""
        return Matcher(_pairs(self))


def _pairs(rules: ScreeningRules) -> Iterable[tuple[str, Entry]]:
    """Return what to look for, with what else it may look like.

    Run together ("địtmẹ") a phrase is one word with all its accents; an allowed one may hold a
    sign that parts words ("d'ran").
    """
    pairs: dict[str, Entry] = {}
    for entry in _entries(rules).values():
        spelled = _spelled(entry.phrase)
        joined = spelled.replace(" ", "")
        if entry.group is None:
            pairs[" ".join(plain_words(clean(entry.phrase)))] = entry
        elif joined != spelled and not joined.isascii():
            pairs.setdefault(joined, replace(entry, exact=True))
        pairs[spelled] = entry
    return pairs.items()


def _spelled(phrase: str) -> str:
    return " ".join(undisguise(word) for word in clean(phrase).split()).lower()


def _entries(rules: ScreeningRules) -> dict[Place, Entry]:
    """Return every phrase of the lists by its place in the file."""
    entries: dict[Place, Entry] = {}
    for index, group in enumerate(rules.groups):
        for place, phrase in enumerate(group.words):
            entries["groups", index, "words", place] = Entry(phrase, group, exact=True)
        for place, phrase in enumerate(group.phrases):
            entries["groups", index, "phrases", place] = Entry(phrase, group, exact=False)
    for index, allowed in enumerate(rules.allowed):
        for place, phrase in enumerate(allowed.phrases):
            entries["allowed", index, "phrases", place] = Entry(phrase, None, exact=False)
    return entries


def load_screening(path: Path) -> ScreeningRules:
    """Read and check a file of word lists.

    Raises:
        RuleFileError: the file is incomplete or a list contradicts itself, at the line that does.
    """
    return read_screening(rulefile.load(path))


def read_screening(file: RuleFile) -> ScreeningRules:
    """Check a parsed file of word lists.

    Raises:
        RuleFileError: the file is incomplete or a list contradicts itself, at the line that does.
    """
    try:
        rules = ScreeningRules.model_validate(file.content)
    except ValidationError as failure:
        raise file.invalid(failure) from failure
    _check_groups(rules, file)
    _check_entries(rules, file)
    return rules


def _check_groups(rules: ScreeningRules, file: RuleFile) -> None:
    seen: set[str] = set()
    for index, group in enumerate(rules.groups):
        here: Place = ("groups", index)
        if group.id in seen:
            raise file.error(f"the group {group.id!r} stands twice", *here, "id")
        seen.add(group.id)
        if group.kind not in WORD_KINDS:
            raise file.error(f"no words make a {group.kind.value!r}", *here, "kind")
        if not (group.words or group.phrases):
            raise file.error(f"the group {group.id!r} holds no words", *here, "id")


def _check_entries(rules: ScreeningRules, file: RuleFile) -> None:
    entries = _entries(rules)
    seen: set[str] = set()
    starts: dict[str, str] = {}  # by what its beginning is compared with
    for place, entry in entries.items():
        if mistake := _mistake(entry):
            raise file.error(f"{entry.phrase!r} {mistake}", *place)
        spelled = _spelled(entry.phrase)
        if spelled in seen:
            raise file.error(f"{entry.phrase!r} stands twice", *place)
        seen.add(spelled)
        if entry.group:
            starts[spelled if entry.exact else fold(spelled)] = entry.phrase
    for place, entry in entries.items():
        # where it has not all its accents it would cover the shorter phrase for nothing
        if entry.exact and (shorter := _beginning(_spelled(entry.phrase), starts)):
            raise file.error(f"{entry.phrase!r} begins with {shorter!r}, which is enough", *place)


def _beginning(spelled: str, starts: Mapping[str, str]) -> str | None:
    """Return the phrase that a longer one begins with, if there is one."""
    for form in (spelled.split(), fold(spelled).split()):
        for end in range(1, len(form)):
            if shorter := starts.get(" ".join(form[:end])):
                return shorter
    return None


def _mistake(entry: Entry) -> str | None:
    """Say what is wrong with a phrase by itself."""
    folded = fold(_spelled(entry.phrase)).split()
    single = len(folded) == 1 and entry.group
    bare = single and entry.phrase.isascii() and _SYLLABLE.fullmatch(folded[0])
    mistakes = (
        (not folded, "has no words"),
        (len(folded) > REACH, f"is longer than {REACH} words"),
        (BREAK in folded, f"holds {BREAK!r}, which stands for the end of a sentence"),
        (len("".join(folded)) > LONGEST, f"is longer than {LONGEST} letters"),
        (single and not entry.exact, "is one syllable, which decides nothing without its accents"),
        (bare, "is a syllable without accents, which decides nothing"),
    )
    return next((mistake for wrong, mistake in mistakes if wrong), None)
