"""How long a text is as an SMS, numbers, routes, and the short form of every message."""

import re

import pytest

from services.notify.domain import TOLD, Outcome, routes
from services.notify.domain import zalo as zalo_rules
from services.notify.domain.sms import fitted, parts, unaccented
from shared.phone import masked, mobile
from shared.vocabulary import Language
from tests.unit.notify_events import TOLD_OF
from tests.unit.test_messages import MESSAGES, owed


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # each with an escape before it
        ("€" * 81, 2),
        ("ạ" * 70, 1),
        ("ạ" * 71, 2),
        ("ạ" * 134, 2),
        ("ạ" * 135, 3),
        ("à" * 160, 1),  # one of the few accented letters that GSM has
        ("😀" * 35, 1),  # two units of UCS-2 each
        ("😀" * 36, 2),
        ("", 1),
    ],
)
def test_how_many_sms_a_text_takes(text: str, count: int):
    assert parts(text) == count


def test_accents_are_left_out_only_where_they_would_make_another_sms():
    short, long = "Đã giao đơn vị xử lý", "Đã giao đơn vị xử lý " * 4

    assert fitted(short, 1) == short
    assert fitted(long, 1) == "Da giao don vi xu ly " * 4
    assert fitted(long, 2) == long
    with pytest.raises(ValueError, match="2 SMS"):
        fitted("ạ" * 200, 1)


def test_every_vietnamese_letter_loses_its_marks():
    text = "ĂÂĐÊÔƠƯăâđêôơư ắằẳẵặ ấầẩẫậ ếềểễệ ốồổỗộ ớờởỡợ ứừửữự ỳỵỷỹý"

    assert unaccented(text).isascii()
    assert unaccented("Đường Nguyễn Thị Minh Khai") == "Duong Nguyen Thi Minh Khai"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0912345678", "84912345678"),
        ("+84 912 345 678", "84912345678"),
        ("84912345678", "84912345678"),
        ("(091) 234-5678", "84912345678"),
        ("+1 202 555 0100", None),
        ("0084912345678", None),
        ("091234567", None),
        ("840912345678", None),
        ("", None),
        (None, None),
    ],
)
def test_a_number_as_providers_want_it(typed: str | None, number: str | None):
    assert mobile(typed) == number


def test_a_log_shows_neither_a_whole_number():
    assert masked("84912345678") == "8491…678"


def test_the_chosen_order_counts_and_what_is_not_there_is_passed_over():
    addresses = {"email": "a@example.com", "sms": "84912345678", "zalo": "84912345678"}

    assert routes(["zalo", "push", "email"], addresses, {"email", "zalo"}) == [
        ("zalo", "84912345678"),
        ("email", "a@example.com"),
    ]
    assert [name for name, _ in routes(None, addresses, {"email", "sms", "push"})] == [
        "email",
        "sms",
    ]
    assert routes([], addresses, {"email"}) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *((each, "rejected") for each in (-108, -114, -118, -119, -134, -139, -141)),
        *((each, "rejected") for each in (-109, -112, -121, -130, -131, -132, -146)),
        *((each, "rejected") for each in (-101, -105, -117, -120, -124, -125, -135, -138, -1351)),
        *((each, "rejected") for each in (-115, -126, -137, -144, -147)),
        (-133, "retry"),
        *((each, "ambiguous") for each in (-100, -129, -99999)),
        (0, "accepted"),
    ],
)
def test_what_an_error_of_zalo_means(error: int, kind: str):
    outcome = zalo_rules.outcome(error, zalo_rules.timedelta(hours=7))

    assert outcome.kind == kind
    assert (outcome.after is not None) is (error == -133)
    assert isinstance(outcome, Outcome)


@pytest.mark.parametrize("language", list(Language))
def test_every_message_has_a_short_form_that_fits_every_channel(language: Language):
    seen: set[str] = set()
    for event, changes in TOLD_OF:
        for template, delivery in owed(event, language, **changes).items():
            seen.add(template)
            words = MESSAGES.short(delivery)
            assert set(words) == {"code", "status", "due", "link"}
            assert 0 < len(words["status"]) <= 30, template
            assert zalo_rules.parameters(words) == words, template  # nothing is cut
            line = MESSAGES.line(MESSAGES.outgoing(delivery, "sms", "84912345678"))
            assert parts(fitted(line, 1)) == 1, template
            # no personal data: a code, fixed words, a time and the public link
            left = line.replace(words["link"], "").replace(words["code"], "")
            assert not re.search(r"@|#|\d{6}", left), template

    assert seen == {row.template for row in TOLD}
