"""Compares what the client, the database, the store, the stream and the mailboxes say. Pure.

The counters are those of the matrix: L lost, U unexpected, D doubled, G gaps or reorder at the
operations centre, N notifications missing, X repeated, S stages missed, doubled or early, Q left
in queues and outboxes. Each violation is a sentence with the time at which its report was sent, so
that it can be laid at the door of the fault that was on then.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from services.notify.domain import delivery_id
from tests.chaos.ledger import Attempt

COUNTERS = "LUDGNXSQ"
ENTITIES = ("case", "routing", "deadline")
STAGES = ("approaching", "missed", "escalated")
EARLY_S = 0.001  # the wire keeps microseconds
RECEIPT, ASSIGNED = "case.submitted.v1", "case.assigned.v1"


@dataclass(frozen=True)
class Stored:
    """A case as the database has it; hashes as the service keeps them."""

    code: str
    key: str
    media: tuple[tuple[str, str], ...]  # SHA-256 and object name of every original
    sequence: int
    reporter: str
    due_at: float
    approaching_at: float
    decisions: int = 1
    deadline_sequence: int = 0


@dataclass(frozen=True)
class Seen:
    """An event as a recorder got it; `at` is the time that it says, in Unix seconds."""

    offset: int
    id: str
    type: str = ""
    at: float = 0.0

    @property
    def stream(self) -> tuple[str, str]:
        """Whose order it belongs to: subject and entity."""
        subject, entity, _ = self.id.rsplit(".", 2)
        return subject, entity

    @property
    def sequence(self) -> int:
        return int(self.id.rpartition(".")[2])


@dataclass(frozen=True)
class Mail:
    """A mail as the sink took it."""

    id: str
    to: str


@dataclass(frozen=True)
class Delivery:
    """A row of notify."""

    id: str
    event: str
    recipient: str
    state: str


@dataclass
class Evidence:
    """Everything that is compared.

    Attributes:
        attempts: The client's ledger.
        cases: The database, by code.
        objects: SHA-256 of what the store has, by name.
        recorders: What each reader of the stream got, in the order in which it came.
        deliveries: Notify's rows.
        mails: What the mail sink took.
        refused: Ids of mails that the sink refused for good; nobody can deliver these.
        left: Messages and unpublished events that are left, by place.
        key_hash: How the service hashes a key.
        grace_s: Escalation after the due time.
        until: Stages planned after this had no time to fire.
    """

    attempts: Sequence[Attempt] = ()
    cases: Mapping[str, Stored] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    recorders: Mapping[str, Sequence[Seen]] = field(default_factory=dict)
    deliveries: Sequence[Delivery] = ()
    mails: Sequence[Mail] = ()
    refused: frozenset[str] = frozenset()
    left: Mapping[str, int] = field(default_factory=dict)
    key_hash: Mapping[str, str] = field(default_factory=dict)
    grace_s: float = 0.0
    until: float = float("inf")


@dataclass(frozen=True)
class Violation:
    """One thing that must not be; `at` is when the report was sent, 0 when it belongs to none."""

    counter: str
    words: str
    at: float = 0.0


def check(evidence: Evidence) -> list[Violation]:
    """Return everything that is wrong."""
    found = [
        *_lost(evidence),
        *_unexpected(evidence),
        *_doubled(evidence),
        *_out_of_order(evidence),
        *_not_told(evidence),
        *_told_twice(evidence),
        *_stages(evidence),
    ]
    found += [
        Violation("Q", f"{place} holds {count}") for place, count in evidence.left.items() if count
    ]
    return found


def totals(violations: Iterable[Violation]) -> dict[str, int]:
    """Count violations by counter; every counter is there."""
    counts = Counter(each.counter for each in violations)
    return {counter: counts[counter] for counter in COUNTERS}


def _acknowledged(evidence: Evidence) -> list[Attempt]:
    return [each for each in evidence.attempts if each.acknowledged]


def _lost(evidence: Evidence) -> Iterable[Violation]:
    for attempt in _acknowledged(evidence):
        report, case = attempt.report, evidence.cases.get(attempt.code)
        if case is None:
            yield Violation("L", f"{attempt.code} was acknowledged and is not stored",
                            attempt.sent_at)  # fmt: skip
            continue
        if case.key != evidence.key_hash.get(report.key):
            yield Violation("L", f"{case.code} was acknowledged to another key", attempt.sent_at)
        if tuple(digest for digest, _ in case.media) != report.media:
            yield Violation("L", f"{case.code} names other files than were sent", attempt.sent_at)
        for digest, name in case.media:
            if evidence.objects.get(name) != digest:
                yield Violation("L", f"{name} is missing or altered", attempt.sent_at)


def _unexpected(evidence: Evidence) -> Iterable[Violation]:
    attempted = {evidence.key_hash.get(each.report.key) for each in evidence.attempts}
    for case in evidence.cases.values():
        if case.key not in attempted:
            yield Violation("U", f"{case.code} was never sent")


def _doubled(evidence: Evidence) -> Iterable[Violation]:
    codes: dict[str, set[str]] = defaultdict(set)
    for case in evidence.cases.values():
        codes[case.key].add(case.code)
    sent = {evidence.key_hash.get(each.report.key): each.sent_at for each in evidence.attempts}
    for attempt in _acknowledged(evidence):
        codes[evidence.key_hash[attempt.report.key]].add(attempt.code)
    for key, named in codes.items():
        if len(named) > 1:
            yield Violation("D", f"one key has {', '.join(sorted(named))}", sent.get(key, 0.0))


def _sent(evidence: Evidence) -> dict[str, float]:
    return {each.code: each.sent_at for each in reversed(_acknowledged(evidence))}


def _expected_streams(evidence: Evidence) -> dict[tuple[str, str], int]:
    expected: dict[tuple[str, str], int] = {}
    for case in evidence.cases.values():
        expected[case.code, "case"] = case.sequence
        expected[case.code, "routing"] = case.decisions
        expected[case.code, "deadline"] = case.deadline_sequence
    return expected


def first_occurrences(seen: Iterable[Seen]) -> list[Seen]:
    """Return events without their later copies."""
    known: set[str] = set()
    return [each for each in seen if not (each.id in known or known.add(each.id))]


def _out_of_order(evidence: Evidence) -> Iterable[Violation]:
    """Each recorder hears, of every entity, 1, 2, 3 … up to what the database says."""
    sent, expected = _sent(evidence), _expected_streams(evidence)
    for name, seen in evidence.recorders.items():
        orders: dict[tuple[str, str], list[int]] = defaultdict(list)
        for each in first_occurrences(seen):
            orders[each.stream].append(each.sequence)
        for stream in orders.keys() | expected.keys():
            came = orders.get(stream, [])
            # of an incident, or whatever else is no case, only the order is known here
            last = expected.get(stream, 0) if stream[1] in ENTITIES else max(came)
            wanted = list(range(1, last + 1))
            if came != wanted:
                words = f"{name}: {'.'.join(stream)} came as {came}"
                yield Violation("G", f"{words}, not as {wanted}", sent.get(stream[0], 0.0))
        offsets = [each.offset for each in seen]
        backwards = sum(a >= b for a, b in pairwise(offsets))
        if backwards:
            yield Violation("G", f"{name}: {backwards} offsets do not rise")


def _events(evidence: Evidence) -> list[Seen]:
    """Return what happened, by any recorder: a gap at one of them is not a missing mail too."""
    every = (each for seen in evidence.recorders.values() for each in seen if each.type)
    return first_occurrences(every)


def _not_told(evidence: Evidence) -> Iterable[Violation]:
    sent = _sent(evidence)
    # once: a union for each of 40,000 cases took the check of a long run six minutes
    reached = {each.id for each in evidence.mails} | evidence.refused
    rows: dict[str, list[Delivery]] = defaultdict(list)
    for row in evidence.deliveries:
        rows[row.event].append(row)
    told = {event.id: event.type for event in _events(evidence)}
    for code, at in sent.items():
        if (case := evidence.cases.get(code)) is None:
            continue
        mine = {told.get(f"{code}.case.{n}"): f"{code}.case.{n}" for n in range(1, 4)}
        for kind in (RECEIPT, ASSIGNED):
            event = mine.get(kind)
            identifier = delivery_id(event, "email", f"reporter:{case.reporter}") if event else ""
            if not event or identifier not in reached:
                yield Violation("N", f"the reporter of {code} has no mail of {kind}", at)
    for event, kind in told.items():
        code = event.partition(".")[0]
        if kind.startswith(tuple(f"deadline.{stage}" for stage in STAGES)) and not rows[event]:
            yield Violation("N", f"nobody is told of {event}", sent.get(code, 0.0))
    for row in evidence.deliveries:
        told_of = row.id in reached or row.recipient.startswith("unit:")
        if not told_of or row.state == "pending":
            at = sent.get(row.event.partition(".")[0], 0.0)
            yield Violation("N", f"{row.id} of {row.event} is {row.state}", at)


def _told_twice(evidence: Evidence) -> Iterable[Violation]:
    """The same Message-ID twice is one mail in a mailbox; another id is another mail."""
    owed = {each.id for each in evidence.deliveries}
    for mail in {each.id: each for each in evidence.mails}.values():
        if mail.id not in owed:
            yield Violation("X", f"{mail.id} was sent and nobody owes it")
    rows = Counter((each.event, each.recipient) for each in evidence.deliveries)
    for (event, recipient), count in rows.items():
        if count > 1:
            yield Violation("X", f"{recipient} is told of {event} {count} times")
    reporters: dict[str, set[str]] = defaultdict(set)
    for mail in evidence.mails:
        reporters[mail.to].add(mail.id)
    for attempt in {each.report.key: each for each in _acknowledged(evidence)}.values():
        if len(got := reporters[attempt.report.email]) > 2:
            words = f"{attempt.report.email} got {len(got)} mails of two"
            yield Violation("X", words, attempt.sent_at)


def _stages(evidence: Evidence) -> Iterable[Violation]:
    sent = _sent(evidence)
    fired: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for event in _events(evidence):
        if event.type.startswith("deadline."):
            fired[event.stream[0], event.type.split(".")[1]].append(event)
    short = {each.code for each in _acknowledged(evidence) if each.report.short}
    for case in evidence.cases.values():
        overdue = case.due_at + 1  # "không quá": the last second is on time
        planned = (case.approaching_at, overdue, max(case.due_at + evidence.grace_s, overdue))
        for stage, at in zip(STAGES, planned, strict=True):
            seen = fired[case.code, stage]
            due = case.code in short and at <= evidence.until
            if len(seen) > 1 or (due and not seen):
                words = f"{stage} of {case.code} fired {len(seen)} times"
                yield Violation("S", words, sent.get(case.code, 0.0))
            elif seen and seen[0].at < at - EARLY_S:
                words = f"{stage} of {case.code} fired {at - seen[0].at:.3f} s early"
                yield Violation("S", words, sent.get(case.code, 0.0))


def at_of(time: str) -> float:
    """Return a time of the wire in Unix seconds."""
    return datetime.fromisoformat(time).timestamp()
