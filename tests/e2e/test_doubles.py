"""`./dev up --doubles`: every channel tried by hand, and nothing of it without the word."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import doubles, stackfile
from deploy.local import stack as stacks
from deploy.local.credentials import load_or_make
from deploy.local.layout import Layout
from deploy.local.services import service_environment
from tests.e2e.client import City, eventually, report

ALWAYS = {"from": "00:00", "until": "00:00"}  # the same twice: no quiet hours


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with stacks.temporary(with_services=True, say=print, doubles=True) as layout:
        opened = City.at(layout.stack_file)
        yield opened
        opened.close()


def kept(city: City, provider: str, about: str) -> dict[str, Any] | None:
    """The first line about a case in the file that stack.json names."""
    path = Path(city.stack["doubles"][provider])
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((json.loads(each) for each in lines if about in each), None)


def chosen(city: City, *channels: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A report whose sender is told on these channels, by day and by night."""
    receipt = city.send(report()).json()
    own = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    wish = {"channels": list(channels), "phone": "0912 345 678", "quiet": ALWAYS}
    path = f"/reports/{receipt['code']}/notifications"
    answer = city.intake.put(path, json=wish, headers=own)
    assert answer.status_code == 200, answer.text
    return receipt, own


def test_an_sms_is_kept_and_its_receipt_ends_the_delivery(city: City):
    receipt, _ = chosen(city, "sms")
    city.in_state(receipt, "assigned")
    city.reporter(receipt, "withdraw")
    code = receipt["code"]

    found = eventually(lambda: kept(city, "sms", code), 30)

    assert found["Phone"] == "84912345678"
    assert code in found["Content"]
    # nothing of it is among what did not arrive
    office = city.office()
    answer = city.notify.get("/deliveries", params={"code": code}, headers=office.headers)
    assert [e["channel"] for e in answer.json()["items"] if e["channel"] == "sms"] == []


def test_a_zalo_message_is_kept_with_its_parameters(city: City):
    receipt, _ = chosen(city, "zalo")
    city.in_state(receipt, "assigned")

    found = eventually(lambda: kept(city, "zalo", receipt["code"]), 30)

    assert found["phone"] == "84912345678"
    assert set(found["template_data"]) == {"code", "status", "due", "link"}


def test_a_push_is_kept_as_the_browser_reads_it(city: City):
    receipt, own = chosen(city, "push", "email")
    subscription = json.loads(Path(city.stack["doubles"]["push_subscription"]).read_text())
    body = {**subscription, "code": receipt["code"]}

    def subscribed() -> bool:  # 409 until notify has heard of the report
        return city.notify.post("/push/subscriptions", json=body, headers=own).status_code == 201

    eventually(subscribed, 30)
    city.in_state(receipt, "assigned")
    official = city.official("ward_1", "officer")
    official.act(receipt["code"], "messages", text="Đề nghị cho biết thêm vị trí")

    assert eventually(lambda: kept(city, "push", receipt["code"]), 30)


def test_a_webhook_is_kept_and_its_signature_is_right(city: City):
    operator = city.of_role("ioc_operator")
    where = city.stack["doubles"]
    made = city.notify.post(
        "/webhooks",
        json={"url": where["webhook_url"], "types": ["case.*"]},
        headers=operator.headers,
    )
    assert made.status_code == 201, made.text
    Path(where["webhook_secret"]).write_text(made.json()["secret"])
    code = city.send(report()).json()["code"]

    found = eventually(lambda: kept(city, "webhooks", code), 30)

    assert found["right"] is True
    assert found["body"]["data"]["code"] == code


def test_the_doubles_are_supervised_like_the_rest(city: City):
    assert city.stack["pids"]["doubles"]


def test_without_the_word_nobody_is_told_but_the_mail_sink(tmp_path: Path):
    layout = Layout(tmp_path)
    secrets = load_or_make(layout.secrets_file)

    environment = service_environment(layout, secrets)

    assert doubles.doubles(layout) == []
    assert "doubles" not in stackfile.describe(layout, secrets)
    told = [name for name in environment if "SMS" in name or "ZALO" in name or "TEST_HOSTS" in name]
    assert told == []
