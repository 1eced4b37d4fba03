"""Other ways in, the registry of applications, and the map of offices."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.client import City, report
from tests.hostile.pictures import phone_photo


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


def enter(city: City, role: str, channel: str | None, **changes: Any):
    who = city.of_role(role)
    return city.intake.post(
        "/desk/reports", json=report(channel=channel, **changes), headers=who.headers
    )


def test_an_operator_enters_for_somebody_and_both_are_kept(city: City):
    before = city.newest()
    answer = enter(city, "office_clerk", "hotline")
    assert answer.status_code == 201, answer.text
    code = answer.json()["code"]
    city.in_state(answer.json(), "assigned")

    case = city.office().case(code)

    assert case["channel"] == "hotline"
    assert case["entered"]["actor"].startswith("u_")
    assert case["entered"]["by"] == "office"
    [submitted] = [
        each
        for each in city.events_of(code, before, "case.submitted.v1")
        if each["type"] == "case.submitted.v1"
    ]
    assert submitted["data"]["actor"] == case["entered"]["actor"]
    assert submitted["data"]["case"]["channel"] == "hotline"
    rows = city.office().inbox(channel="hotline", limit=200)
    assert code in [each["code"] for each in rows]
    assert {each["channel"] for each in rows} == {"hotline"}


@pytest.mark.parametrize(
    ("role", "channel", "status"),
    [
        ("onestop_clerk", "counter", 201),
        ("onestop_clerk", "hotline", 422),
        ("ioc_operator", "hotline", 201),
        ("office_clerk", "camera", 422),
        ("office_clerk", "web", 422),
        ("office_clerk", None, 422),
        ("officer", "hotline", 403),
        ("leader", "hotline", 403),
    ],
)
def test_each_role_enters_for_its_own_channels(
    city: City, role: str, channel: str | None, status: int
):
    answer = enter(city, role, channel)

    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["errors"][0]["field"] == "channel"


def test_a_reporter_cannot_name_an_operators_channel(city: City):
    answer = city.send(report(channel="hotline"))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "channel"


def test_a_camera_needs_a_key_that_is_shown_once_and_can_be_revoked(city: City):
    administrator = city.of_role("administrator").headers
    made = city.intake.post(
        "/admin/api-keys", json={"name": "Camera hồ Xuân Hương"}, headers=administrator
    )
    assert made.status_code == 201, made.text
    key, identifier = made.json()["key"], made.json()["id"]
    body = {"text": "Phát hiện đổ rác trộm", "category": "environment", "area": "Phường 1"}

    def send(headers: dict[str, str]):
        return city.intake.post("/camera/incidents", json=body, headers=headers)

    taken = send({"X-Api-Key": key})
    assert taken.status_code == 201, taken.text
    assert city.in_state(taken.json(), "assigned")["state"] == "assigned"
    assert city.office().case(taken.json()["code"])["channel"] == "camera"
    for wrong in ({}, {"X-Api-Key": key[:-1] + "x"}, {"X-Api-Key": "ck_000000000000_" + "a" * 43}):
        assert send(wrong).status_code == 401
    listed = city.intake.get("/admin/api-keys", headers=administrator)
    assert key.rpartition("_")[2] not in listed.text
    assert identifier in listed.text
    gone = city.intake.delete(f"/admin/api-keys/{identifier}", headers=administrator)
    assert gone.status_code == 204
    assert send({"X-Api-Key": key}).status_code == 401
    assert city.intake.get("/admin/api-keys", headers=city.leader().headers).status_code == 403


def test_a_key_whose_answer_was_lost_is_shown_again_until_it_is_used(city: City):
    headers = {
        **city.of_role("administrator").headers,
        "Idempotency-Key": f"camera-{uuid.uuid4().hex}",
    }

    def issue(name: str = "Camera chợ"):
        return city.intake.post("/admin/api-keys", json={"name": name}, headers=headers)

    made, again, other = issue(), issue(), issue("Camera khác")

    assert (made.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert made.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    body = {"text": "Phát hiện đổ rác trộm", "category": "environment", "area": "Phường 1"}
    key = {"X-Api-Key": made.json()["key"]}
    assert city.intake.post("/camera/incidents", json=body, headers=key).status_code == 201
    late = issue()
    assert (late.status_code, late.json()["type"].rpartition(":")[2]) == (409, "already_shown")
    listed = city.intake.get("/admin/api-keys", headers=headers).json()["items"]
    assert [each["id"] for each in listed].count(made.json()["id"]) == 1


def test_a_cameras_picture_comes_with_it(city: City):
    administrator = city.of_role("administrator").headers
    made = city.intake.post("/admin/api-keys", json={"name": "Camera"}, headers=administrator)
    parts = [
        ("report", (None, '{"text": "Cháy rác", "category": "environment"}', "application/json")),
        ("media", ("x.jpg", phone_photo(800, 600), "image/jpeg")),
    ]

    answer = city.intake.post(
        "/camera/incidents", files=parts, headers={"X-Api-Key": made.json()["key"]}
    )

    assert answer.status_code == 201, answer.text


def test_the_registry_lists_the_five_and_opens_only_what_it_knows(city: City):
    items = city.intake.get("/apps").json()["items"]
    assert {"planning_portal", "contact_book", "smart_tourism", "office_map", "jobs"} <= {
        each["id"] for each in items
    }

    native = city.intake.get("/apps/office_map/open", follow_redirects=False)
    unset = city.intake.get("/apps/jobs/open", follow_redirects=False)
    elsewhere = city.intake.get(
        "/apps/office_map/open",
        params={"url": "https://evil.example.com", "address": "//evil.example.com"},
        follow_redirects=False,
    )

    assert (native.status_code, native.headers["location"]) == (303, "/map?layer=offices")
    assert elsewhere.headers["location"] == "/map?layer=offices"
    assert unset.status_code == 409
    assert city.intake.get("/apps/nothing_here/open").status_code == 404


def test_an_administrator_keeps_the_registry_and_openings_are_counted(city: City):
    administrator = city.of_role("administrator").headers
    name = f"app_{uuid.uuid4().hex[:8]}"
    body = {
        "title": {"vi": "Cổng thử", "en": "Trial portal"},
        "icon": "link",
        "address": "https://portal.example.com/da-lat",
    }

    def put(**changes: Any):
        return city.intake.put(
            f"/admin/apps/{name}", json={**body, **changes}, headers=administrator
        )

    assert put().status_code == 200
    shown = {each["id"]: each for each in city.intake.get("/apps").json()["items"]}[name]
    assert shown["address"] == body["address"]
    assert shown["links"]["open"].endswith(f"/apps/{name}/open")
    for _ in range(3):
        opened = city.intake.get(f"/apps/{name}/open", follow_redirects=False)
        assert opened.headers["location"] == body["address"]
    listed = city.intake.get("/admin/apps", headers=administrator).json()["items"]
    assert [each["opens"] for each in listed if each["id"] == name] == [3]
    refused = put(address="https://169.254.169.254/")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "address")
    office = city.office().headers
    assert city.intake.put(f"/admin/apps/{name}", json=body, headers=office).status_code == 403
    removed = city.intake.delete(f"/admin/apps/{name}", headers=administrator)
    assert removed.status_code == 204
    assert city.intake.get(f"/apps/{name}/open").status_code == 404


def test_the_nearest_office_comes_first_with_its_distance_and_its_hours(city: City):
    answer = city.intake.get("/units.geojson", params={"lat": 11.9519, "lon": 108.4478})

    assert answer.headers["content-type"] == "application/geo+json"
    found = [each["properties"] for each in answer.json()["features"]]
    distances = [each["distance_m"] for each in found if each["distance_m"] is not None]
    assert distances == sorted(distances)
    assert distances[0] == 0
    assert all(each["opens_at"] and isinstance(each["open_now"], bool) for each in found)
    half = city.intake.get("/units.geojson", params={"lat": 11.9})
    assert half.status_code == 422


def test_the_areas_are_drawn_and_say_that_they_are_a_sketch(city: City):
    body = city.intake.get("/areas.geojson").json()

    assert body["boundaries"] == "schematic"
    assert {each["id"] for each in body["features"]} == {
        each["id"] for each in city.intake.get("/areas").json()["items"]
    }
    assert all(each["geometry"]["type"] == "Polygon" for each in body["features"])


def _camera_key(city: City) -> tuple[str, str]:
    administrator = city.of_role("administrator").headers
    made = city.intake.post("/admin/api-keys", json={"name": "Camera"}, headers=administrator)
    return made.json()["key"], made.json()["id"]


def _incident(city: City, key: str, once: str | None = None, **changes: Any) -> httpx.Response:
    body = {"text": "Phát hiện đổ rác trộm", "category": "environment", "area": "Phường 1"}
    headers = {"X-Api-Key": key, **({"Idempotency-Key": once} if once else {})}
    return city.intake.post("/camera/incidents", json={**body, **changes}, headers=headers)


def test_a_cameras_key_is_changed_without_a_gap(city: City):
    """The new one is issued first; both open until the old one is revoked."""
    administrator = city.of_role("administrator").headers
    old, identifier = _camera_key(city)
    new, _ = _camera_key(city)
    assert {_incident(city, each).status_code for each in (old, new)} == {201}

    for status in (204, 404):
        gone = city.intake.delete(f"/admin/api-keys/{identifier}", headers=administrator)
        assert gone.status_code == status

    assert _incident(city, old).status_code == 401
    assert _incident(city, new).status_code == 201
    listed = city.intake.get("/admin/api-keys", headers=administrator).json()["items"]
    assert next(each for each in listed if each["id"] == identifier)["revoked_at"]


def test_an_incident_that_a_camera_sends_twice_is_one_case(city: City):
    key, _ = _camera_key(city)
    once = uuid.uuid4().hex

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _incident(city, key, once), range(4)))
    other = _incident(city, key, once, text="Một việc khác hẳn, không phải rác")

    taken = [each for each in answers if each.status_code == 201]
    assert taken
    assert {each.json()["code"] for each in taken} == {taken[0].json()["code"]}
    assert {each.status_code for each in answers} <= {201, 409}
    assert (other.status_code, other.json()["type"]) == (
        422,
        "urn:civic:problem:idempotency_key_reused",
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key.upper(),
        lambda key: f"{key} extra",
        lambda key: key[:16] + "A" * 43,  # the right key's id with another secret
        lambda key: f"Bearer {key}",
    ],
)
def test_a_key_that_is_not_quite_right_opens_nothing(city: City, spoil: Callable[[str], str]):
    key, _ = _camera_key(city)

    answer = _incident(city, spoil(key))

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "ApiKey")


def test_an_incident_with_the_cameras_own_number_is_one_case_without_any_key(city: City):
    """The same answer; another body is refused; another camera may count as it likes."""
    (key, _), (other, _) = _camera_key(city), _camera_key(city)
    number = f"cam-7/2026/{uuid.uuid4().hex[:8]}"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _incident(city, key, incident=number), range(4)))
    keyed = _incident(city, key, uuid.uuid4().hex, incident=number)
    changed = _incident(city, key, incident=number, text="Một việc khác hẳn, không phải rác")
    elsewhere = _incident(city, other, incident=number)
    next_one = _incident(city, key, incident=f"{number}-2")

    assert [each.status_code for each in (*answers, keyed)] == [201] * 5
    assert len({each.text for each in (*answers, keyed)}) == 1
    assert keyed.headers["Idempotency-Replayed"] == "true"
    assert (changed.status_code, changed.json()["type"]) == (
        422,
        "urn:civic:problem:idempotency_key_reused",
    )
    codes = {each.json()["code"] for each in (keyed, elsewhere, next_one)}
    assert len(codes) == 3


@pytest.mark.parametrize("number", ["", "a b", "x" * 121, 7])
def test_a_cameras_number_that_is_none_is_refused_at_its_field(city: City, number: Any):
    key, _ = _camera_key(city)

    answer = _incident(city, key, incident=number)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "incident")


PER_KEY = 600  # incidents of one camera in five minutes: INTAKE_INCIDENTS_PER_KEY


def test_a_camera_that_sends_too_much_is_told_when_to_come_back_and_no_other_is(city: City):
    """Refused incidents count as well, so the limit is reached without six hundred cases."""
    (busy, _), (other, _) = _camera_key(city), _camera_key(city)
    for _ in range(PER_KEY):
        assert _incident(city, busy, text="").status_code == 422
    before = city.newest()
    number = uuid.uuid4().hex

    late = _incident(city, busy, incident=number)
    with_picture = city.intake.post(
        "/camera/incidents",
        files=[
            ("report", (None, b"{}", "application/json")),
            ("media", ("x.jpg", phone_photo(800, 600), "image/jpeg")),
        ],
        headers={"X-Api-Key": busy},
    )
    free = _incident(city, other, incident=number)

    assert [each.status_code for each in (late, with_picture, free)] == [429, 429, 201]
    assert late.json()["type"] == "urn:civic:problem:too_many_incidents"
    assert 0 < int(late.headers["Retry-After"]) <= 301
    code = free.json()["code"]
    city.events_of(code, before, "case.assigned.v1")
    page = city.notify.get("/ioc/events", params={"after": before, "limit": 1000}).json()
    opened = {each["subject"] for each in page["items"] if each["type"] == "case.submitted.v1"}
    assert opened == {code}, "nothing of the refused ones was stored"
