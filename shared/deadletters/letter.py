"""A dead letter as a person reads it. Pure: bytes and headers in, what they say out."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.messaging import REASON_HEADER, REPLAYED_HEADER

UNKNOWN = "-"


@dataclass(frozen=True)
class Letter:
    """One message of a dead-letter queue.

    Attributes:
        queue: The queue in which it failed, without `.dead`.
        id: The event's id; for a message without one, a digest of its bytes.
        type: The event's type, `-` when the bytes do not say.
        subject: The case code, `-` when the bytes do not say.
        sequence: Its number among the events of its entity; 0 when the bytes do not say.
        reason: Why it was buried.
        replayed: How often a person has sent it back already.
        body: As it came.
        headers: As they came.
    """

    queue: str
    id: str
    type: str
    subject: str
    sequence: int
    reason: str
    replayed: int
    body: bytes = field(repr=False)
    headers: Mapping[str, Any] = field(repr=False)


def read_letter(
    queue: str, message_id: str | None, body: bytes, headers: Mapping[str, Any]
) -> Letter:
    """Read a dead letter, whatever its bytes are."""
    envelope = _envelope(body)
    replayed, sequence = headers.get(REPLAYED_HEADER), envelope.get("sequence")
    return Letter(
        queue=queue,
        id=message_id or _text(envelope.get("id")) or f"body-{_digest(body)[:16]}",
        type=_text(envelope.get("type")) or UNKNOWN,
        subject=_text(envelope.get("subject")) or UNKNOWN,
        sequence=sequence if isinstance(sequence, int) else 0,
        reason=_reason(headers),
        replayed=replayed if isinstance(replayed, int) else 0,
        body=body,
        headers=headers,
    )


def chosen(letters: Sequence[Letter], ids: Iterable[str] | None) -> list[Letter]:
    """Return the letters to act on, oldest event of a case first; None stands for all.

    Naming an event names the elder dead events of its case in that queue with it, so that a
    replay never puts a younger event before an elder one.
    """
    wanted = None if ids is None else set(ids)
    newest: dict[tuple[str, str], int] = {}
    for letter in letters:
        if letter.sequence and (wanted is None or letter.id in wanted):
            key = _thread(letter)
            newest[key] = max(newest.get(key, 0), letter.sequence)
    found = [
        letter
        for letter in letters
        if wanted is None
        or letter.id in wanted
        or 0 < letter.sequence <= newest.get(_thread(letter), 0)
    ]
    return sorted(found, key=_order)


def named(letters: Sequence[Letter], ids: Iterable[str] | None) -> list[Letter]:
    """Return exactly the letters with these ids; None stands for all."""
    wanted = None if ids is None else set(ids)
    return [letter for letter in letters if wanted is None or letter.id in wanted]


def replay_headers(letter: Letter) -> dict[str, Any]:
    """Return the headers of a letter that is sent back: its attempts begin anew."""
    return {REPLAYED_HEADER: letter.replayed + 1}


def row(letter: Letter) -> tuple[str, ...]:
    """Return what a list shows of a letter: no content."""
    return (letter.queue, letter.id, letter.type, letter.subject, letter.reason)


def full(letter: Letter) -> dict[str, Any]:
    """Return all of a letter as JSON can hold it; bytes that are no JSON are escaped."""
    try:
        body: Any = orjson.loads(letter.body)
    except ValueError:
        body = letter.body.decode("utf-8", "backslashreplace")
    return {
        "queue": letter.queue,
        "id": letter.id,
        "type": letter.type,
        "subject": letter.subject,
        "sequence": letter.sequence,
        "reason": letter.reason,
        "replayed": letter.replayed,
        "sha256": _digest(letter.body),
        "headers": letter.headers,
        "body": body,
    }


def record(letter: Letter) -> dict[str, Any]:
    """Return what is noted of a letter that is dropped: enough to say later what it was."""
    return {
        "queue": letter.queue,
        "event_id": letter.id,
        "type": letter.type,
        "case": letter.subject,
        "reason": letter.reason,
        "sha256": _digest(letter.body),
        "size_bytes": len(letter.body),
    }


def _thread(letter: Letter) -> tuple[str, str]:
    # case.assigned and deadline.set of one case are numbered apart, by their writers
    return letter.subject, letter.type.partition(".")[0]


def _order(letter: Letter) -> tuple[str, str, int]:
    return (*_thread(letter), letter.sequence)


def _reason(headers: Mapping[str, Any]) -> str:
    """Return our own reason; else the broker's, for a message that killed its consumers."""
    if reason := _text(headers.get(REASON_HEADER)):
        return reason
    deaths = headers.get("x-death")
    if isinstance(deaths, list) and deaths and isinstance(deaths[0], Mapping):
        return f"the broker: {_text(deaths[0].get('reason')) or 'unknown'}"
    return "unknown"


def _envelope(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
