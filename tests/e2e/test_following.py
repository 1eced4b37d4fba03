"""Following a report and hearing of it: an address is told nothing until its owner has said yes."""

import random
import re
import uuid
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.client import City, eventually, report

SENDERS = 60  # wishes with an address from one place in five minutes: INTAKE_ADDRESSES_PER_SENDER


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


@pytest.fixture
def receipt(city: City) -> dict[str, Any]:
    return city.send(report()).json()


@pytest.fixture
def address() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.com"


def follow(city: City, code: str, address: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Follow by mail; the answer, and the header that shows whose it is."""
    wish = {"channels": ["email"], "email": address}
    answer = city.intake.post(f"/reports/{code}/follow", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json(), {"Authorization": f"Bearer {answer.json()['follow_token']}"}


def mails(city: City, address: str) -> list[Message]:
    found = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(Path(city.stack["mail"]).glob("*.eml"))
    ]
    return [each for each in found if each["To"] == address]


def question(city: City, address: str) -> tuple[str, str]:
    """The code and the link's token of the one question that an address got."""
    [mail] = eventually(lambda: mails(city, address))
    code = re.search(r"Mã xác nhận (\d{6})", str(mail["Subject"]))
    link = re.search(r"/confirm#(\S+)", mail.get_content())
    assert code
    assert link
    return code[1], link[1]


def test_a_strangers_address_gets_one_question_and_nothing_of_the_case(
    city: City, receipt: dict[str, Any], address: str
):
    code = receipt["code"]
    started, own = follow(city, code, address)
    question(city, address)
    city.in_state(receipt, "assigned")
    # one who did confirm shows when the case's news has gone out
    known = f"{uuid.uuid4().hex[:12]}@example.com"
    _, theirs = follow(city, code, known)
    digits, _ = question(city, known)
    done = city.intake.post(
        f"/reports/{code}/follow/confirm", json={"code": digits}, headers=theirs
    )

    city.reporter(receipt, "withdraw")
    eventually(lambda: len(mails(city, known)) == 2)

    assert started["unconfirmed"] == ["email"]
    assert (done.status_code, done.json()["unconfirmed"]) == (200, []), done.text
    assert done.json()["confirm_until"] is None
    assert len(mails(city, address)) == 1
    shown = city.intake.get(f"/reports/{code}/follow", headers=own).json()
    assert (shown["channels"], shown["unconfirmed"]) == (["email"], ["email"])
    assert shown["confirm_until"]


def test_the_link_confirms_without_the_browser_that_followed(
    city: City, receipt: dict[str, Any], address: str
):
    follow(city, receipt["code"], address)
    _, token = question(city, address)

    first, again = (
        city.intake.post("/notifications/confirm", json={"token": token}) for _ in range(2)
    )
    wrong = city.intake.post("/notifications/confirm", json={"token": f"{token}x"})

    assert first.json() == {"code": receipt["code"], "confirmed": "email", "unconfirmed": []}
    assert (first.status_code, again.json(), wrong.status_code) == (200, first.json(), 404)


def test_nobody_finds_out_by_following_whether_an_address_is_known(
    city: City, receipt: dict[str, Any], address: str
):
    """Asked already, or never heard of: the answers are alike, and so is a wrong code."""
    follow(city, receipt["code"], address)
    answers: list[Any] = []
    for each in (address, f"{uuid.uuid4().hex[:12]}@example.com"):
        started, own = follow(city, receipt["code"], each)
        path = f"/reports/{receipt['code']}/follow"
        wrong = city.intake.post(f"{path}/confirm", json={"code": "000000"}, headers=own)
        shown = city.intake.get(path, headers=own).json()
        answers.append(
            (
                started["unconfirmed"],
                wrong.status_code,
                wrong.json(),
                shown.keys(),
                shown["channels"],
            )
        )

    assert answers[0] == answers[1]
    assert answers[0][1] == 422
    assert len(eventually(lambda: mails(city, address))) == 1


def from_somewhere() -> httpx.HTTPTransport:
    """A loopback address that nobody has sent from."""
    return httpx.HTTPTransport(
        local_address=f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.2"
    )


def test_one_sender_gives_so_many_addresses_and_another_is_not_held_up(
    city: City, receipt: dict[str, Any]
):
    path = f"{city.stack['intake']}/api/v1/reports/{receipt['code']}/follow"

    def wish(client: httpx.Client) -> httpx.Response:
        # a refused one counts as well: whoever tries addresses is as busy as who has them
        body = {"channels": ["email"], "email": f"{uuid.uuid4().hex[:12]}@example.com"}
        return client.post(path, json=body, headers={"Idempotency-Key": "k x"})

    with httpx.Client(transport=from_somewhere()) as busy:
        answers = [wish(busy) for _ in range(SENDERS + 1)]
        counted = busy.post(path)
    with httpx.Client(transport=from_somewhere()) as other:
        free = wish(other)

    assert [each.status_code for each in answers] == [400] * SENDERS + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 301
    assert (counted.status_code, free.status_code) == (201, 400)  # without an address nobody waits


def test_a_follower_hears_the_end_by_mail_and_one_click_ends_their_mails(
    city: City, receipt: dict[str, Any], address: str
):
    """Counted, asked, told what is public, and out again as a mail program does it."""
    code = receipt["code"]
    wish = {"channels": ["email"], "email": address}
    key = {"Idempotency-Key": uuid.uuid4().hex}

    first = city.intake.post(f"/reports/{code}/follow", json=wish, headers=key)
    again = city.intake.post(f"/reports/{code}/follow", json=wish, headers=key)
    other = city.intake.post(
        f"/reports/{code}/follow", json={**wish, "email": "x@example.com"}, headers=key
    )

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    token = {"Authorization": f"Bearer {first.json()['follow_token']}"}
    shown = city.intake.get(f"/reports/{code}/follow", headers=token).json()
    assert (shown["channels"], shown["addresses"]["email"]) == (["email"], True)
    assert address not in str(shown)
    assert city.intake.get(f"/reports/{code}/follow").status_code == 401
    digits, _ = question(city, address)
    confirmed = city.intake.post(
        f"/reports/{code}/follow/confirm", json={"code": digits}, headers=token
    )
    assert confirmed.status_code == 200, confirmed.text
    city.in_state(receipt, "assigned")
    city.reporter(receipt, "withdraw")
    mail = eventually(lambda: next(iter(_about(city, address, "đã được rút")), None))
    link = str(mail["List-Unsubscribe"]).strip("<>")
    way = link.partition("/api/v1")[2]
    seen = city.intake.get(way, follow_redirects=False)
    assert (seen.status_code, seen.headers["location"].partition("#")[0]) == (303, "/opt-out")
    ended = city.intake.post(way, data={"List-Unsubscribe": "One-Click"})
    assert (ended.status_code, ended.json()) == (200, {"channel": "email", "opted_out": True})
    assert city.intake.post(f"{way}x").status_code == 404


def test_a_key_stands_for_one_wish_also_for_one_without_an_address(
    city: City, receipt: dict[str, Any], address: str
):
    path = f"/reports/{receipt['code']}/follow"
    key, wish = {"Idempotency-Key": uuid.uuid4().hex}, {"channels": ["email"], "email": address}
    first = city.intake.post(path, headers=key)
    other = city.intake.post(path, json=wish, headers=key)
    again = city.intake.post(path, headers=key)

    assert (first.status_code, other.status_code, again.status_code) == (201, 422, 201)
    assert other.json()["type"] == "urn:civic:problem:idempotency_key_reused"
    assert again.json()["follow_token"] == first.json()["follow_token"]
    own = {"Authorization": f"Bearer {first.json()['follow_token']}"}
    assert city.intake.get(path, headers=own).json()["channels"] == []

    # chosen otherwise meanwhile: the key still stands for what was sent under it
    assert city.intake.put(path, json=wish, headers=own).status_code == 200
    assert city.intake.post(path, headers=key).status_code == 201
    # who left and comes again counts again
    assert city.intake.delete(path, headers=own).json()["followers"] == 0
    assert city.intake.post(path, headers=key).json()["followers"] == 1


def _about(city: City, address: str, subject: str) -> list[Message]:
    return [each for each in mails(city, address) if subject in str(each["Subject"])]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"channels": ["email"]}, "email"),
        ({"channels": ["sms"], "phone": "+1 202 555 0100"}, "phone"),
        ({"channels": ["pigeon"]}, "channels[0]"),
        ({"channels": ["email"], "email": "nobody"}, "email"),
    ],
)
def test_a_wrong_wish_of_a_follower_is_refused_and_nobody_is_counted(
    city: City, wish: dict[str, Any], field: str
):
    code = city.send(report()).json()["code"]

    answer = city.intake.post(f"/reports/{code}/follow", json=wish)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    assert city.intake.get(f"/reports/{code}").json()["followers"] == 0


def test_a_follower_changes_how_they_are_told(city: City):
    code = city.send(report()).json()["code"]
    token = city.intake.post(f"/reports/{code}/follow").json()["follow_token"]
    own = {"Authorization": f"Bearer {token}"}

    none = city.intake.get(f"/reports/{code}/follow", headers=own).json()
    body = {"channels": ["sms", "email"], "email": "a@example.com", "phone": "0912 345 678"}
    chosen = city.intake.put(f"/reports/{code}/follow", json=body, headers=own)
    less = city.intake.put(f"/reports/{code}/follow", json={"channels": ["email"]}, headers=own)

    assert none["channels"] == []
    assert chosen.json()["channels"] == ["sms", "email"], chosen.text
    assert chosen.json()["unconfirmed"] == ["sms", "email"]
    assert (less.json()["channels"], less.json()["unconfirmed"]) == (["email"], ["email"])
    assert less.json()["addresses"] == {"email": True, "zalo": True, "sms": True}
