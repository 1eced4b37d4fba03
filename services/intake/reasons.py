"""Why a report was not taken up, in words for its reporter; the codes are counted. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.intake.domain.case import Case
from services.intake.domain.commands import Elsewhere, Refusal
from services.intake.domain.rules import Rules
from shared.vocabulary import State

NAMES: Mapping[str, tuple[str, str]] = {
    Refusal.INSULTING: ("Lời lẽ xúc phạm", "insulting words"),
    Refusal.NOT_CLEAR: ("Nội dung không rõ", "it is not clear what is meant"),
    Refusal.NO_EVIDENCE: ("Không có chứng cứ", "there is no evidence"),
    Refusal.NOT_TRUE: ("Không đúng sự thật", "it is not true"),
    Refusal.SPAM: ("Tin rác", "spam"),
    Elsewhere.OTHER_AUTHORITY: ("Thuộc cơ quan khác", "another authority is competent"),
    Elsewhere.COMPLAINT: ("Đây là đơn khiếu nại", "it is a formal complaint"),
    Elsewhere.DENUNCIATION: ("Đây là đơn tố cáo", "it is a denunciation"),
}
TOLD = {"case.refused.v1", "case.redirected.v1"}  # the reasons of other steps are between officials


def reason_of(kind: str, code: str | None) -> dict[str, str] | None:
    """Return the reason of a refusal or redirection in both languages; of other steps none."""
    if kind not in TOLD or code is None or code not in NAMES:
        return None
    vi, en = NAMES[code]
    return {"code": code, "vi": vi, "en": en}


def dispute_until(case: Case, rules: Rules) -> datetime | None:
    """Return until when the valid result may be disputed; None when there is none to dispute."""
    if case.state is not State.RESOLVED or not case.results:
        return None
    return case.results[-1].at + timedelta(days=rules.regulation.procedures.dispute_days)
