"""A report, its mails, the choice of a channel, and the way out, over HTTP."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import City, eventually, report


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


def text_of_a_mail(city: City, address: str) -> str:
    def look() -> str | None:
        for path in Path(city.stack["mail"]).glob("*.eml"):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            if mail["X-Envelope-To"] == address:
                return mail.get_content()
        return None

    return eventually(look)


def test_a_reporter_reads_and_changes_how_they_are_told(city: City):
    receipt = city.send(report()).json()
    path = f"/reports/{receipt['code']}/notifications"
    headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}

    before = city.intake.get(path, headers=headers).json()
    chosen = city.intake.put(path, json={"channels": ["push", "email"]}, headers=headers)
    stranger = city.intake.get(path)
    abroad = city.intake.put(
        path, json={"channels": ["sms"], "phone": "+1 202 555 0100"}, headers=headers
    )
    twice = city.intake.put(path, json={"channels": ["sms", "sms"]}, headers=headers)

    assert before["channels"] is None
    assert before["addresses"]["email"] is True
    assert chosen.json()["channels"] == ["push", "email"]
    assert stranger.status_code == 401
    assert (abroad.status_code, abroad.json()["errors"][0]["field"]) == (422, "phone")
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (422, "channels")


def test_the_link_of_a_mail_ends_all_mails_to_that_address_without_a_sign_in(city: City):
    body = report()
    address = body["reporter"]["email"]
    city.send(body)
    mail = text_of_a_mail(city, address)
    token = re.search(r"/opt-out#(\S+)", mail)
    assert token

    page = city.intake.get(f"{city.stack['intake']}/opt-out")
    done = city.intake.post("/notifications/opt-out", json={"token": token[1]})
    wrong = city.intake.post("/notifications/opt-out", json={"token": f"{token[1]}x"})

    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert done.json() == {"channel": "email", "opted_out": True}
    assert wrong.status_code == 404
    code = eventually(lambda: _silenced(city, body))
    assert code.startswith("DL-")


def _silenced(city: City, body: dict[str, Any]) -> str | None:
    """Send again with the same address until the list of the Office says that it opted out."""
    code = city.send(body).json()["code"]
    office = city.office()

    def look() -> str | None:
        answer = city.notify.get("/deliveries", params={"code": code}, headers=office.headers)
        assert answer.status_code == 200, answer.text
        return next((e["reason"] for e in answer.json()["items"]), None)

    try:
        return code if eventually(look, wait_s=2) == "opted_out" else None
    except AssertionError:
        return None


def test_officials_of_the_stack_are_told_by_mail(city: City):
    # an emergency: the test runs at night, too
    text = "Cháy nhà, lửa đang lan sang hàng xóm, có người bị thương"
    receipt = city.send(report(area="Phường 1", category="environment", text=text)).json()
    city.in_state(receipt, "assigned")

    subjects = city.mails_to("officer.ward_1@dalat.example", 1)

    assert all(re.match(r"\[DL-", each) for each in subjects)


def test_an_official_chooses_order_telephone_and_quiet_hours(city: City):
    headers = city.official("ward_1", "officer").headers
    path = "/auth/me/notifications"
    before = city.intake.get(path, headers=headers).json()
    wish = {
        "channels": ["sms", "email"],
        "phone": "0912 345 678",
        "quiet": {"from": "20:30", "until": "07:00"},
    }

    chosen = city.intake.put(path, json=wish, headers=headers)
    again = city.intake.get(path, headers=headers).json()
    back = city.intake.put(path, json={}, headers=headers).json()

    assert (before["channels"], before["quiet"], before["addresses"]["email"]) == (None, None, True)
    assert chosen.status_code == 200, chosen.text
    assert again == chosen.json()
    assert (again["channels"], again["quiet"]) == (wish["channels"], wish["quiet"])
    assert again["phone"] == "84912345678"  # one's own, so that saving the rest does not lose it
    colleague = city.official("ward_2", "officer").headers
    assert "345" not in str(city.intake.get(path, headers=colleague).json())
    assert back == before
    assert city.intake.get(path).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channels": []}, "channels"),
        ({"channels": ["sms"]}, "phone"),
        ({"channels": ["email", "email"]}, "channels"),
        ({"phone": "+1 202 555 0100"}, "phone"),
        ({"quiet": {"from": "25:00", "until": "07:00"}}, "quiet.from"),
        ({"quiet": {"from": "22:00"}}, "quiet.until"),
        ({"quiet": {"from": "22:00+07:00", "until": "06:00"}}, "quiet.from"),
    ],
)
def test_a_wrong_choice_of_an_official_is_refused_at_its_field(
    city: City, body: dict[str, Any], field: str
):
    headers = city.official("ward_1", "officer").headers

    answer = city.intake.put("/auth/me/notifications", json=body, headers=headers)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
