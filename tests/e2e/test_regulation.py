"""The living regulation: tried first, then published; open cases keep what they were promised."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deploy.local import stack as stacks
from tests.e2e.client import City, eventually, report


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    """A stack of its own: what is published here is published for good."""
    with stacks.temporary(with_services=True, say=print) as layout:
        city = City.at(layout.stack_file)
        yield city
        city.close()


def put(city: City, text: str, **params: str) -> httpx.Response:
    administrator = city.of_role("administrator")
    return city.intake.put(
        "/admin/regulation",
        params=params,
        content=text.encode(),
        headers={**administrator.headers, "Content-Type": "application/yaml"},
    )


def text_in_force(city: City) -> dict[str, Any]:
    headers = city.of_role("administrator").headers
    return city.intake.get("/admin/regulation", headers=headers).json()


def test_a_new_edition_is_tried_then_published_and_open_cases_keep_their_own(city: City):
    old = city.send(report(category="environment")).json()
    before = city.in_state(old, "assigned")
    text = text_in_force(city)["text"]
    changed = text.replace('version: "2020-1"', 'version: "2026-2"')
    place = changed.index("  - id: environment")
    limit = changed.index("limit_hours: 4", place)
    changed = changed[:limit] + "limit_hours: 8" + changed[limit + len("limit_hours: 4") :]

    trial = put(city, changed).json()
    refused = put(city, changed + "\n# other", confirm=trial["digest"])
    published = put(city, changed, confirm=trial["digest"])

    assert not trial["published"]
    assert trial["would_expire_otherwise"] == 1
    assert trial["differences"][0]["code"] == old["code"]
    assert refused.status_code == 412
    assert published.status_code == 201
    new = eventually(
        lambda: (
            found
            if (found := city.send(report(category="environment")).json())["limit_hours"] == 8
            else None
        )
    )
    city.in_state(new, "assigned")
    after = city.intake.get(f"/reports/{old['code']}").json()
    assert (after["limit_hours"], after["due_at"]) == (4, before["due_at"])


def test_a_published_version_is_never_altered(city: City):
    text = text_in_force(city)["text"]

    answer = put(city, text + "\n# a remark\n")

    assert answer.status_code == 409


def test_a_contradiction_is_refused_at_its_line(city: City):
    text = text_in_force(city)["text"].replace("limit_hours: 2", "limit_hours: 0", 1)
    line = next(
        number for number, each in enumerate(text.splitlines(), 1) if "limit_hours: 0" in each
    )

    answer = put(city, text)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"line {line}"


def test_what_a_rule_file_cannot_mean_is_refused_at_its_line(city: City):
    text = text_in_force(city)["text"]

    answer = put(city, text + 'more: !!bool "x"\n')

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"line {len(text.splitlines()) + 1}"


def test_a_report_that_was_taken_has_its_answer_also_under_stricter_rules(city: City):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = report(category="forest", reporter={"anonymity": "anonymous"})
    first = city.intake.post("/reports", json=body, headers=key)
    assert first.status_code == 201
    text = re.sub(
        r"^version: .*$", 'version: "2026-9"', text_in_force(city)["text"], flags=re.MULTILINE
    )
    place = text.index("identity: optional", text.index("  - id: forest\n"))
    stricter = text[:place] + text[place:].replace("optional", "required", 1)
    assert put(city, stricter, confirm=put(city, stricter).json()["digest"]).status_code == 201
    eventually(lambda: city.intake.post("/reports", json=body).status_code == 422)

    again = city.intake.post("/reports", json=body, headers=key)
    other = city.intake.post("/reports", json={**body, "text": "Một nội dung khác"}, headers=key)

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert other.json()["type"].endswith("key_reused")


@pytest.mark.parametrize("role", ["officer", "office_clerk", "leader", "ioc_operator"])
def test_only_an_administrator_touches_the_regulation(city: City, role: str):
    headers = city.of_role(role).headers

    assert city.intake.get("/admin/regulation", headers=headers).status_code == 403
    assert city.intake.put("/admin/regulation", headers=headers).status_code == 403
    assert city.intake.get("/admin/regulation").status_code == 401
