"""What a refused disclosure is answered, in both languages: what is wrong and what to do."""

from typing import Final

from services.intake.domain.refusals import InBoth

WHAT_LEAVES: Final[InBoth] = {
    "vi": "Cần nêu ít nhất một nội dung được cung cấp.",
    "en": "Please name at least one kind of content.",
}
NO_IDENTITY: Final[InBoth] = {
    "vi": "Không có danh tính người phản ánh để cung cấp; vui lòng bỏ mục này.",
    "en": "Nothing is known of the reporter; please leave this out.",
}
IN_THE_PAST: Final[InBoth] = {
    "vi": "Thời hạn phải ở tương lai.",
    "en": "The expiry has to lie in the future.",
}
TOO_LONG: Final[InBoth] = {
    "vi": "Thời hạn cung cấp tối đa là 30 ngày.",
    "en": "A disclosure expires after 30 days at the latest.",
}
OVER_BEFORE_IT_BEGINS: Final[InBoth] = {
    "vi": "Đề nghị này đã hết hạn; cần gửi đề nghị mới.",
    "en": "This request has expired; a new one is needed.",
}
NOT_ASKED_FOR: Final[InBoth] = {
    "vi": "Chỉ đồng ý trong phạm vi nội dung đã được đề nghị.",
    "en": "Consent cannot go beyond what was asked for.",
}
UNKNOWN_MEDIA: Final[InBoth] = {
    "vi": "Phản ánh không có tệp này.",
    "en": "The case has no such file.",
}
