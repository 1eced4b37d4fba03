"""What anybody sees of where things are: the map, known cases nearby, following one."""

import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.client import City, eventually, report


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


def somewhere() -> tuple[float, float]:
    """A place of the test's own: nothing else of the run lies within a kilometre."""
    return round(random.uniform(11.5, 11.7), 7), round(random.uniform(108.1, 108.3), 7)


def sent_at(city: City, lat: float, lon: float, **changes: Any) -> dict[str, Any]:
    return city.send(report(location={"lat": lat, "lon": lon}, **changes)).json()


def nearby(city: City, lat: float, lon: float, **query: Any) -> dict[str, Any]:
    answer = city.intake.get("/reports/similar", params={"lat": lat, "lon": lon, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_open_case_is_found_nearby_and_its_exact_place_is_not(city: City):
    lat, lon = somewhere()
    code = sent_at(city, lat, lon)["code"]

    found = nearby(city, lat + 0.001, lon, text="rác thải bốc mùi")

    assert found["category"] == "environment"
    assert [(each["code"], each["same_category"]) for each in found["items"]] == [(code, True)]
    assert found["items"][0]["distance_m"] % 10 == 0
    assert "place" not in found["items"][0]
    assert nearby(city, lat + 0.02, lon)["items"] == []


def test_the_map_shows_the_cell_and_not_the_place(city: City):
    lat, lon = somewhere()
    code = sent_at(city, lat, lon)["code"]
    hidden = sent_at(city, lat, lon, category="service_attitude", text="Cán bộ quát nạt dân")
    box = f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}"

    answer = city.intake.get("/map/reports.geojson", params={"bbox": box})

    assert answer.headers["content-type"] == "application/geo+json"
    [feature] = answer.json()["features"]
    assert feature["id"] == code != hidden["code"]
    assert feature["geometry"]["coordinates"] == [round(lon, 3), round(lat, 3)]
    assert feature["properties"]["mark"] in {"open", "soon", "overdue"}


@pytest.mark.parametrize("bbox", ["1,2,3", "108,12,107,13", "x,y,z,w", "nan,1,2,3"])
def test_a_box_that_is_none_is_refused_at_its_field(city: City, bbox: str):
    answer = city.intake.get("/map/reports.geojson", params={"bbox": bbox})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "bbox"


def test_a_follower_counts_once_per_key_and_can_leave(city: City):
    code = city.send(report()).json()["code"]
    key = {"Idempotency-Key": uuid.uuid4().hex}

    first = city.intake.post(f"/reports/{code}/follow", headers=key)
    again = city.intake.post(f"/reports/{code}/follow", headers=key)
    other = city.intake.post(f"/reports/{code}/follow")

    assert (first.status_code, first.json()["followers"]) == (201, 1)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert other.json()["followers"] == 2
    assert city.intake.get(f"/reports/{code}").json()["followers"] == 2
    token = {"Authorization": f"Bearer {first.json()['follow_token']}"}
    left = city.intake.delete(f"/reports/{code}/follow", headers=token)
    assert (left.status_code, left.json()["followers"]) == (200, 1)
    assert city.intake.delete(f"/reports/{code}/follow", headers=token).status_code == 401


def test_the_operations_centre_hears_of_followers_and_no_official_is_held_up_by_them(city: City):
    before = city.newest()
    receipt = city.send(report()).json()
    city.in_state(receipt, "assigned")
    ward = city.official("ward_1", "officer")
    seen = ward.get(receipt["code"]).headers["ETag"]

    city.intake.post(f"/reports/{receipt['code']}/follow")

    def heard() -> bool:
        events = city.notify.get("/ioc/events", params={"after": before, "limit": 1000}).json()
        return any(
            each["type"] == "case.followed.v1" and each["subject"] == receipt["code"]
            for each in events["items"]
        )

    eventually(heard)
    answer = city.intake.post(
        f"/desk/cases/{receipt['code']}/accept",
        json={},
        headers={**ward.headers, "If-Match": seen},
    )
    assert answer.status_code == 200, answer.text
    steps = city.intake.get(f"/reports/{receipt['code']}/events").json()["items"]
    assert "case.followed.v1" not in [each["type"] for each in steps]


def test_the_clock_of_a_case_says_whether_it_counts_down(city: City):
    code = city.send(report()).json()["code"]

    clock = city.intake.get(f"/reports/{code}").json()["clock"]

    assert {"as_of", "running", "left_s", "next_opening", "due_at"} <= clock.keys()
    assert clock["kind"] == "working"
    assert clock["stopped"] is False
    assert 0 < clock["left_s"] <= 4 * 3600
