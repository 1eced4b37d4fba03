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

# What somebody wants to do with a case, by the command's row in the table.
DOING: Mapping[str, Words] = {
    "accept": Words(vi="tiếp nhận", en="taking it on"),
    "dispatch": Words(vi="cử cán bộ", en="sending somebody"),
    "progress": Words(vi="cập nhật tiến độ", en="saying how far it is"),
    "forward": Words(vi="chuyển về Văn phòng", en="forwarding it to the Office"),
    "recategorise": Words(vi="sửa lĩnh vực", en="correcting the category"),
    "coordination": Words(vi="đề xuất phối hợp", en="proposing coordination"),
    "coordination/move": Words(vi="dời thời gian phối hợp", en="moving the expected date"),
    "coordination/answer": Words(vi="trả lời phối hợp", en="answering as a coordinating unit"),
    "coordination/approve": Words(vi="đồng ý phối hợp", en="approving the coordination"),
    "coordination/reject": Words(vi="từ chối phối hợp", en="rejecting the coordination"),
    "result": Words(vi="công bố kết quả", en="publishing a result"),
    "assign": Words(vi="giao đơn vị", en="assigning it"),
    "hold": Words(vi="giữ lại để xem xét", en="holding it"),
    "release": Words(vi="cho qua", en="releasing it"),
    "refuse": Words(vi="từ chối tiếp nhận", en="refusing it"),
    "redirect": Words(vi="hướng dẫn nơi khác", en="redirecting it"),
    "guidance": Words(vi="xin ý kiến chỉ đạo", en="asking for direction"),
    "directives": Words(vi="chỉ đạo", en="giving a directive"),
    "directives/acknowledge": Words(vi="nhận chỉ đạo", en="acknowledging a directive"),
    "directives/fulfil": Words(vi="báo đã thực hiện chỉ đạo", en="fulfilling a directive"),
    "messages": Words(vi="nhắn tin", en="writing a message"),
    "rating": Words(vi="đánh giá", en="rating"),
    "reopen": Words(vi="yêu cầu xử lý lại", en="disputing the result"),
    "withdraw": Words(vi="rút phản ánh", en="withdrawing it"),
    "media": Words(vi="thêm ảnh, âm thanh", en="adding photos or sound"),
    "follow": Words(vi="theo dõi", en="following it"),
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
