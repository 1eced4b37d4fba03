"""Every released contract is kept; and the check that says so finds each kind of break."""

import copy
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.asyncapi import asyncapi_document
from deploy.compat import breaks

# One AsyncAPI document per released version; a release adds its own, nobody ever changes one.
RELEASED = sorted((Path(__file__).parent / "released").glob("*.json"))
Document = dict[str, Any]


@pytest.fixture(scope="module")
def today() -> Document:
    return json.loads(json.dumps(asyncapi_document("x")))


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_what_was_released_still_holds(path: Path, today: Document) -> None:
    assert breaks(json.loads(path.read_text(encoding="utf-8")), today) == []


def test_there_is_a_released_contract_to_compare_with() -> None:
    assert RELEASED


def _schema(document: Document, name: str) -> Document:
    return document["components"]["schemas"][name]


def remove_a_field(new: Document) -> None:
    del _schema(new, "CaseSnapshot")["properties"]["due_at"]


def remove_an_event(new: Document) -> None:
    del new["components"]["messages"]["CaseResolved"]


def change_a_type(new: Document) -> None:
    _schema(new, "CaseForwarded")["properties"]["hops"] = {"type": "string"}


def require_a_field(new: Document) -> None:
    _schema(new, "CaseSubmitted")["required"].append("stated_area")


def require_a_new_field(new: Document) -> None:
    schema = _schema(new, "CaseSubmitted")
    schema["properties"]["weather"] = {"type": "string"}
    schema["required"].append("weather")


def narrow_an_enumeration(new: Document) -> None:
    _schema(new, "State")["enum"].remove("held")


def take_null_away(new: Document) -> None:
    field = _schema(new, "CaseSnapshot")["properties"]["unit"]
    field["anyOf"] = [each for each in field["anyOf"] if each.get("type") != "null"]


def change_what_a_list_holds(new: Document) -> None:
    _schema(new, "CoordinationApproved")["properties"]["units"]["items"] = {"type": "integer"}


def rename_the_type(new: Document) -> None:
    new["components"]["messages"]["CaseResolved"]["name"] = "case.resolved.v9"


def tighten_a_limit(new: Document) -> None:
    payload = new["components"]["messages"]["CaseResolved"]["payload"]
    payload["properties"]["sequence"]["minimum"] = 5


def add_a_format(new: Document) -> None:
    _schema(new, "CaseAccepted")["properties"]["actor"]["format"] = "uuid"


BREAKS = [
    (remove_a_field, "due_at: the field was removed"),
    (remove_an_event, "the event was removed"),
    (change_a_type, "hops: the type changed"),
    (require_a_field, "stated_area: became required"),
    (require_a_new_field, "weather: became required"),
    (narrow_an_enumeration, "lost ['held']"),
    (take_null_away, "unit"),
    (change_what_a_list_holds, "units[]: the type changed"),
    (rename_the_type, "renamed to case.resolved.v9"),
    (tighten_a_limit, "minimum became 5"),
    (add_a_format, "format became 'uuid'"),
]


@pytest.mark.parametrize(
    ("doctor", "said"), [pytest.param(*each, id=each[0].__name__) for each in BREAKS]
)
def test_a_break_is_found_and_named(
    doctor: Callable[[Document], None], said: str, today: Document
) -> None:
    new = copy.deepcopy(today)
    doctor(new)

    assert new != today, inspect.getsource(doctor)
    found = breaks(today, new)
    assert found
    assert any(said in each for each in found), found


def add_an_optional_field(new: Document) -> None:
    _schema(new, "CaseSnapshot")["properties"]["weather"] = {"type": "string", "default": ""}


def widen_an_enumeration(new: Document) -> None:
    _schema(new, "State")["enum"].append("sleeping")


def allow_null(new: Document) -> None:
    _schema(new, "CaseForwarded")["properties"]["hops"] = {
        "anyOf": [{"type": "integer"}, {"type": "null"}]
    }


def add_an_event(new: Document) -> None:
    new["components"]["messages"]["New"] = copy.deepcopy(
        new["components"]["messages"]["CaseResolved"]
    )


def no_longer_require(new: Document) -> None:
    _schema(new, "CaseForwarded")["required"].remove("hops")


@pytest.mark.parametrize(
    "doctor",
    [add_an_optional_field, widen_an_enumeration, allow_null, add_an_event, no_longer_require],
)
def test_what_old_events_still_fit_is_no_break(
    doctor: Callable[[Document], None], today: Document
) -> None:
    new = copy.deepcopy(today)
    doctor(new)

    assert new != today
    assert breaks(today, new) == []
