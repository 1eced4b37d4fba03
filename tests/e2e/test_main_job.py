"""A report with photo and sound, from the phone to the unit, the clock, the IOC and the mailbox."""

import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from cloudevents.core.v1.event import CloudEvent
from PIL import Image

from tests.e2e.client import City, eventually, report
from tests.hostile import pictures, sounds

IN_ORDER = ("case.submitted.v1", "case.assigned.v1", "deadline.set.v1")


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


@pytest.fixture(scope="module")
def photo() -> bytes:
    return pictures.phone_photo()


@pytest.fixture(scope="module")
def sound() -> bytes:
    return sounds.recording("m4a", 20.0)


def test_a_report_with_photo_and_sound_reaches_everybody(city: City, photo: bytes, sound: bytes):
    before = city.newest()
    body = report()
    assert len(photo) > 2_500_000

    answer = city.send(body, [("a.jpg", photo, "image/jpeg"), ("b.m4a", sound, "audio/mp4")])

    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    case = city.in_state(receipt, "assigned")
    assert (case["unit"], case["monitoring_unit"]) == ("ward_1", "natural_resources")
    assert case["due_at"] == receipt["due_at"]
    events = city.events_of(receipt["code"], before, *IN_ORDER)
    said = [each["type"] for each in events if each["type"] in IN_ORDER]
    assert said == list(IN_ORDER)
    subjects = city.mails_to(body["reporter"]["email"], 2)
    assert all(receipt["code"] in subject for subject in subjects)


def test_no_event_carries_a_name_a_contact_or_a_word_of_the_text(city: City):
    before = city.newest()
    body = report(location={"lat": 11.9404, "lon": 108.4583, "address": "12 Phan Đình Phùng, P.2"})
    receipt = city.send(body).json()

    events = city.events_of(receipt["code"], before, *IN_ORDER)

    wire = json.dumps(events, ensure_ascii=False).lower()
    reporter = body["reporter"]
    for secret in (reporter["name"], reporter["phone"], reporter["email"], "phan đình phùng"):
        assert secret.lower() not in wire
    for words in (body["text"], "bốc mùi"):
        assert words.lower() not in wire


def test_every_event_is_a_cloudevent(city: City):
    before = city.newest()
    receipt = city.send(report()).json()

    for event in city.events_of(receipt["code"], before, *IN_ORDER):
        data = event.pop("data")
        event.pop("offset")
        parsed = CloudEvent({**event, "time": datetime.fromisoformat(event["time"])}, data)
        assert parsed.get_subject() == receipt["code"]


def test_the_own_view_shows_all_of_it_and_the_public_view_nothing_personal(
    city: City, photo: bytes
):
    body = report()
    receipt = city.send(body, [("a.jpg", photo, "image/jpeg")]).json()

    own = city.own(receipt)
    public = city.intake.get(f"/reports/{receipt['code']}").json()

    assert own["text"] == body["text"]
    assert [each["kind"] for each in own["media"]] == ["image"]
    assert "text" not in public
    assert public["media"] == {"image": 1, "audio": 0}
    assert receipt["tracking_token"] not in json.dumps(public)


def test_media_come_back_without_exif_and_the_original_is_what_was_sent(city: City):
    exif = pictures.exif_block(gps=pictures.GPS_OF_THE_MARKET)
    sent = pictures.photo(1200, 900, exif=exif)
    receipt = city.send(report(), [("a.jpg", sent, "image/jpeg")]).json()
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}

    copies = {
        variant: city.intake.get(
            f"/reports/{receipt['code']}/media/m1", params={"variant": variant}, headers=headers
        )
        for variant in ("original", "public", "thumbnail")
    }

    assert copies["original"].content == sent
    for variant in ("public", "thumbnail"):
        answer = copies[variant]
        assert answer.status_code == 200
        assert not Image.open(io.BytesIO(answer.content)).getexif()
        assert answer.headers["x-content-type-options"] == "nosniff"
    own = city.own(receipt)["location"]
    assert (round(own["lat"], 3), round(own["lon"], 3), own["source"]) == (11.943, 108.437, "exif")


def test_a_range_of_a_recording_can_be_asked_for(city: City, sound: bytes):
    receipt = city.send(report(), [("b.m4a", sound, "audio/mp4")]).json()
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}", "Range": "bytes=10-19"}

    answer = city.intake.get(
        f"/reports/{receipt['code']}/media/m1", params={"variant": "original"}, headers=headers
    )

    assert answer.status_code == 206
    assert answer.content == sound[10:20]
    assert answer.headers["content-range"] == f"bytes 10-19/{len(sound)}"


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        pytest.param("bytes=-500", 206, -500, None, id="its end"),
        pytest.param("bytes=5-2", 200, 0, None, id="nonsense is not looked at"),
        pytest.param("bytes=0-1,5-9", 200, 0, None, id="several: the whole"),
        pytest.param("bytes=999999999-", 416, 0, 0, id="beyond the end"),
    ],
)
def test_odd_ranges_are_served_ignored_or_refused(
    city: City, sound: bytes, asked: str, status: int, first: int, last: int | None
):
    receipt = city.send(report(), [("b.m4a", sound, "audio/mp4")]).json()
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}", "Range": asked}

    answer = city.intake.get(
        f"/reports/{receipt['code']}/media/m1", params={"variant": "original"}, headers=headers
    )

    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(sound)}"
    else:
        assert answer.content == sound[first:last]


def test_media_are_nobody_elses_business(city: City, photo: bytes):
    receipt = city.send(report(), [("a.jpg", photo, "image/jpeg")]).json()
    other = city.send(report()).json()
    path = f"/reports/{receipt['code']}/media/m1"

    without = city.intake.get(path)
    foreign = city.intake.get(path, headers={"Authorization": f"Bearer {other['tracking_token']}"})

    assert without.status_code == 404
    assert foreign.status_code == 401


def test_the_same_key_gives_the_same_case_and_the_same_answer(city: City):
    body = report()
    key = {"Idempotency_Key": body["reporter"]["email"]}

    first, second = city.send(body, **key), city.send(body, **key)
    other = city.send(report(text="Chuyện khác"), **key)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"


def test_the_same_key_with_media_stores_them_once(city: City, photo: bytes):
    body = report()
    files = [("a.jpg", photo, "image/jpeg")]
    key = {"Idempotency_Key": body["reporter"]["email"]}

    first, second = city.send(body, files, **key), city.send(body, files, **key)
    without = city.send(body, [("a.jpg", pictures.photo(), "image/jpeg")], **key)

    assert first.json() == second.json()
    assert without.status_code == 422


def test_an_emergency_is_taken_and_answered_with_the_number_to_call(city: City):
    answer = city.send(report(text="Cháy nhà ở hẻm 5, khói rất lớn", category=None))

    assert answer.status_code == 201
    assert "114" in {each["number"] for each in answer.json()["emergency"]}
    assert "emergency" in answer.json()["flags"]


def test_without_a_category_the_suggestion_is_taken_and_marked(city: City):
    body = report(category=None, text="Quán ăn dùng thực phẩm ôi thiu, khách bị ngộ độc thực phẩm")

    receipt = city.send(body).json()
    case = city.in_state(receipt, "assigned")

    assert receipt["category"] is None
    assert (case["category"], case["category_origin"]) == ("food_safety", "suggested")
    assert case["unit"] == "ward_1"


def test_a_report_about_home_affairs_goes_to_the_leaders(city: City):
    body = report(category="service_attitude", about_unit="home_affairs", area=None)

    case = city.in_state(city.send(body).json(), "assigned")

    assert case["unit"] == "leaders"


def test_the_steps_are_told_in_words(city: City):
    receipt = city.send(report()).json()
    city.in_state(receipt, "assigned")

    steps = city.intake.get(f"/reports/{receipt['code']}/events").json()["items"]

    assert [each["type"] for each in steps] == ["case.submitted.v1", "case.assigned.v1"]
    assert steps[1]["unit_name"]["vi"]
    assert [each["sequence"] for each in steps] == [1, 2]


def test_a_browser_that_was_cut_off_goes_on_where_it_was(city: City):
    before = city.newest()
    receipt = city.send(report()).json()
    events = city.events_of(receipt["code"], before, *IN_ORDER)
    middle = events[0]["offset"]

    with city.notify.stream("GET", "/ioc/stream", headers={"Last-Event-ID": str(middle)}) as stream:
        first = next(line for line in stream.iter_lines() if line.startswith("id: "))

    assert re.fullmatch(rf"id: {middle + 1}\.[0-9a-f]{{8}}", first)


def test_the_summary_counts_the_case_where_it_lies(city: City):
    def of_ward() -> int:
        units = city.notify.get("/ioc/summary").json()["by_unit"]
        return next((each["open"] for each in units if each["unit"] == "ward_7"), 0)

    before = of_ward()  # no other test reports from there
    city.send(report(area="Phường 7"))

    eventually(lambda: of_ward() == before + 1)


@pytest.mark.parametrize("name", ["intake", "router", "sla", "notify"])
def test_every_service_answers_its_probes(stack: dict[str, Any], name: str):
    base = stack[name]

    assert httpx.get(f"{base}/health/live").status_code == 200
    assert httpx.get(f"{base}/health/ready").json()["status"] == "ready"
    assert "civic_" in httpx.get(f"{base}/metrics").text
