"""The JSON of a report, read more strictly than Python does: what is ambiguous is refused."""

import json
import math
from typing import Any

from .refusals import Fault, SubmissionRefused, refused

FIELD = "report"
MAX_DEPTH = 16  # a report needs four levels


def parse_report(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw`.

    Raises:
        SubmissionRefused: not UTF-8, not JSON, NaN, infinity, a key that stands twice, half of a
            surrogate pair, nesting beyond `MAX_DEPTH`, or not an object.
    """
    try:
        report = _STRICT.decode(raw.decode())
        if b"\\u" in raw:  # only an escape can smuggle half a pair past UTF-8
            json.dumps(report, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise refused(Fault.ENCODING, FIELD) from error
    except (ValueError, RecursionError) as error:
        raise refused(Fault.JSON, FIELD) from error
    brackets = raw.count(b"{") + raw.count(b"[")  # as deep as it can be at most
    if brackets > MAX_DEPTH and _is_deep(report, MAX_DEPTH):
        raise refused(Fault.JSON, FIELD)
    if not isinstance(report, dict):
        raise refused(Fault.NOT_AN_OBJECT, FIELD)
    return report


def _no_constant(_: str) -> SubmissionRefused:
    raise refused(Fault.NOT_A_NUMBER, FIELD)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):  # 1e999
        raise refused(Fault.NOT_A_NUMBER, FIELD)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise refused(Fault.DUPLICATE_KEY, FIELD)
    return content


def _is_deep(value: Any, left: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return left == 0 or any(_is_deep(child, left - 1) for child in inner)


_STRICT = json.JSONDecoder(
    parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique
)
