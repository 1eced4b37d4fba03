"""What people are told, in their language: templates in vi and en, one file per message.

A template says what happened, what to do next and by when. It knows the code, the state, the times
and the link: mail servers of others read along. Which unit, which category, what was written and
why stand behind the link.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notify.channels.base import Outgoing
from services.notify.domain import EMAIL, Delivery
from services.notify.question import CONFIRM
from shared.calendar import Calendar
from shared.confirmations import ConfirmationTokens
from shared.identity import TrackingTokens
from shared.optouts import OptOutTokens
from shared.promise import WEEKDAYS_EN, WEEKDAYS_VI, promise
from shared.rulebook import Edition, Rulebook
from shared.vocabulary import LEADERS, OFFICE, CaseCode, Clock, Language, ReporterId

TEMPLATES = Path(__file__).parent / "templates"
OPT_OUT = "/api/v1/notifications/opt-out"  # intake's route; a token follows


class Messages:
    """Renders a delivery; a template's first line is the subject, the rest the text.

    Args:
        book: The editions of the regulation: each case is told in the words of its own.
        tokens: Of the reporters' links.
        public_url: Where people reach intake.
    """

    def __init__(
        self,
        book: Rulebook,
        tokens: TrackingTokens,
        public_url: str,
    ) -> None:
        self._book = book
        self._tokens = tokens
        self._optouts = OptOutTokens(tokens.secrets)
        self._confirmations = ConfirmationTokens(tokens.secrets)
        self._public_url = public_url.rstrip("/")
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text, never HTML
            keep_trailing_newline=True,
            auto_reload=False,  # else every mail looks at the file's time
        )

    def render(self, delivery: Delivery) -> tuple[str, str]:
        """Return the subject and the text of a delivery.

        Raises:
            OutageError: the edition of the case is not known here yet.
        """
        name = f"{delivery.template}.{delivery.language.value}.txt"
        text = self._environment.get_template(name).render(self.words(delivery))
        subject, _, body = text.partition("\n")
        return subject.strip(), body.lstrip("\n")

    def outgoing(self, delivery: Delivery, channel: str, address: str) -> Outgoing:
        """Return a delivery as it goes out over a channel, the opt-out in a reporter's mail.

        Raises:
            OutageError: the edition of the case is not known here yet.
        """
        subject, text = self.render(delivery) if channel == EMAIL else ("", "")
        way_out = self._way_out(delivery, channel) if delivery.to_citizen else None
        if text and way_out:
            text += self._footer(delivery, way_out)
        return Outgoing(
            id=delivery.id,
            address=address,
            language=delivery.language,
            subject=subject,
            text=text,
            words=self.short(delivery),
            opt_out=f"{self._public_url}{OPT_OUT}/{way_out}" if way_out else "",
        )

    def short(self, delivery: Delivery) -> dict[str, str]:
        """Return code, status, due time and link; no token: a provider reads along."""
        words = self.words(delivery)
        name = f"_status.{delivery.language.value}.txt"
        status = self._environment.get_template(name).render(words)
        return {
            "code": delivery.code,
            "status": status.strip(),
            "due": words["due"]
            if delivery.facts["running"] and delivery.template != CONFIRM
            else "",
            "link": words["link"].partition("#")[0],
        }

    def line(self, message: Outgoing) -> str:
        """Return a message as one line of text, for an SMS."""
        name = f"_line.{message.language.value}.txt"
        return self._environment.get_template(name).render(**message.words).strip()

    def _way_out(self, delivery: Delivery, channel: str) -> str:
        """Return the token that ends this channel for this person, and can do nothing else."""
        return self._optouts.issue(ReporterId(delivery.recipient.partition(":")[2]), channel)

    def _footer(self, delivery: Delivery, way_out: str) -> str:
        link = f"{self._public_url}/opt-out#{way_out}"
        name = f"_footer.{delivery.language.value}.txt"
        return self._environment.get_template(name).render(link=link)

    def words(self, delivery: Delivery) -> dict[str, Any]:
        """Return all that a template may say; what an event does not know is empty."""
        edition = self._book.of(delivery.facts["regulation"])
        ask = delivery.facts.get("ask")
        return {
            **_words(delivery, edition),
            "confirm_code": self._confirmations.code(ask) if ask else "",
            "confirm_link": self._confirm_link(delivery, ask) if ask else "",
            "link": self._link(delivery),
        }

    def _confirm_link(self, delivery: Delivery, ask: str) -> str:
        reference = ReporterId(delivery.recipient.partition(":")[2])
        return f"{self._public_url}/confirm#{self._confirmations.issue(reference, ask)}"

    def _link(self, delivery: Delivery) -> str:
        """Return the way to the case: an official signs in, a reporter's link opens it.

        The token stands behind the #: a browser sends that part to no server and no log.
        """
        if "onestop" in delivery.facts:
            return self._link_of_counter(delivery)
        if delivery.to_follower:  # as anybody sees it
            return f"{self._public_url}/r/{delivery.code}"
        if not delivery.to_reporter:
            return f"{self._public_url}/desk/cases/{delivery.code}"
        token = self._tokens.issue(CaseCode(delivery.code))
        return f"{self._public_url}/r/{delivery.code}#{token}"

    def _link_of_counter(self, delivery: Delivery) -> str:
        if not delivery.to_reporter:
            return f"{self._public_url}/desk/onestop"
        page, facts = f"{self._public_url}/onestop", delivery.facts["onestop"]
        if "dossier" in facts:
            token = self._tokens.issue_for("dossier", facts["dossier"])
            return f"{page}#d={facts['number']}&t={token}"
        if "ticket" in facts:
            token = self._tokens.issue_for("ticket", facts["ticket"])
            return f"{page}#n={facts['ticket']}&t={token}"
        return page  # owed by a version that did not keep whose number it is


def _words(delivery: Delivery, edition: Edition) -> dict[str, Any]:
    facts, language, rules = delivery.facts, delivery.language, edition.regulation

    def when(name: str) -> str:
        found = facts.get(name)
        return moment(found, edition.calendar, language) if found else ""

    counter = dict(facts.get("onestop", {}))
    if counter.get("due"):
        counter["due"] = moment(counter["due"], edition.calendar, language)
    return {
        "template": delivery.template,
        "onestop": counter,
        "code": delivery.code,
        "task": {OFFICE: "assign", LEADERS: "direct"}.get(facts["unit"], "handle"),
        "running": facts["running"],
        "coordinated": facts["coordinated"],
        "promise": _promise(facts, edition.calendar, language),
        "due": _short_moment(facts["due_at"], edition.calendar),
        "expected": when("expected_at"),
        "previous": when("previous_at"),
        "directive_due": when("directive_due_at"),
        "until": when("until"),
        "on_time": facts.get("on_time"),
        "gone": facts.get("reason") == "gone",
        "dispute_days": rules.procedures.dispute_days,
        "escalates_after": rules.procedures.escalate_after_hours,
    }


def _promise(facts: dict[str, Any], calendar: Calendar, language: Language) -> str:
    """Return the deadline in words; with its reasons where a limit counted it."""
    if facts["limit_s"] is None:
        return moment(facts["due_at"], calendar, language)
    return promise(
        facts["from_at"],
        facts["due_at"],
        limit=timedelta(seconds=facts["limit_s"]),
        clock=Clock(facts["clock"]),
        calendar=calendar,
    ).text(language)


def moment(at: datetime, calendar: Calendar, language: Language) -> str:
    """Return an aware instant in the city's words: "09:00 thứ Hai 23/02/2026"."""
    local = at.astimezone(calendar.zone)
    if language is Language.VIETNAMESE:
        return f"{local:%H:%M} {WEEKDAYS_VI[local.weekday()]} {local:%d/%m/%Y}"
    return f"{local:%H:%M} on {WEEKDAYS_EN[local.weekday()]} {local:%d/%m/%Y}"


def _short_moment(at: datetime, calendar: Calendar) -> str:
    """Return an aware instant as a short message says it: "09:00 23/02"."""
    return f"{at.astimezone(calendar.zone):%H:%M %d/%m}"
