"""The page of a package: what `summary.json` says, for people, with the watermark throughout. Pure.

It is HTML, since a reporter may write in any script and a reader's machine has the letters for it.
The watermark is text and fixed to the page: browsers print it on every sheet, also for those who
print no backgrounds. There is no script in it and nothing is loaded but the pictures beside it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

from services.intake.names import OUTCOMES, STATES

Plain = Mapping[str, Any]

TITLES = {
    "text": ("Nội dung phản ánh", "Report"),
    "category": ("Lĩnh vực", "Category"),
    "place": ("Địa điểm", "Place"),
    "media": ("Hình ảnh, âm thanh", "Photos and sound"),
    "result": ("Kết quả xử lý", "Result"),
    "timeline": ("Quá trình xử lý", "Steps"),
    "identity": ("Danh tính người phản ánh", "The reporter"),
}
LABELS = {
    "address": ("Địa chỉ", "Address"),
    "lat": ("Vĩ độ", "Latitude"),
    "lon": ("Kinh độ", "Longitude"),
    "accuracy_m": ("Sai số (m)", "Error (m)"),
    "area": ("Địa bàn", "Area"),
    "source": ("Nguồn vị trí", "Source of the position"),
    "id": ("Mã", "Id"),
    "sub_category": ("Tiểu mục", "Sub-category"),
    "outcome": ("Kết luận", "Outcome"),
    "unit": ("Mã đơn vị", "Unit's id"),
    "at": ("Thời điểm", "At"),
    "on_time": ("Đúng hạn", "On time"),
    "agency": ("Cơ quan có thẩm quyền", "Competent authority"),
    "received_at": ("Tiếp nhận", "Received"),
    "due_at": ("Hạn xử lý", "Due"),
    "state": ("Trạng thái", "State"),
    "kind": ("Đối tượng", "Kind"),
    "name": ("Họ tên", "Name"),
    "phone": ("Điện thoại", "Phone"),
    "email": ("Thư điện tử", "E-mail"),
    "erased": ("Đã xoá theo yêu cầu", "Erased on request"),
    "sealed": ("Còn niêm phong, chỉ mở khi tải gói", "Sealed until the package is fetched"),
}
MARKS = 60  # rows of the watermark: more than the tallest page shows

_STYLE = """
@page { size: A4; margin: 20mm 18mm 22mm }
.sheet { font: 12pt/1.5 "Times New Roman", Tinos, serif; margin: 0 auto; max-width: 48rem;
  padding: 1rem 1rem 4rem; color: #111; overflow-wrap: anywhere }
h1 { font-size: 1.3em } h2 { font-size: 1.1em; border-bottom: 1px solid #999; break-after: avoid }
small, dt, figcaption { color: #444 } dt { font-style: italic } dd { margin: 0 0 .4em 1em }
pre { font: inherit; white-space: pre-wrap } img { max-width: 100% } ol { padding-left: 1.4em }
.mark { position: fixed; inset: 0; overflow: hidden; pointer-events: none; z-index: 9 }
.mark div { position: absolute; top: -20%; left: -60%; width: 220%; transform: rotate(-30deg);
  white-space: nowrap; font-size: 15pt; line-height: 4.6em; color: #000; opacity: .13 }
.mark p { margin: 0 }
.foot { position: fixed; bottom: 0; left: 0; right: 0; padding: 2pt 6pt; font-size: 9pt;
  text-align: center; background: #fff; border-top: 1px solid #999; z-index: 10 }
@media print { .foot { position: static } }
"""
SHIFTS = 40  # of the watermark's rows against one another, in em; no column of the page stays free
STYLE = _STYLE + "\n".join(
    f".mark p:nth-child({SHIFTS}n+{row + 1}) {{ margin-left: -{row * 17 % SHIFTS}em }}"
    for row in range(SHIFTS)
)


def page(summary: Plain) -> str:
    """Return the HTML document of a summary; both languages, Vietnamese first."""
    terms: Plain = summary["disclosure"]
    return f"""<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow, noarchive">
<meta http-equiv="Content-Security-Policy" content="script-src 'none'; object-src 'none'">
<title>{escape(terms["case"])} · {escape(terms["id"])}</title>
<style>{STYLE}</style>
</head>
<body>
{sheet(summary)}
</body>
</html>
"""


def sheet(summary: Plain) -> str:
    """Return what stands on the page, without its head: the same for the desk's preview."""
    terms: Plain = summary["disclosure"]
    sections = "\n".join(_section(name, value) for name, value in summary["content"].items())
    mark = escape(terms["watermark"])
    return f"""<div class="sheet">
{_marks(mark)}
<p class="foot">{mark}</p>
<h1>Nội dung phản ánh được cung cấp <small>/ Disclosed content of a report</small></h1>
{_terms(terms)}
{sections}
</div>"""


def _marks(mark: str) -> str:
    row = " &nbsp; &nbsp; &nbsp; ".join([mark] * 6)
    rows = f"<p>{row}</p>" * MARKS
    return f'<div class="mark" aria-hidden="true"><div>{rows}</div></div>'


def _terms(terms: Plain) -> str:
    recipient: Plain = terms["recipient"]
    lines = (
        ("Phản ánh", "Case", terms["case"]),
        ("Số cung cấp", "Disclosure", terms["id"]),
        ("Bên nhận", "Recipient", f"{recipient['organisation']} ({recipient['contact']})"),
        ("Mục đích", "Purpose", terms["purpose"]),
        ("Căn cứ", "Legal basis", terms["legal_basis"]),
        ("Lãnh đạo UBND đồng ý lúc", "Consent of the leaders", _moment(terms["approved_at"])),
        ("Hết hạn", "Expires", _moment(terms["expires_at"])),
        ("Điều kiện", "Conditions", terms["conditions"]["vi"]),
    )
    conditions = escape(terms["conditions"]["en"])
    shown = _list((_both(vi, en), value) for vi, en, value in lines)
    return f"{shown}<p><small>{conditions}</small></p>"


def _section(name: str, value: Any) -> str:
    title = _both(*TITLES[name])
    match name, value:
        case _, None:
            body = "<p>Chưa có. <small>/ None yet.</small></p>"
        case "text", str():
            body = f"<pre>{escape(value)}</pre>"
        case "media", list():
            body = "".join(map(_figure, value)) or "<p>Không có tệp. <small>/ None.</small></p>"
        case "timeline", _:
            body = _list(_lines(value)) + _steps(value["steps"])
        case "result", _:
            body = f"<pre>{escape(value['text'])}</pre>" + _list(_lines(value))
        case _:
            body = _list(_lines(value))
    return f"<section><h2>{title}</h2>{body}</section>"


def _lines(value: Plain) -> Iterable[tuple[str, Any]]:
    """Yield what has a label and a value; a name in both languages is told as such."""
    names: Plain | None = value.get("unit_name") or (
        value["name"] if isinstance(value.get("name"), Mapping) else None
    )
    if names:
        yield "Tên / Name", f"{names['vi']} / {names['en']}"
    for key, label in LABELS.items():
        found = value.get(key)
        if key == "area" and (named := value.get("area_name")):
            found = f"{named['vi']} / {named['en']}"
        if found is not None and not isinstance(found, Mapping):
            yield _both(*label), _plain(key, found)


def _plain(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "có / yes" if value else "không / no"
    if key in _TIMES:
        return _moment(value)
    words = {"state": STATES, "outcome": OUTCOMES}.get(key, {}).get(value)
    return f"{words.vi} / {words.en}" if words else str(value)


_TIMES = {"at", "received_at", "due_at"}


def _moment(at: str) -> str:
    """Return a local time as people write it; the offset stands in `summary.json`."""
    return f"{datetime.fromisoformat(at):%H:%M:%S %d/%m/%Y}"


def _list(lines: Iterable[tuple[str, Any]]) -> str:
    items = "".join(f"<dt>{label}</dt><dd>{escape(str(value))}</dd>" for label, value in lines)
    return f"<dl>{items}</dl>"


def _steps(steps: Iterable[Plain]) -> str:
    items = "".join(
        f"<li>{_moment(each['at'])}: {escape(each['title']['vi'])}"
        f"{escape(f' ({name})') if (name := _unit(each)) else ''}</li>"
        for each in steps
    )
    return f"<ol>{items}</ol>"


def _unit(step: Plain) -> str:
    return step["unit_name"]["vi"] if step["unit_name"] else ""


def _figure(item: Plain) -> str:
    file, caption = escape(item["file"]), item["file"]
    if item["captured_at"]:
        caption += f", {_moment(item['captured_at'])}"
    shown = (
        f'<img src="{file}" alt="">' if item["kind"] == "image" else f'<a href="{file}">{file}</a>'
    )
    return f"<figure>{shown}<figcaption>{escape(caption)}</figcaption></figure>"


def _both(vi: str, en: str) -> str:
    return f"{escape(vi)} <small>/ {escape(en)}</small>"
