"""The rules of the audit's chain: what an entry is, what it hashes to, what may follow it. Pure.

The hash of an entry is the SHA-256, in lower-case hex, over canonical JSON (RFC 8785: keys sorted,
no white space, UTF-8) of all its other fields: `actor`, `at` (UTC with milliseconds, as in
`2026-01-12T01:00:00.000+00:00`), `detail`, `kind`, `number`, `previous`, `purpose`, `role`,
`subject`, `unit`. `previous` is the hash of the entry before, 64 zeros before the first. So one
hash vouches for everything up to its entry, and anybody can compute it again without this code.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol, Self

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)

from shared.errors import CivicError
from shared.vocabulary import Role, UnitId

SAFE_INTEGER = 2**53 - 1  # what JSON carries everywhere without loss (RFC 8785, 3.2.2.3)

Integer = Annotated[int, Field(ge=-SAFE_INTEGER, le=SAFE_INTEGER)]
Short = Annotated[str, Field(max_length=500)]
Scalar = Short | Integer | bool | None
Values = Annotated[tuple[Scalar, ...], Field(strict=False, max_length=50)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _to_milliseconds(at: datetime) -> datetime:
    """Keep what the database keeps, else an entry would not hash to the same when read back."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


class BrokenChainError(CivicError):
    """The audit is not what was written; `number` is the first entry that is wrong.

    It is whatever stands as the `_id` there: somebody may have put in a document of their own.
    """

    def __init__(self, number: Any, reason: str) -> None:
        super().__init__(f"entry {number!r} {reason}")
        self.number = number
        self.reason = reason


class Acting(Protocol):
    """Who did it: an account with its role and unit, the reporter, or a service of ours."""

    @property
    def account(self) -> str:
        """The account's id, `reporter`, or the service's name; never a person's name."""
        ...

    @property
    def role(self) -> Role | None:
        """None for the reporter and for services."""
        ...

    @property
    def unit(self) -> UnitId | None:
        """The unit that the actor acts for."""
        ...


@dataclass(frozen=True)
class Actor:
    """Somebody who is no account: the reporter, a service, a caller who failed to log in."""

    account: str
    role: Role | None = None
    unit: UnitId | None = None


REPORTER = Actor("reporter")


class Note(BaseModel):
    """What happened, without personal data: a copy of the audit may leave the house.

    Attributes:
        at: UTC, cut to milliseconds.
        actor: Account id, `reporter`, or a service.
        role: Of the account at that time.
        unit: Of the account at that time.
        kind: `<thing>.<fact>`, like `reporter.viewed`.
        subject: The case code, the account, … that it is about.
        purpose: Why, where a purpose had to be stated.
        detail: A few further facts.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    at: Annotated[AwareDatetime, AfterValidator(_to_milliseconds)]
    actor: Annotated[str, Field(min_length=1, max_length=200)]
    role: Short | None
    unit: Short | None
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_.]*$", max_length=80)]
    subject: Annotated[str, Field(max_length=200)]
    purpose: Short
    detail: Annotated[dict[Key, Scalar | Values], Field(max_length=20)]


@dataclass(frozen=True)
class Head:
    """The end of a chain: the number and the hash of its last entry."""

    number: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `number:hash`, as a head is published.

        Raises:
            ValueError: it is not written like that.
        """
        number, _, digest = text.strip().partition(":")
        if not number.isdigit() or len(digest) != len(EMPTY.hash):
            raise ValueError(f"a head is written as number:hash, not {text!r}")
        return cls(int(number), digest.lower())

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


EMPTY = Head(0, "0" * 64)


class Entry(Note):
    """A note in its place in the chain."""

    number: Annotated[int, Field(ge=1, le=SAFE_INTEGER)]
    previous: Digest
    hash: Digest

    @property
    def head(self) -> Head:
        """The head of the chain that ends here."""
        return Head(self.number, self.hash)

    @classmethod
    def after(cls, head: Head, note: Note) -> Self:
        """Return the entry that a note becomes behind `head`."""
        number = head.number + 1
        plain = {name: getattr(note, name) for name in Note.model_fields}
        digest = digest_of(note, number, head.hash)
        return cls(**plain, number=number, previous=head.hash, hash=digest)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a stored entry.

        Raises:
            BrokenChainError: it has a field too many or too few, or one of another type.
        """
        fields = {("number" if name == "_id" else name): each for name, each in document.items()}
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise BrokenChainError(document.get("_id"), f"is no entry: {place}") from error

    def to_json(self) -> dict[str, Any]:
        """Return the fields as they were hashed, and the hash."""
        return {**_hashed(self, self.number, self.previous), "hash": self.hash}

    def to_document(self) -> dict[str, Any]:
        """Return the entry as it is stored, under its number as `_id`."""
        plain = self.model_dump()
        return {"_id": plain.pop("number"), **plain}


def digest_of(note: Note, number: int, previous: str) -> str:
    """Return what the entry `number` with this note, behind `previous`, hashes to."""
    fields = _hashed(note, number, previous)
    return hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _hashed(note: Note, number: int, previous: str) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(note, name) for name in Note.model_fields}
    fields["at"] = note.at.astimezone(UTC).isoformat(timespec="milliseconds")
    return {**fields, "number": number, "previous": previous}


def chained(head: Head, notes: Iterable[Note]) -> list[Entry]:
    """Return the entries that notes become, one behind the other, behind `head`."""
    entries: list[Entry] = []
    for note in notes:
        entries.append(entry := Entry.after(head, note))
        head = entry.head
    return entries


class Proof:
    """Follows a chain entry by entry from its beginning, and stops at the first that is wrong.

    Args:
        published: Heads that were given out of the house, in any order. Without one, an end that
            was cut off, or a chain that was written anew from some entry on, cannot be seen.
    """

    def __init__(self, published: Iterable[Head] = ()) -> None:
        self.head = EMPTY
        self._published = set(published)

    def take(self, entry: Entry) -> None:
        """Follow the chain by one entry.

        Raises:
            BrokenChainError: it does not follow, or is not what was written or published.
        """
        expected = self.head.number + 1
        if entry.number > expected:
            raise BrokenChainError(expected, "is missing")
        if entry.number < expected:
            raise BrokenChainError(entry.number, "stands out of its order")
        if entry.hash != digest_of(entry, entry.number, entry.previous):
            raise BrokenChainError(entry.number, "was changed: its fields have another hash")
        if entry.previous != self.head.hash:
            raise BrokenChainError(entry.number, "does not continue the entry before it")
        self.head = entry.head
        for each in self._published:
            if each.number == entry.number and each.hash != entry.hash:
                raise BrokenChainError(entry.number, f"was published with the hash {each.hash}")

    def end(self) -> Head:
        """Say that this was the last entry, and return the head.

        Raises:
            BrokenChainError: the chain once went further.
        """
        farthest = max((each.number for each in self._published), default=0)
        if farthest > self.head.number:
            raise BrokenChainError(
                self.head.number + 1, f"is missing: the chain was published up to {farthest}"
            )
        return self.head
