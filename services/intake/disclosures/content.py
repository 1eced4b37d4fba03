"""Exactly the content that a leader agreed to, and nothing of what came after. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.intake.disclosures.commands import Content
from services.intake.disclosures.model import Disclosure, Grant
from services.intake.domain.case import Case
from services.intake.domain.evolve import replay
from services.intake.domain.rules import Rules
from services.intake.store import StoredCase
from services.intake.views import TOLD, local
from shared.identity import Reporter
from shared.regulation import UnknownError
from shared.regulation_model import Words
from shared.vocabulary import AreaId, State, UnitId

Plain = dict[str, Any]


def summary(
    disclosure: Disclosure,
    grant: Grant,
    stored: StoredCase,
    *,
    rules: Rules,
    reporter: Reporter | None,
    files: Sequence[Plain],
    sealed: bool = False,
) -> Plain:
    """Return what a package says, as it stands in `summary.json`.

    Args:
        disclosure: What was asked for.
        grant: What was agreed to.
        stored: The case as it is now.
        rules: For names and the city's time.
        reporter: Whom the vault gave, for a grant that includes the identity; None when erased.
        files: The files of the package, see `file_view`.
        sealed: Whether the identity stays in the vault, for a look before the consent.
    """
    content: Plain = {
        field.value: list(files)
        if field is Content.MEDIA
        else _SECTIONS[field](stored, grant, rules)
        for field in grant.fields
    }
    if grant.identity:
        content["identity"] = _identity(stored, reporter, sealed=sealed)
    return {"disclosure": terms(disclosure, grant, rules), "content": content}


def terms(disclosure: Disclosure, grant: Grant, rules: Rules) -> Plain:
    """Return who may use this, what for and until when: what the watermark stands for."""
    zone = rules.calendar.zone
    return {
        "id": disclosure.id,
        "case": disclosure.code,
        "recipient": disclosure.recipient.model_dump(),
        "purpose": disclosure.purpose,
        "legal_basis": disclosure.legal_basis,
        "fields": [each.value for each in grant.fields],
        "identity": grant.identity,
        "approved_at": local(grant.at, zone),
        "expires_at": local(disclosure.expires_at, zone),
        "watermark": watermark(disclosure, grant, rules),
        "conditions": dict(CONDITIONS),
    }


def watermark(disclosure: Disclosure, grant: Grant, rules: Rules) -> str:
    """Return the line that stands on every picture and every page: which, from when, for whom."""
    on = rules.local_day(grant.at)
    return f"{disclosure.id} · {on:%d/%m/%Y} · {disclosure.recipient.organisation}"


def granted_media(stored: StoredCase, grant: Grant) -> list[Mapping[str, Any]]:
    """Return the case's files that may leave and still have a copy without metadata."""
    return [
        each
        for each in stored.content["media"]
        if each["id"] in grant.media and "public" in each["variants"]
    ]


def file_view(item: Mapping[str, Any], name: str, sha256: str, rules: Rules) -> Plain:
    """Return how a summary describes a file of its package; `name` and the hash are the file's."""
    captured_at = item["captured_at"]
    return {
        "id": item["id"],
        "file": name,
        "sha256": sha256,
        "kind": item["kind"],
        "from": item.get("from", "reporter"),
        "captured_at": local(captured_at, rules.calendar.zone) if captured_at else None,
        "duration_ms": item["duration_ms"],
    }


def _text(stored: StoredCase, _grant: Grant, _rules: Rules) -> str:
    return stored.content["text"]


def _category(stored: StoredCase, grant: Grant, rules: Rules) -> Plain | None:
    category = _then(stored, grant).snapshot.category
    if category is None:
        return None
    name = rules.regulation.category(category).name
    return {
        "id": category,
        "name": _words(name),
        "sub_category": stored.content["sub_category"],
    }


def _place(stored: StoredCase, grant: Grant, rules: Rules) -> Plain:
    area = _then(stored, grant).snapshot.area
    return {**stored.content["location"], "area": area, "area_name": _area_name(area, rules)}


def _area_name(area: str | None, rules: Rules) -> dict[str, str] | None:
    try:
        return _words(rules.regulation.area(AreaId(area)).name) if area else None
    except UnknownError:  # an area of another edition of the regulation
        return None


def _result(stored: StoredCase, grant: Grant, rules: Rules) -> Plain | None:
    """Return the result that was valid when the leader agreed; a disputed one is none."""
    case = _then(stored, grant)
    if not case.results or case.state not in {State.RESOLVED, State.CLOSED}:
        return None
    result = case.results[-1]
    return {
        "outcome": result.outcome,
        "text": result.text,
        "unit": result.unit,
        "unit_name": _unit_name(result.unit, rules),
        "at": local(result.at, rules.calendar.zone),
        "on_time": result.on_time,
        "agency": result.agency,
    }


def _timeline(stored: StoredCase, grant: Grant, rules: Rules) -> Plain:
    """Return the steps, without what somebody wrote and without what other fields hold."""
    case = _then(stored, grant).snapshot
    zone = rules.calendar.zone
    return {
        "received_at": local(case.received_at, zone),
        "due_at": local(case.due_at, zone),
        "state": case.state.value,
        "steps": [
            {
                "at": local(record["event"]["at"], zone),
                "title": dict(zip(("vi", "en"), TOLD[record["type"]], strict=True)),
                "unit_name": _unit_name(record["event"].get("unit"), rules),
            }
            for record in stored.history
            if record["sequence"] <= grant.case_sequence and record["type"] in TOLD
        ],
    }


_SECTIONS: Mapping[Content, Callable[[StoredCase, Grant, Rules], Any]] = {
    Content.TEXT: _text,
    Content.CATEGORY: _category,
    Content.PLACE: _place,
    Content.RESULT: _result,
    Content.TIMELINE: _timeline,
}


def _identity(stored: StoredCase, reporter: Reporter | None, *, sealed: bool) -> Plain:
    kind = stored.case.snapshot.reporter_kind.value
    if sealed:
        return {"kind": kind, "sealed": True}
    if reporter is None:
        return {"kind": kind, "erased": True}
    known = {"name": reporter.name, "phone": reporter.phone, "email": reporter.email}
    return {"kind": kind, "erased": False, **known}


def _then(stored: StoredCase, grant: Grant) -> Case:
    """Return the case as the leader saw it: fact n leads to event n + 1."""
    return replay(stored.opened, stored.facts()[: grant.case_sequence - 1])


def _unit_name(unit: str | None, rules: Rules) -> dict[str, str] | None:
    try:
        return _words(rules.regulation.unit(UnitId(unit)).name) if unit else None
    except UnknownError:  # a unit of another edition of the regulation
        return None


def _words(words: Words) -> dict[str, str]:
    return {"vi": words.vi, "en": words.en}


CONDITIONS: Mapping[str, str] = {
    "vi": "Chỉ dùng cho mục đích đã nêu. Không cung cấp lại cho bên khác, không công bố. Xoá khi "
    "hết hạn hoặc khi UBND thông báo thu hồi.",
    "en": "For the stated purpose only. Not to be passed on, not to be published. To be deleted "
    "when it expires or when the People's Committee revokes it.",
}
