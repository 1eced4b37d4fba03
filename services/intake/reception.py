"""The reception of a report, step by step: check, keep the evidence, make durable, answer.

A 2xx is answered when media and case are durable, and not before. What a lost race or a crash
leaves behind without a case is an orphan: it is removed here when we are still alive.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.archive import Archive, Item
from services.intake.asked import KeyReusedError
from services.intake.domain.complaints import NOT_YOUR_CHANNEL, Complaint, complaints
from services.intake.domain.naming import by_ids
from services.intake.domain.receive import Arrival, receive
from services.intake.domain.report import Position, ReporterIn, ReportIn, position_of
from services.intake.domain.rules import Rules
from services.intake.marks import marks_of
from services.intake.searching import searchable
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from services.intake.submission import Submission
from shared import failpoints
from shared.budget import ANSWER_S, answered_within
from shared.errors import CivicError, DuplicateError, OutageError
from shared.identity import Reporter, TrackingTokens, Vault, fingerprint, new_code
from shared.outbox import TailPublisher
from shared.screening import ScreeningRules, screen
from shared.telemetry import REPORTS
from shared.vocabulary import Anonymity, CaseCode, Channel, ReporterId, UnitId

_ACCEPTED = REPORTS.labels("accepted")  # found once, not with each report


class RulesBrokenError(CivicError):
    """The report breaks rules; nothing of it is stored."""

    def __init__(self, complaints_: Sequence[Complaint]) -> None:
        super().__init__(", ".join(each.code for each in complaints_))
        self.complaints = complaints_


@dataclass(frozen=True)
class Answer:
    """What the reporter is told; `replayed` when this very report had arrived before."""

    body: Mapping[str, Any]
    replayed: bool


@dataclass(frozen=True)
class Entered:
    """Who enters a report for somebody else: an operator's account, or a machine's key.

    Attributes:
        actor: Kept with the case, and said in its first event.
        unit: The operator's.
        model: What may be sent this way.
        allowed: The channels that this one may name.
    """

    actor: str
    unit: UnitId | None
    model: type[ReportIn]
    allowed: frozenset[Channel]


@dataclass(frozen=True)
class Desks:
    """Where the parts of a report are kept."""

    store: CaseStore
    publisher: TailPublisher
    vault: Vault
    archive: Archive
    tokens: TrackingTokens


class Reception:
    """Takes reports in, screened for words that a person has to look at first."""

    def __init__(
        self,
        desks: Desks,
        shelf: Shelf,
        screening: ScreeningRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._desks = desks
        self._screening = screening
        self._shelf = shelf
        self._clock = clock

    async def take(
        self,
        report: ReportIn,
        submission: Submission,
        key: str | None,
        entered: Entered | None = None,
    ) -> Answer:
        """Take a report in, or answer as before when its key is known.

        Raises:
            RulesBrokenError: it breaks rules.
            SubmissionRefused: a file is not evidence.
            KeyReusedError: the key stands for another report.
            OutageError: it is not known to be stored; with a key, sending it again is safe.
        """
        # Files take as long as they take to decode and to keep; each step of the database, and the
        # bucket's sign of life, has its own bound then.
        async with answered_within(None if submission.media else ANSWER_S, "MongoDB"):
            return await self._take(report, submission, key, entered)

    async def _take(
        self, report: ReportIn, submission: Submission, key: str | None, entered: Entered | None
    ) -> Answer:
        received_at = self._clock().replace(microsecond=0)  # limits are kept to the second
        identity = _identity(report, submission, key, entered)
        # without media the insert finds a twin; with media, look before decoding them
        if identity and submission.media and (known := await self._known(identity)):
            return known
        rules = self._shelf.now(received_at)
        report = by_ids(report, rules.regulation)
        broken = complaints(
            report,
            rules.regulation,
            media_count=len(submission.media),
            can_attach=submission.can_attach,
        )
        if entered and report.channel not in entered.allowed:
            broken = [*broken, NOT_YOUR_CHANNEL]
        if broken:
            # what was taken under an older edition has its answer, whatever the rules say now
            if identity and (known := await self._known(identity)):
                return known
            REPORTS.labels("refused").inc()
            raise RulesBrokenError(broken)
        return await self._open(
            report, submission, received_at, identity=identity, rules=rules, entered=entered
        )

    async def _open(
        self,
        report: ReportIn,
        submission: Submission,
        received_at: datetime,
        *,
        identity: Mapping[str, str],
        rules: Rules,
        entered: Entered | None,
    ) -> Answer:
        """Keep evidence and reporter, then store the case: the one write that makes it true."""
        code = new_code(rules.regulation.code_prefix)
        items, reporter = await self._keep(report, submission, code, received_at)
        position = position_of(report, [item.position for item in items])
        kinds = [item.evidence.kind for item in items]
        found = screen(report.text, self._screening)
        receipt = receive(
            report,
            Arrival(
                code,
                received_at,
                kinds,
                position,
                reporter,
                **_by(entered),
            ),
            rules,
            found,
        )
        content = {
            **_content(report, items, position, code),
            "flagged": marks_of(found),
            "terms": _terms(report, received_at, rules),
            **({"entered": _by(entered)} if entered else {}),
        }
        try:
            async with answered_within(_step_s(submission), "MongoDB"):
                tail = await self._desks.store.open_case(
                    receipt.case,
                    receipt.facts,
                    content=content,
                    receipt=receipt.answer,
                    idempotency=identity,
                )
        except DuplicateError as error:
            return await self._after_twin(code, reporter, items, identity=identity, error=error)
        self._desks.publisher.soon(tail)
        _ACCEPTED.inc()
        return Answer(self._answer(receipt.answer, code), replayed=False)

    async def _keep(
        self,
        report: ReportIn,
        submission: Submission,
        code: CaseCode,
        received_at: datetime,
    ) -> tuple[Sequence[Item], ReporterId | None]:
        """Keep what must be durable before the case: its evidence, and who sent it."""
        items = await self._desks.archive.inspect(submission.media, report.media)
        sealing = self._seal(report.reporter, received_at, code, _step_s(submission))
        if not items:  # two tasks less for most reports
            return items, await sealing
        reporter, _ = await asyncio.gather(sealing, self._desks.archive.keep(code, items))
        failpoints.reached(failpoints.AFTER_OBJECT_PUT)
        return items, reporter

    async def _after_twin(
        self,
        code: CaseCode,
        reporter: ReporterId | None,
        items: Sequence[Item],
        *,
        identity: Mapping[str, str],
        error: DuplicateError,
    ) -> Answer:
        """A twin of this report was faster: remove what we kept, answer what it was answered."""
        if error.key == "_id":  # one in 27 thousand million: the client tries again
            raise OutageError("the case code is taken") from error
        await self._desks.archive.discard(code, items)
        if reporter:
            await self._desks.vault.erase(reporter)
        known = await self._known(identity)
        if known is None:
            raise OutageError("a twin was stored and cannot be read") from error
        return known

    async def _known(self, identity: Mapping[str, str]) -> Answer | None:
        async with answered_within(ANSWER_S, "MongoDB"):
            stored = await self._desks.store.find_by_key(identity["key"])
        if stored is None:
            return None
        if stored.idempotency["body"] != identity["body"]:
            REPORTS.labels("key_reused").inc()
            raise KeyReusedError("the key stands for another report")
        REPORTS.labels("replayed").inc()
        return Answer(self._answer(stored.receipt, stored.case.code), replayed=True)

    async def _seal(
        self, person: ReporterIn, at: datetime, code: CaseCode, step_s: float | None
    ) -> ReporterId | None:
        # who asks to be anonymous is promised that nothing of them is kept
        if person.anonymity is Anonymity.ANONYMOUS or not person.identified:
            return None
        reporter = Reporter(
            name=person.name, phone=person.phone, email=person.email, language=person.language
        )
        async with answered_within(step_s, "MongoDB"):
            return await self._desks.vault.store(reporter, at, code)

    def _answer(self, receipt: Mapping[str, Any], code: CaseCode) -> dict[str, Any]:
        """Add what is derived and never stored: the tracking token and the links."""
        base = f"/api/v1/reports/{code}"
        links = {"self": base, "events": f"{base}/events", "page": f"/r/{code}"}
        return {**receipt, "tracking_token": self._desks.tokens.issue(code), "links": links}


def _step_s(submission: Submission) -> float | None:
    """Return the bound of one step; without media `take` bounds all steps together."""
    return ANSWER_S if submission.media else None


def _by(entered: Entered | None) -> dict[str, Any]:
    """Return who entered a report, when that was not its reporter."""
    return {"actor": entered.actor, "by": entered.unit} if entered else {}


def _identity(
    report: ReportIn, submission: Submission, key: str | None, entered: Entered | None
) -> dict[str, str]:
    """Return the hashes under which a report is known again: of its key, and of what it says.

    The key is a secret, since it shows the tracking token again; only its hash is stored. A number
    of the sender's own goes before it: no key has a blank, so the two never meet. The body is the
    JSON's bytes and the media's hashes in order, as a multipart boundary is new each time.
    """
    if (named := f"incident {report.reference}" if report.reference else key) is None:
        return {}
    whole = f"{entered.actor}:{named}" if entered else named
    return {"key": fingerprint(whole), "body": submission.fingerprint}


def _content(
    report: ReportIn, items: Sequence[Item], position: Position | None, code: CaseCode
) -> dict[str, Any]:
    location = report.location
    return {
        "text": report.text,
        "folded": searchable(report.text, location.address if location else None),
        "sub_category": report.sub_category,
        "location": {
            "lat": position.lat if position else None,
            "lon": position.lon if position else None,
            "source": position.source if position else None,
            "accuracy_m": location.accuracy_m if location else None,
            "address": location.address if location else None,
            "area": report.area,
        },
        "captured_at": report.captured_at or _first_capture(items),
        "media": [item.record(code) for item in items],
    }


def _terms(report: ReportIn, at: datetime, rules: Rules) -> dict[str, Any]:
    """Record the acceptance, with the version of the terms and the time."""
    version = report.terms.version or rules.regulation.terms.version
    return {"version": version, "accepted_at": at}


def _first_capture(items: Sequence[Item]) -> datetime | None:
    return next((item.captured_at for item in items if item.captured_at), None)
