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


def _envelope(document: Document) -> Document:
    return document["components"]["messages"]["CaseResolved"]["payload"]


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


def allow_null(new: Document) -> None:
    _schema(new, "CaseForwarded")["properties"]["hops"] = {
        "anyOf": [{"type": "integer"}, {"type": "null"}]
    }


def allow_null_by_a_list_of_types(new: Document) -> None:
    _schema(new, "CaseForwarded")["properties"]["hops"]["type"] = ["integer", "null"]


def no_longer_require(new: Document) -> None:
    _schema(new, "CaseForwarded")["required"].remove("hops")


def no_longer_number_the_events(new: Document) -> None:
    _envelope(new)["required"].remove("sequence")


def no_longer_say_the_source(new: Document) -> None:
    _envelope(new)["properties"]["source"] = {"type": "string"}


def take_the_format_away(new: Document) -> None:
    del _envelope(new)["properties"]["time"]["format"]


def take_the_type_away(new: Document) -> None:
    _schema(new, "CaseForwarded")["properties"]["hops"] = {}


def widen_an_integer(new: Document) -> None:
    _schema(new, "CaseForwarded")["properties"]["hops"]["type"] = "number"


def widen_an_enumeration(new: Document) -> None:
    _schema(new, "State")["enum"].append("sleeping")


def loosen_a_limit(new: Document) -> None:
    _envelope(new)["properties"]["sequence"]["minimum"] = 0


def drop_a_limit(new: Document) -> None:
    del _envelope(new)["properties"]["sequence"]["minimum"]


def lengthen_a_tuple(new: Document) -> None:
    ratings = _schema(new, "Board")["properties"]["ratings"]
    ratings["prefixItems"].append({"type": "integer"})
    ratings.update(minItems=6, maxItems=6)


def change_what_a_tuple_holds(new: Document) -> None:
    ratings = _schema(new, "Board")["properties"]["ratings"]
    ratings["prefixItems"][2] = {"type": "string"}


def forbid_other_fields(new: Document) -> None:
    _schema(new, "CaseForwarded")["additionalProperties"] = False


def move_the_snapshot(new: Document) -> None:
    _envelope(new)["properties"]["data"]["allOf"].pop()


def change_the_content_type(new: Document) -> None:
    new["components"]["messages"]["CaseResolved"]["contentType"] = "application/json"


def rename_the_exchange(new: Document) -> None:
    new["channels"]["case.resolved.v1"]["bindings"]["amqp"]["exchange"]["name"] = "city.events"


def rename_the_routing_key(new: Document) -> None:
    new["channels"]["case.resolved.v1"]["address"] = "case.resolved"


def remove_a_channel(new: Document) -> None:
    del new["channels"]["case.resolved.v1"]


def rename_the_stream(new: Document) -> None:
    stream = new["channels"]["ioc.events"]
    stream["address"] = stream["bindings"]["amqp"]["queue"]["name"] = "city.stream"


def put_less_on_the_stream(new: Document) -> None:
    new["channels"]["ioc.events"]["x-bound-to"]["patterns"] = ["case.#"]


def no_longer_say_it_on_the_stream(new: Document) -> None:
    del new["channels"]["ioc.events"]["messages"]["CaseResolved"]


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
    (allow_null, "hops: may now be null"),
    (allow_null_by_a_list_of_types, "hops: may now be null"),
    (no_longer_require, "hops: is no longer required"),
    (no_longer_number_the_events, "sequence: is no longer required"),
    (no_longer_say_the_source, "source: is no longer one of ['/civic/intake']"),
    (take_the_format_away, "time: format was taken away"),
    (take_the_type_away, "hops: the type changed from integer to None"),
    (widen_an_integer, "hops: the type changed from integer to number"),
    (widen_an_enumeration, "the enumeration got ['sleeping']"),
    (loosen_a_limit, "sequence: minimum became 0"),
    (drop_a_limit, "sequence: minimum was taken away"),
    (lengthen_a_tuple, "ratings: prefixItems has 6 parts, not 5"),
    (change_what_a_tuple_holds, "ratings[2]: the type changed from integer to string"),
    (forbid_other_fields, "additionalProperties became False"),
    (move_the_snapshot, "data: allOf has 1 parts, not 2"),
    (change_the_content_type, "the content type became application/json"),
    (rename_the_exchange, "case.resolved.v1: the exchange became"),
    (rename_the_routing_key, "case.resolved.v1: the address became case.resolved"),
    (remove_a_channel, "case.resolved.v1: the channel was removed"),
    (rename_the_stream, "ioc.events: the address became city.stream"),
    (put_less_on_the_stream, "ioc.events: the source became"),
    (no_longer_say_it_on_the_stream, "ioc.events: CaseResolved is no longer heard there"),
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


def add_an_event(new: Document) -> None:
    new["components"]["messages"]["New"] = copy.deepcopy(
        new["components"]["messages"]["CaseResolved"]
    )
    new["channels"]["case.new.v1"] = copy.deepcopy(new["channels"]["case.resolved.v1"])
    stream = new["channels"]["ioc.events"]["messages"]
    stream["New"] = {"$ref": "#/components/messages/New"}


def say_it_in_other_words(new: Document) -> None:
    schema = _schema(new, "CaseForwarded")
    schema["description"], schema["examples"] = "Handed on.", [{"hops": 1}]
    schema["properties"]["hops"].update(title="How often", description="from unit to unit")
    new["components"]["messages"]["CaseForwarded"]["summary"] = "Handed on."
    new["channels"]["ioc.events"]["title"] = "Everything"


def list_it_in_another_order(new: Document) -> None:
    _schema(new, "State")["enum"].reverse()
    _schema(new, "CaseSnapshot")["properties"]["unit"]["anyOf"].reverse()
    _schema(new, "CaseSnapshot")["required"].reverse()


def change_a_queue_of_our_own(new: Document) -> None:
    del new["channels"]["sla.dossiers"]


@pytest.mark.parametrize(
    "doctor",
    [
        add_an_optional_field,
        add_an_event,
        say_it_in_other_words,
        list_it_in_another_order,
        change_a_queue_of_our_own,
    ],
)
def test_what_old_and_new_subscribers_read_alike_is_no_break(
    doctor: Callable[[Document], None], today: Document
) -> None:
    new = copy.deepcopy(today)
    doctor(new)

    assert new != today
    assert breaks(today, new) == []
