"""What a text is held for and flagged for, and what its sender is told. Pure."""

from dataclasses import dataclass

from shared.regulation_model import Words
from shared.screening.disguise import (
    Original,
    clean,
    plain_spans,
    plain_words,
    second_readings,
)
from shared.screening.personal import MASK, Datum, Personal, personal
from shared.screening.rules import Hit, Kind, ScreeningRules

SHOWN = 5  # words named to the sender; the Office sees all
LENGTH = 40  # characters kept of what was typed: nobody needs a disguise of a thousand dots

_DATA = {
    Datum.EMAIL: Words(vi="Địa chỉ thư điện tử", en="E-mail address"),
    Datum.IDENTITY: Words(vi="Số giấy tờ tuỳ thân", en="Identity number"),
    Datum.ACCOUNT: Words(vi="Số tài khoản", en="Account number"),
    Datum.PHONE: Words(vi="Số điện thoại", en="Telephone number"),
    Datum.PLATE: Words(vi="Biển số xe", en="Licence plate"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a text that a person should look at.

    Attributes:
        group: Of the word list, or the kind of datum.
        name: The group in words.
        words: The phrase of the list in its natural spelling; of personal data the mask, so that
            a finding can be stored and logged.
        typed: What stands in the text, without invisible marks, cut when endless; the mask for
            personal data.
        span: Code points of the text, from and to.
        formal: Whether it makes a formal complaint or denunciation, more than a mention.
    """

    kind: Kind
    group: str
    name: Words
    words: str
    typed: str
    span: tuple[int, int]
    formal: bool = False


@dataclass(frozen=True, slots=True)
class Screening:
    """The verdict on a text.

    Attributes:
        hold: Whether the Office looks at it before anybody else; its clock runs all the same.
        reasons: All findings, abuse first, then in the order of the text.
    """

    hold: bool
    reasons: tuple[Finding, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """The kinds that were found, in alphabetical order, as a case carries them."""
        return tuple(sorted({finding.kind.value for finding in self.reasons}))

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        """Return the findings of one kind."""
        return tuple(finding for finding in self.reasons if finding.kind is kind)


def screen(text: str, rules: ScreeningRules) -> Screening:
    """Return what a text is held for and flagged for; each phrase counts once.

    Emergencies are the regulation's to see (`Regulation.emergency_numbers`).
    """
    cleaned = clean(text)
    hits = {**_disguised(cleaned, rules), **_plain(cleaned, rules)}
    data = personal(cleaned)
    if not hits and not data:
        return Screening(hold=False, reasons=())
    original = Original(text, cleaned)
    found = [_finding(*hit, cleaned, original) for hit in hits.values()]
    found += [_datum(datum, original) for datum in data]
    found.sort(key=lambda finding: (finding.kind is not Kind.ABUSE, finding.span))
    return Screening(any(finding.kind is Kind.ABUSE for finding in found), tuple(found))


def _plain(cleaned: str, rules: ScreeningRules) -> dict[str, tuple[Hit, slice]]:
    """Return the first hit of each phrase in the plain words, and where it stands."""
    hits: dict[str, Hit] = {}
    for hit in rules.matcher.hits(plain_words(cleaned)):
        hits.setdefault(hit.phrase, hit)
    spans = plain_spans(cleaned) if hits else []
    return {
        phrase: (hit, slice(spans[hit.at][0], spans[hit.at + hit.size - 1][1]))
        for phrase, hit in hits.items()
    }


def _disguised(cleaned: str, rules: ScreeningRules) -> dict[str, tuple[Hit, slice]]:
    """Return the same of the second readings; their neighbours belong to the plain words."""
    read = second_readings(cleaned)
    hits: dict[str, tuple[Hit, slice]] = {}
    for hit in rules.matcher.hits([piece.word for piece in read]):
        pieces = read[hit.at : hit.at + hit.size]
        if any(piece.disguised for piece in pieces):
            hits.setdefault(hit.phrase, (hit, slice(pieces[0].start, pieces[-1].end)))
    return hits


def _finding(hit: Hit, place: slice, cleaned: str, original: Original) -> Finding:
    return Finding(
        kind=hit.group.kind,
        group=hit.group.id,
        name=hit.group.name,
        words=hit.phrase,
        typed=_short(" ".join(cleaned[place].split())),
        span=original.span(place.start, place.stop),
        formal=hit.group.formal,
    )


def _datum(datum: Personal, original: Original) -> Finding:
    kind = Kind.LICENCE_PLATE if datum.datum is Datum.PLATE else Kind.PERSONAL_DATA
    return Finding(
        kind=kind,
        group=datum.datum.value,
        name=_DATA[datum.datum],
        words=MASK,
        typed=MASK,
        span=original.span(datum.start, datum.end),
    )


def reword(screening: Screening) -> Words:
    """Return what to tell the sender of a held report: which words, and how to send others.

    Raises:
        ValueError: nothing in the report is abuse, so there is nothing to reword.
    """
    typed = list(dict.fromkeys(finding.typed for finding in screening.of(Kind.ABUSE)))
    if not typed:
        raise ValueError("only a report that is held is reworded")
    shown = ", ".join(f"“{words}”" for words in typed[:SHOWN])
    more = len(typed) - SHOWN
    return Words(
        vi=f"Đã nhận. Văn phòng xem lại lời lẽ trước khi chuyển xử lý; thời hạn vẫn tính. "
        f"Lời cần sửa: {shown}{f' và {more} chỗ khác' if more > 0 else ''}. "
        "Bạn có thể sửa lời ngay: mở trang theo dõi của phản ánh này, chọn “Gửi bổ sung” và viết "
        "lại nội dung không có những lời đó. Không cần gửi phản ánh mới hay gửi lại hình ảnh.",
        en=f"Received. The Office checks the wording first; the clock keeps running. "
        f"Please reword: {shown}{f' and {more} more' if more > 0 else ''}. "
        "You can do so now: open this report's tracking page, choose “Add to my report” and "
        "write it again without these words. No new report is needed, and no photo twice.",
    )


def _short(typed: str) -> str:
    return typed if len(typed) <= LENGTH else f"{typed[:LENGTH]}…"
