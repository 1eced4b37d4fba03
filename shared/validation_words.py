"""What a validator complains of, in Vietnamese: pydantic speaks English only."""

from collections.abc import Mapping
from typing import Any

OTHERWISE = "Giá trị chưa đúng."
SAID: Mapping[str, str] = {
    "missing": "Cần điền mục này.",
    "extra_forbidden": "Không có mục này.",
    "string_type": "Cần là chữ.",
    "string_too_short": "Cần ít nhất {min_length} ký tự.",
    "string_too_long": "Tối đa {max_length} ký tự.",
    "string_pattern_mismatch": "Chưa đúng mẫu.",
    "too_short": "Cần ít nhất {min_length} mục.",
    "too_long": "Tối đa {max_length} mục.",
    "greater_than": "Cần lớn hơn {gt}.",
    "greater_than_equal": "Cần từ {ge} trở lên.",
    "less_than": "Cần nhỏ hơn {lt}.",
    "less_than_equal": "Tối đa là {le}.",
    "int_parsing": "Cần là số nguyên.",
    "int_type": "Cần là số nguyên.",
    "int_from_float": "Cần là số nguyên.",
    "float_parsing": "Cần là một số.",
    "float_type": "Cần là một số.",
    "bool_parsing": "Cần là có hoặc không.",
    "bool_type": "Cần là có hoặc không.",
    "enum": "Không có lựa chọn này.",
    "literal_error": "Không có lựa chọn này.",
    "datetime_type": "Cần ngày và giờ.",
    "datetime_parsing": "Ngày giờ chưa đúng.",
    "datetime_from_date_parsing": "Ngày giờ chưa đúng.",
    "timezone_aware": "Ngày giờ cần có múi giờ.",
    "date_parsing": "Ngày chưa đúng.",
    "date_from_datetime_parsing": "Ngày chưa đúng.",
    "time_parsing": "Giờ chưa đúng.",
    "json_invalid": "Nội dung gửi không đọc được.",
}


def in_vietnamese(error: Mapping[str, Any]) -> str:
    """Return a complaint of pydantic (`type`, `ctx`) as a Vietnamese sentence."""
    words = SAID.get(str(error["type"]), OTHERWISE)
    try:
        return words.format(**(error.get("ctx") or {}))
    except KeyError:
        return OTHERWISE
