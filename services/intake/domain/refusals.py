"""What a refused command is answered, in both languages: what is missing and what to do."""

from typing import Final, TypedDict


class InBoth(TypedDict):
    """One sentence in the two languages."""

    vi: str
    en: str


ALREADY_PROPOSED: Final[InBoth] = {
    "vi": "Đã có đề xuất phối hợp đang chờ Văn phòng.",
    "en": "A proposal is waiting for the Office already.",
}
TOO_LATE_TO_COORDINATE: Final[InBoth] = {
    "vi": "Đề xuất phối hợp phải gửi trước khi hết hạn xử lý.",
    "en": "A coordination has to be proposed before the deadline.",
}
NO_COORDINATION: Final[InBoth] = {
    "vi": "Phản ánh này chưa có phối hợp.",
    "en": "This case has no coordination.",
}
NOT_COORDINATING: Final[InBoth] = {
    "vi": "Đơn vị này không tham gia phối hợp.",
    "en": "This unit does not take part in the coordination.",
}
NOTHING_PROPOSED: Final[InBoth] = {
    "vi": "Không có đề xuất phối hợp nào đang chờ.",
    "en": "No proposal is waiting.",
}
WHOSE_IS_IT: Final[InBoth] = {
    "vi": "Cần nêu cơ quan có thẩm quyền.",
    "en": "Please say which authority is competent.",
}
DUPLICATE_OF_WHAT: Final[InBoth] = {
    "vi": "Cần nêu mã phản ánh bị trùng.",
    "en": "Please name the report that this one repeats.",
}
PHOTO_AFTER: Final[InBoth] = {
    "vi": "Lĩnh vực này cần ảnh hiện trường sau khi xử lý.",
    "en": "This category needs a photo of the scene after the work.",
}
OFFICER_SENT: Final[InBoth] = {
    "vi": "Cần nêu cán bộ được cử xử lý.",
    "en": "Please name the officer who was sent.",
}
SITE_VISIT: Final[InBoth] = {
    "vi": "Cần nêu thời gian tiếp cận hiện trường.",
    "en": "Please say when the scene was visited.",
}
IN_THE_FUTURE: Final[InBoth] = {
    "vi": "Thời gian không thể ở tương lai.",
    "en": "The time cannot lie in the future.",
}
IN_THE_PAST: Final[InBoth] = {
    "vi": "Thời gian phải ở tương lai.",
    "en": "The time has to lie in the future.",
}
TOO_FAR: Final[InBoth] = {
    "vi": "Thời gian không được xa hơn một năm.",
    "en": "The time cannot lie more than a year ahead.",
}
ABOUT_ITSELF: Final[InBoth] = {
    "vi": "Không giao phản ánh cho chính đơn vị bị phản ánh.",
    "en": "A unit never handles a report about itself.",
}
UNKNOWN_UNIT: Final[InBoth] = {
    "vi": "Không có đơn vị này trong danh sách hiện hành.",
    "en": "There is no such unit today.",
}
UNKNOWN_AREA: Final[InBoth] = {
    "vi": "Không có địa bàn này trong danh sách hiện hành.",
    "en": "There is no such area today.",
}
UNKNOWN_DIRECTIVE: Final[InBoth] = {
    "vi": "Không có chỉ đạo này gửi đến đơn vị của bạn.",
    "en": "There is no such directive to your unit.",
}
UNKNOWN_CATEGORY: Final[InBoth] = {
    "vi": "Không có lĩnh vực này.",
    "en": "There is no such category.",
}
ALREADY_RATED: Final[InBoth] = {
    "vi": "Kết quả này đã được đánh giá.",
    "en": "This result is rated already.",
}
WINDOW_PASSED: Final[InBoth] = {
    "vi": "Đã quá thời gian phản hồi kết quả; vui lòng gửi phản ánh mới.",
    "en": "The time to dispute has passed; please send a new report.",
}
TOO_MANY_FOLLOWERS: Final[InBoth] = {
    "vi": "Việc này đã có rất nhiều người theo dõi; bạn vẫn xem được tiến độ bằng mã phản ánh.",
    "en": "Very many people follow this already; its code still shows you how it goes on.",
}
TOO_MANY_MESSAGES: Final[InBoth] = {
    "vi": "Phản ánh này đã có quá nhiều tin nhắn. Vui lòng gọi 1022 hoặc gửi phản ánh mới.",
    "en": "This case has too many messages. Please call 1022 or send a new report.",
}
NOTHING_TO_CONFIRM: Final[InBoth] = {
    "vi": "Không có địa chỉ nào đang chờ xác nhận, hoặc thời gian xác nhận đã hết.",
    "en": "No address waits to be confirmed, or the time to confirm it is over.",
}
WRONG_CODE: Final[InBoth] = {
    "vi": "Mã xác nhận không đúng. Vui lòng xem lại tin nhắn đã gửi đến bạn.",
    "en": "The code is not right. Please look at the message that was sent to you again.",
}
TOO_MANY_TRIES: Final[InBoth] = {
    "vi": "Đã nhập sai mã quá nhiều lần. Vui lòng mở đường dẫn trong thư xác nhận.",
    "en": "Too many wrong codes. Please open the link in the mail that asks you.",
}
