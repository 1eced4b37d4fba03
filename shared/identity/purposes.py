"""Why somebody may open a sealed reporter."""

from collections.abc import Mapping
from enum import StrEnum

from shared.regulation_model import Words


class Purpose(StrEnum):
    """Why somebody opens a sealed reporter; there is no other reason."""

    CONTACT_REPORTER = "contact_reporter"
    VERIFY_REPORT = "verify_report"
    LEGAL_REQUEST = "legal_request"
    DATA_SUBJECT_REQUEST = "data_subject_request"
    DELIVERY = "delivery"  # a machine looks, to send what the reporter asked for; nobody else may


FOR_PEOPLE = frozenset(Purpose) - {Purpose.DELIVERY}
PURPOSES: Mapping[Purpose, Words] = {
    Purpose.CONTACT_REPORTER: Words(
        vi="Liên hệ người phản ánh", en="To contact the person who reported"
    ),
    Purpose.VERIFY_REPORT: Words(vi="Xác minh nội dung phản ánh", en="To verify the report"),
    Purpose.LEGAL_REQUEST: Words(
        vi="Theo yêu cầu của cơ quan có thẩm quyền", en="At the lawful request of an authority"
    ),
    Purpose.DATA_SUBJECT_REQUEST: Words(
        vi="Thực hiện yêu cầu của chủ thể dữ liệu", en="To answer a request of the person concerned"
    ),
    Purpose.DELIVERY: Words(vi="Gửi thông báo tự động", en="To send an automatic message"),
}
