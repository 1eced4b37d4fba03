"""What people are told, in their language: templates in vi and en, one file per message."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notify.domain import Delivery
from shared.calendar import Calendar
from shared.identity import TrackingTokens
from shared.promise import promise
from shared.regulation import Regulation
from shared.vocabulary import CaseCode, Clock, Language, UnitId

TEMPLATES = Path(__file__).parent / "templates"


class Messages:
    """Renders a delivery; a template's first line is the subject, the rest the text."""

    def __init__(
        self, regulation: Regulation, calendar: Calendar, tokens: TrackingTokens, public_url: str
    ) -> None:
        self._regulation = regulation
        self._calendar = calendar
        self._tokens = tokens
        self._public_url = public_url.rstrip("/")
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text, never HTML
            keep_trailing_newline=True,
        )

    def render(self, delivery: Delivery) -> tuple[str, str]:
        """Return the subject and the text of a delivery."""
        name = f"{delivery.template}.{delivery.language.value}.txt"
        text = self._environment.get_template(name).render(self._words(delivery))
        subject, _, body = text.partition("\n")
        return subject.strip(), body.lstrip("\n")

    def _words(self, delivery: Delivery) -> dict[str, Any]:
        facts = delivery.facts
        language = delivery.language
        category = facts["category"]
        unit = facts["unit"]
        return {
            "code": delivery.code,
            "category": self._regulation.category(category).name.in_language(language)
            if category
            else "",
            "unit": self._unit_name(unit, language) if unit else "",
            "promise": promise(
                facts["received_at"],
                facts["due_at"],
                limit=timedelta(seconds=facts["limit_s"]),
                clock=Clock(facts["clock"]),
                calendar=self._calendar,
            ).text(language),
            "on_time": facts["on_time"],
            "outcome": facts["outcome"],
            "link": self._link(delivery.code),
        }

    def _unit_name(self, unit: str, language: Language) -> str:
        return self._regulation.unit(UnitId(unit)).name.in_language(language)

    def _link(self, code: str) -> str:
        """The token stands behind the #: a browser sends that part to no server and no log."""
        return f"{self._public_url}/r/{code}#{self._tokens.issue(CaseCode(code))}"
