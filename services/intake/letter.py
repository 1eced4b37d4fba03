"""The letter of chase as the city issues it: a "công văn", ready for its number and signature.

The layout follows Nghị định 30/2020/NĐ-CP, phụ lục I: two heads, number and abstract, place and
date, "Kính gửi", "Nơi nhận". One PDF holds one letter per chased body.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fpdf.enums import Align, TableBordersLayout, VAlign
from fpdf.fonts import FontFace

from services.intake.chase import Chase, hours
from services.intake.matter import Matter
from services.intake.names import STATES
from services.intake.paper import (
    FONT,
    HEAD_LEFT,
    HEAD_RIGHT,
    LEFT,
    SMALL_PT,
    TEXT_PT,
    WHOLE,
    WIDTH,
    Paper,
)
from shared.vocabulary import LEADERS, OFFICE, Clock

TABLE_PT = 10
WITHIN_THE_LETTER = 6  # cases; more of them make an annex, so that the signature is on page one
SIGNATURE_MM = 60

TABLE = (  # heading, width in mm, alignment
    ("TT", 9, Align.C),
    ("Mã phản ánh", 30, Align.L),
    ("Lĩnh vực", 28, Align.L),
    ("Tiếp nhận", 16, Align.C),
    ("Hạn xử lý", 16, Align.C),
    ("Quá hạn (giờ)", 15, Align.R),
    ("Trạng thái", 18, Align.L),
    ("Số lần chuyển", 14, Align.C),
    ("Đơn vị giám sát", 19, Align.L),
)


@dataclass(frozen=True)
class Tone:
    """How a letter speaks: the Office to a unit, the leaders to the Office, it to the leaders."""

    issued_by_parent: bool
    abstract: str
    request: str
    signer: str


TO_A_UNIT = Tone(
    issued_by_parent=False,
    abstract="V/v đôn đốc xử lý phản ánh quá hạn",
    request="{office} đề nghị Thủ trưởng đơn vị khẩn trương chỉ đạo xử lý dứt điểm, báo cáo kết "
    "quả lên ứng dụng; đồng thời báo cáo bằng văn bản nguyên nhân chậm trễ, trách nhiệm của tập "
    "thể, cá nhân liên quan về {office} trước {until}./.",
    signer="CHÁNH VĂN PHÒNG",
)
TO_THE_OFFICE = Tone(
    issued_by_parent=True,
    abstract="V/v đôn đốc xử lý phản ánh quá hạn",
    request="{parent} yêu cầu Chánh Văn phòng khẩn trương phân công, xử lý các phản ánh nêu trên, "
    "báo cáo kết quả và nguyên nhân chậm trễ trước {until}./.",
    signer="TM. ỦY BAN NHÂN DÂN\nCHỦ TỊCH",
)
TO_THE_LEADERS = Tone(
    issued_by_parent=False,
    abstract="V/v phản ánh quá hạn đang chờ chỉ đạo",
    request="{office} kính báo cáo, xin ý kiến chỉ đạo giải quyết trước {until}./.",
    signer="CHÁNH VĂN PHÒNG",
)


def letters(found: Sequence[Chase], matter: Matter) -> bytes:
    """Return one PDF with a letter to each chased body; with nobody to chase, a sheet says so."""
    paper = Paper("Đôn đốc xử lý phản ánh quá hạn", matter.as_of)
    for chase in found:
        _write(paper, chase, matter)
    if not found:
        as_of = _moment(matter.as_of, matter.zone)
        paper.begin()
        paper.paragraph(f"Tính đến {as_of}, không có phản ánh quá hạn xử lý.")
    return bytes(paper.output())


def _write(paper: Paper, chase: Chase, matter: Matter) -> None:
    tone = {OFFICE: TO_THE_OFFICE, LEADERS: TO_THE_LEADERS}.get(chase.unit, TO_A_UNIT)
    annexed = len(chase.cases) > WITHIN_THE_LETTER
    paper.begin()
    _heads(paper, matter, tone)
    paper.block(WHOLE, f"Kính gửi: {matter.names.unit(chase.unit)}", size=TEXT_PT)
    paper.ln(4)
    paper.paragraph(f"Căn cứ {matter.regulation};")
    paper.paragraph(_finding(chase, matter, annexed=annexed))
    if not annexed:
        _list(paper, chase, matter)
    paper.paragraph(_request(tone, matter))
    _signature(paper, chase, matter, tone)
    if annexed:
        paper.add_page()
        _annex_head(paper, chase, matter)
        _list(paper, chase, matter)


def _heads(paper: Paper, matter: Matter, tone: Tone) -> None:
    issuer, top = matter.issuer, paper.get_y()
    if tone.issued_by_parent:
        paper.block(HEAD_LEFT, issuer.parent.upper(), style="B")
    else:
        paper.block(HEAD_LEFT, issuer.parent.upper())
        paper.block(HEAD_LEFT, issuer.office.upper(), style="B")
    paper.rule(HEAD_LEFT, 0.4)
    end = paper.beside(top)
    paper.block(HEAD_RIGHT, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", style="B", size=SMALL_PT)
    paper.block(HEAD_RIGHT, "Độc lập - Tự do - Hạnh phúc", style="B")
    paper.rule(HEAD_RIGHT, 0.5)
    paper.below(end, 4)
    top = paper.get_y()
    paper.block(HEAD_LEFT, f"Số:          /{'UBND' if tone.issued_by_parent else 'VP'}")
    paper.block(HEAD_LEFT, tone.abstract, size=SMALL_PT)
    end = paper.beside(top)
    paper.block(HEAD_RIGHT, f"{issuer.place}, {_date(matter)}", style="I", size=TEXT_PT)
    paper.below(end, 7)


def _finding(chase: Chase, matter: Matter, *, annexed: bool) -> str:
    name = matter.names.unit(chase.unit)
    longest = hours(max(each.late for each in chase.cases))
    where = " (có danh sách kèm theo)." if annexed else ", cụ thể như sau:"
    return (
        f"Qua theo dõi trên hệ thống, tính đến {_moment(matter.as_of, matter.zone)}, {name} còn "
        f"{len(chase.cases):02} phản ánh, kiến nghị đã quá hạn xử lý nhưng chưa có kết quả, trường "
        f"hợp quá hạn lâu nhất là {longest} giờ{where}"
    )


def _request(tone: Tone, matter: Matter) -> str:
    issuer = matter.issuer
    until = _moment(matter.report_by, matter.zone)
    return tone.request.format(office=issuer.office, parent=issuer.parent, until=until)


def _list(paper: Paper, chase: Chase, matter: Matter) -> None:
    """Write the table; its headings come again on every page."""
    paper.set_font(FONT, "", TABLE_PT)
    paper.set_x(LEFT)
    with paper.table(
        align=Align.L,
        borders_layout=TableBordersLayout.ALL,
        col_widths=tuple(width for _, width, _ in TABLE),
        headings_style=FontFace(emphasis="BOLD"),
        line_height=4.4,
        padding=(0.8, 0.9),
        text_align=tuple(align for _, _, align in TABLE),
        v_align=VAlign.M,
        width=WIDTH,
    ) as table:
        table.row([heading for heading, _, _ in TABLE])
        for row in _rows(chase, matter):
            table.row(row)
    elapsed = any(each.clock is Clock.ELAPSED for each in chase.cases)
    note = "Thời gian quá hạn tính theo giờ làm việc" + (
        "; (*) tính theo giờ liên tục." if elapsed else "."
    )
    paper.ln(1)
    paper.block(WHOLE, note, style="I", size=TABLE_PT, align="L")
    paper.ln(2)


def _rows(chase: Chase, matter: Matter) -> list[list[str]]:
    names, zone = matter.names, matter.zone
    return [
        [
            str(number),
            case.code,
            names.category(case.category),
            f"{case.received_at.astimezone(zone):%H:%M %d/%m/%y}",
            f"{case.due_at.astimezone(zone):%H:%M %d/%m/%y}",
            hours(case.late) + ("*" if case.clock is Clock.ELAPSED else ""),
            STATES[case.state].vi,
            str(case.hops),
            names.unit(case.monitoring_unit, short=True),
        ]
        for number, case in enumerate(chase.cases, 1)
    ]


def _signature(paper: Paper, chase: Chase, matter: Matter, tone: Tone) -> None:
    """Leave the place for signature and seal, on one page with the list of recipients."""
    paper.keep_together(SIGNATURE_MM)
    paper.ln(2)
    top = paper.get_y()
    paper.block(HEAD_LEFT, "Nơi nhận:", style="BI", size=SMALL_PT, align="L")
    paper.block(HEAD_LEFT, _copies(chase, matter), size=SMALL_PT - 1, align="L")
    end = paper.beside(top)
    paper.block(HEAD_RIGHT, tone.signer, style="B", size=TEXT_PT)
    paper.block(HEAD_RIGHT, "(Ký, ghi rõ họ tên, đóng dấu)", style="I", size=SMALL_PT)
    paper.below(end, 0)


def _copies(chase: Chase, matter: Matter) -> str:
    """Return who gets a copy: the leaders, and those who monitor what is late."""
    watching = {each.monitoring_unit for each in chase.cases if each.monitoring_unit}
    others = sorted(watching - {chase.unit, OFFICE, LEADERS})
    lines = ["- Như trên;"]
    if chase.unit != LEADERS:
        lines.append(f"- {matter.names.unit(LEADERS)} (b/c);")
    lines += [f"- {matter.names.unit(each)} (theo dõi);" for each in others]
    return "\n".join([*lines, "- Lưu: VT."])


def _annex_head(paper: Paper, chase: Chase, matter: Matter) -> None:
    paper.block(WHOLE, "DANH SÁCH PHẢN ÁNH QUÁ HẠN XỬ LÝ", style="B", size=TEXT_PT)
    paper.block(WHOLE, matter.names.unit(chase.unit), style="B", size=TEXT_PT)
    where = f"(Kèm theo Công văn số            {_date(matter)})"
    paper.block(WHOLE, where, style="I", size=TEXT_PT)
    paper.ln(3)


def _date(matter: Matter) -> str:
    """Return the date of the letter; one digit of a month from March on, as the decree writes."""
    at = matter.as_of.astimezone(matter.zone)
    month = f"{at.month:02}" if at.month < 3 else str(at.month)  # noqa: PLR2004 - March
    return f"ngày {at.day:02} tháng {month} năm {at.year}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%H} giờ {local:%M} phút ngày {local:%d/%m/%Y}"
