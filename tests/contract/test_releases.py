"""Every version of the contract is a file that nobody changes, or says that it is not released."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.compat import unreleased

Document = dict[str, Any]
ROOT = Path(__file__).parents[2]
RELEASED: dict[str, Document] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "released").glob("*.json"))
}
HOW = """What is not released says so: `version` in pyproject.toml is the next one with `.dev0`;
then `./dev docs`. A release takes the `.dev0` away and adds its document:
python -m json.tool --compact --no-ensure-ascii docs/asyncapi.json \\
    tests/contract/released/VERSION.json"""


@pytest.fixture
def committed() -> Document:
    return json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", RELEASED)
def test_a_released_contract_stands_under_its_own_version(version: str) -> None:
    assert RELEASED[version]["info"]["version"] == version


def test_what_the_version_of_today_promises_was_released_with_it_or_is_said_not_to_be(
    committed: Document,
) -> None:
    assert unreleased(committed, RELEASED) == [], HOW


def nothing(new: Document) -> None:
    del new


def add_a_word(new: Document) -> None:
    new["components"]["messages"]["CaseForwarded"]["summary"] = "Handed on."


def add_an_event(new: Document) -> None:
    messages = new["components"]["messages"]
    messages["New"] = copy.deepcopy(messages["CaseResolved"])


def add_an_optional_field(new: Document) -> None:
    fields = new["components"]["schemas"]["CaseForwarded"]["properties"]
    fields["weather"] = {"type": "string", "default": ""}


@pytest.mark.parametrize(
    ("version", "doctor", "said"),
    [
        ("1.2.0", nothing, []),
        ("1.2.0", add_a_word, []),
        ("1.2.0", add_an_event, ["New: not as 1.2.0 was released"]),
        (
            *("1.2.0", add_an_optional_field),
            ["case.forwarded.v1.data.weather: not as 1.2.0 was released"],
        ),
        ("1.3.0", nothing, ["1.3.0: the version has no released document"]),
        ("1.3.0.dev0", add_an_event, []),
        ("1.10.0.dev0", add_an_event, []),
        ("1.2.0.dev0", add_an_event, ["1.2.0.dev0: 1.2.0 is released already"]),
        ("1.1.9.dev0", nothing, ["1.1.9.dev0: 1.2.0 is released already"]),
    ],
)
def test_nothing_new_goes_under_the_version_of_a_release(
    version: str, doctor: Callable[[Document], None], said: list[str], committed: Document
) -> None:
    new = copy.deepcopy(committed)
    new["info"]["version"] = version
    doctor(new)

    assert unreleased(new, {"1.2.0": committed, "1.1.0": committed}) == said
