"""What documents for people call states, outcomes, units and categories."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from services.intake.domain.commands import Outcome
from shared.regulation import Regulation, UnknownError
from shared.regulation_model import Words
from shared.vocabulary import CategoryId, State, UnitId

STATES: Mapping[str, Words] = {
    State.SUBMITTED: Words(vi="Đã tiếp nhận", en="Received"),
    State.HELD: Words(vi="Chờ Văn phòng xem xét", en="Held for the Office"),
    State.ASSIGNED: Words(vi="Đã giao, chưa nhận", en="Assigned, not taken on"),
    State.AT_OFFICE: Words(vi="Tại Văn phòng", en="With the Office"),
    State.AWAITING_DIRECTION: Words(vi="Chờ ý kiến chỉ đạo", en="Waiting for direction"),
    State.ACCEPTED: Words(vi="Đã nhận xử lý", en="Taken on"),
    State.IN_PROGRESS: Words(vi="Đang xử lý", en="In progress"),
    State.COORDINATING: Words(vi="Đang phối hợp", en="Coordinating"),
    State.RESOLVED: Words(vi="Đã có kết quả", en="Result published"),
    State.CLOSED: Words(vi="Đã kết thúc", en="Closed"),
    State.REOPENED: Words(vi="Xử lý lại", en="Reopened"),
    State.REFUSED: Words(vi="Không tiếp nhận", en="Refused"),
    State.REDIRECTED: Words(vi="Chuyển cơ quan khác", en="Belongs elsewhere"),
    State.WITHDRAWN: Words(vi="Đã rút", en="Withdrawn"),
}
OUTCOMES: Mapping[str, Words] = {
    Outcome.SOLVED: Words(vi="Đã giải quyết", en="Solved"),
    Outcome.TEMPORARILY_SOLVED: Words(vi="Đã xử lý tạm thời", en="Temporarily solved"),
    Outcome.NO_VIOLATION: Words(vi="Không phát hiện vi phạm", en="No violation found"),
    Outcome.OUTSIDE_AUTHORITY: Words(vi="Ngoài thẩm quyền", en="Outside our authority"),
    Outcome.DUPLICATE: Words(vi="Trùng phản ánh khác", en="Repeats another report"),
    Outcome.REFUSED: Words(vi="Không xử lý", en="Not acted upon"),
}


class Names:
    """Names in Vietnamese, from every edition of the regulation: open cases outlive theirs.

    Args:
        regulations: The first that knows an id names it.
    """

    def __init__(self, regulations: Sequence[Regulation]) -> None:
        self._regulations = regulations

    def knows(self, unit: UnitId) -> bool:
        """Say whether any edition has this unit."""
        return any(unit == each.id for one in self._regulations for each in one.units)

    def unit(self, unit: UnitId | None, *, short: bool = False) -> str:
        """Return a unit's name, or its short name; empty for none, its id when nobody knows it."""
        if unit is None:
            return ""
        for regulation in self._regulations:
            with suppress(UnknownError):
                found = regulation.unit(unit)
                return found.short if short else found.name.vi
        return unit

    def category(self, category: CategoryId | None) -> str:
        """Return a category's name; its id when nobody knows it."""
        if category is None:
            return "Chưa phân loại"
        for regulation in self._regulations:
            with suppress(UnknownError):
                return regulation.category(category).name.vi
        return category
