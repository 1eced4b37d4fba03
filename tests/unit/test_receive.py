"""A report that is received: the golden due times in the API's own words, and what is held."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.intake.domain.receive import Arrival, receive
from services.intake.domain.report import ReportIn
from services.intake.domain.rules import Rules
from shared.events import CaseHeld, CaseSubmitted
from shared.screening import load_screening, screen
from shared.settings import RULES as FOLDER
from tests.builders import CODE, dalat, state_calendar

RULES = Rules(dalat(), state_calendar())
SCREENING = load_screening(FOLDER / "regulations" / "screening-vi.yaml")
HERE = ZoneInfo("Asia/Ho_Chi_Minh")
CATEGORY = {2: "urban_order", 4: "environment", 8: "service_attitude"}


def receipt(received: str, *, category: str = "other", text: str = "Đèn đường bị hỏng"):
    at = datetime.fromisoformat(received).replace(tzinfo=HERE)
    report = ReportIn.model_validate({"text": text, "category": category, "terms": True})
    return receive(report, Arrival(CODE, at, (), None, None), RULES, screen(text, SCREENING))


# domain.md's table; every row is said as a reporter reads it
GOLDEN = [
    ("2020-01-06 08:00", 2, "xử lý trước 10:00 thứ Hai 06/01 (2 giờ làm việc)"),
    ("2020-01-06 10:30", 2, "xử lý trước 14:30 thứ Hai 06/01 (2 giờ làm việc)"),
    ("2020-01-06 12:05", 2, "xử lý trước 15:30 thứ Hai 06/01 (2 giờ làm việc)"),
    ("2020-01-17 16:30", 2, "xử lý trước 08:30 thứ Hai 20/01 (2 giờ làm việc)"),
    ("2020-01-18 09:00", 4, "xử lý trước 11:30 thứ Hai 20/01 (4 giờ làm việc)"),
    ("2020-01-22 17:00", 4, "xử lý trước 11:00 thứ Năm 30/01 (4 giờ làm việc; nghỉ"),
    ("2019-05-03 17:00", 2, "xử lý trước 09:00 thứ Bảy 04/05 (2 giờ làm việc)"),
    ("2019-05-04 08:00", 8, "xử lý trước 08:00 thứ Hai 06/05 (8 giờ làm việc)"),
    ("2024-04-26 16:00", 4, "xử lý trước 10:00 thứ Năm 02/05 (4 giờ làm việc; nghỉ"),
    ("2024-05-03 17:00", 8, "xử lý trước 17:00 thứ Bảy 04/05 (8 giờ làm việc)"),
    ("2025-04-29 17:15", 2, "xử lý trước 09:15 thứ Hai 05/05 (2 giờ làm việc; nghỉ"),
    ("2025-12-31 17:00", 2, "xử lý trước 09:00 thứ Hai 05/01/2026 (2 giờ làm việc; nghỉ"),
    ("2026-01-10 08:00", 2, "xử lý trước 10:00 thứ Bảy 10/01 (2 giờ làm việc)"),
    ("2026-02-13 15:00", 8, "xử lý trước 15:00 thứ Hai 23/02 (8 giờ làm việc; nghỉ"),
    ("2026-08-21 17:00", 8, "xử lý trước 17:00 thứ Bảy 22/08 (8 giờ làm việc)"),
    ("2026-08-28 17:00", 2, "xử lý trước 09:00 thứ Năm 03/09 (2 giờ làm việc; nghỉ"),
    ("2026-11-23 17:00", 2, "xử lý trước 09:00 thứ Tư 25/11 (2 giờ làm việc; nghỉ"),
    ("2027-02-03 16:30", 4, "xử lý trước 10:30 thứ Năm 11/02 (4 giờ làm việc; nghỉ"),
    ("2026-04-24 17:30", 2, "xử lý trước 09:30 thứ Ba 28/04 (2 giờ làm việc; nghỉ"),
    ("2021-12-31 17:30", 8, "xử lý trước 17:30 thứ Ba 04/01/2022 (8 giờ làm việc; nghỉ"),
]


@pytest.mark.parametrize(("received", "hours", "words"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_the_receipt_says_the_golden_due_time_in_words(received: str, hours: int, words: str):
    answer = receipt(received, category=CATEGORY[hours]).answer

    assert answer["promise"]["vi"].startswith(words.removesuffix(")"))
    assert answer["promise"]["vi"].endswith(")")
    assert ("nghỉ" in answer["promise"]["vi"]) == words.endswith("nghỉ")


def test_an_insult_holds_the_report_with_its_promise_and_asks_to_reword():
    clean = receipt("2026-01-12 08:00")
    rude = receipt("2026-01-12 08:00", text="Đèn đường hỏng mấy tháng, lũ óc chó đéo chịu sửa")

    assert rude.answer["state"] == "held"
    assert rude.answer["reword"]["vi"]
    assert rude.answer["due_at"] == clean.answer["due_at"]
    assert isinstance(rude.facts[-1].event, CaseHeld)
    assert "abuse" in rude.case.snapshot.flags
    assert clean.answer["state"] == "submitted"


def test_the_clock_starts_at_receipt_whatever_the_words():
    rude = receipt("2026-01-12 08:00", text="đm đèn hỏng", category="urban_order")

    assert rude.case.snapshot.due_at - rude.case.snapshot.received_at == timedelta(hours=2)


@pytest.mark.parametrize(
    ("area", "address", "stated"),
    [
        pytest.param("Phường 2", "12 Bùi Thị Xuân, Phường 8", "ward_2", id="the area comes first"),
        pytest.param("khu trung tâm", "12 Bùi Thị Xuân, P.2", "ward_2", id="an area that is none"),
        pytest.param("ward_99", "12 Bùi Thị Xuân, P.2", "ward_2", id="an unknown id"),
        pytest.param("Phường 2, Bảo Lộc", "Phường 2", None, id="an area outside"),
        pytest.param("khu trung tâm", "Phường 2, Bảo Lộc", None, id="an address outside"),
        pytest.param(None, "12 Bùi Thị Xuân, P.2", "ward_2", id="the address alone"),
        pytest.param("khu trung tâm", None, None, id="neither says anything"),
    ],
)
def test_an_area_that_nobody_knows_leaves_the_word_to_the_address(area, address, stated):
    at = datetime(2026, 1, 12, 8, tzinfo=HERE)
    content = {"text": "Đèn đường bị hỏng", "category": "other", "terms": True, "area": area}
    if address:
        content["location"] = {"address": address}
    report = ReportIn.model_validate(content)
    arrival = Arrival(CODE, at, (), None, None)

    found = receive(report, arrival, RULES, screen(report.text, SCREENING))

    event = found.facts[0].event
    assert isinstance(event, CaseSubmitted)
    assert event.stated_area == stated
