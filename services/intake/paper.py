"""The city's letter paper: A4 with the decree's margins, columns and page numbers."""

from dataclasses import dataclass
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from services.intake.typeface import Style, typeface

FONT = "Crimson"
LEFT, RIGHT, TOP, BOTTOM = 30, 15, 20, 20  # mm, of Nghị định 30/2020/NĐ-CP, phụ lục I
WIDTH = 210 - LEFT - RIGHT
TEXT_PT, HEAD_PT, SMALL_PT = 14, 13, 12
INDENT = 10  # of a paragraph's first line
SPACING = 1.3  # of a paragraph's lines
LINE_MM = 0.46  # per point: single spacing


@dataclass(frozen=True)
class Column:
    """A part of the width: from `x`, `width` wide, in millimetres."""

    x: float
    width: float


HEAD_LEFT = Column(LEFT, 67)
HEAD_RIGHT = Column(LEFT + 67, WIDTH - 67)
WHOLE = Column(LEFT, WIDTH)


class Paper(FPDF):
    """Sheets of paper on which one letter after the other is written; each numbers its own pages.

    Args:
        title: Of the document.
        at: When it was written; aware.
    """

    def __init__(self, title: str, at: datetime) -> None:
        super().__init__(format="A4")
        self._first = 1
        self.set_creation_date(at)
        self.set_lang("vi")
        self.set_title(title)
        self.set_margins(LEFT, TOP, RIGHT)
        self.set_auto_page_break(auto=True, margin=BOTTOM)
        for style, cut in (
            ("", Style.REGULAR),
            ("B", Style.BOLD),
            ("I", Style.ITALIC),
            ("BI", Style.BOLD_ITALIC),
        ):
            self.add_font(FONT, style, typeface(cut))

    def header(self) -> None:
        """Number the pages of a letter from its second on, in the middle of the upper margin."""
        number = self.page_no() - self._first + 1
        if number > 1:
            self.set_font(FONT, "", TEXT_PT)
            self.set_y(TOP / 2)
            self.cell(0, 6, str(number), align=Align.C)
            self.set_y(TOP)

    def begin(self) -> None:
        """Begin a letter on a new page."""
        self._first = self.page_no() + 1
        self.add_page()

    def paragraph(self, text: str) -> None:
        """Write a paragraph: justified, its first line indented, as the decree has it."""
        self.set_font(FONT, "", TEXT_PT)
        with (
            self.text_columns(text_align=Align.J, line_height=SPACING) as columns,
            columns.paragraph(first_line_indent=INDENT, bottom_margin=1.5) as paragraph,
        ):
            paragraph.write(text)

    def block(
        self, column: Column, text: str, *, style: str = "", size: float = HEAD_PT, align: str = "C"
    ) -> None:
        """Write lines into a column, from where the pen is downwards."""
        self.set_font(FONT, style, size)
        self.set_x(column.x)
        self.multi_cell(
            column.width,
            size * LINE_MM,
            text,
            align=align,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )

    def rule(self, column: Column, share: float) -> None:
        """Draw the short line beneath a head, over a share of its column."""
        y = self.get_y() + 0.8
        left = column.x + column.width * (1 - share) / 2
        self.line(left, y, left + column.width * share, y)

    def beside(self, top: float) -> float:
        """Go back up to `top` for the next column; return where the one before ended."""
        end = self.get_y()
        self.set_y(top)
        return end

    def below(self, end: float, gap: float) -> None:
        """Go on below both columns."""
        self.set_y(max(end, self.get_y()) + gap)

    def keep_together(self, height: float) -> None:
        """Begin a new page when less than `height` is left on this one."""
        if self.will_page_break(height):
            self.add_page()
