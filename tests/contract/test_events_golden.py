"""The contract on the wire: golden bytes per event type, read by us and by a foreign library."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from shared.events import CONTENT_TYPE, EVENTS, CaseEvent, CaseSnapshot, Event, Received
from tests.contract.golden_events import AT, GOLDEN, SEQUENCE, example, identity, subject, written

KINDS = [pytest.param(kind, id=kind.type) for kind in EVENTS.values()]
FILES = [
    pytest.param(path, id=str(path.relative_to(GOLDEN))) for path in sorted(GOLDEN.rglob("*.json"))
]
HOW = "run `python -m tests.contract.golden_events` and look at what it wrote"


def golden(kind: type[Event]) -> bytes:
    return (GOLDEN / f"{kind.type}.json").read_bytes()


def test_every_event_type_has_its_golden_file_and_none_was_taken_away() -> None:
    """A type that was ever published stays readable; what is new is written down."""
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(EVENTS), HOW


@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_of_an_event_do_not_change_unseen(kind: type[Event]) -> None:
    assert written(kind) == golden(kind), HOW


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read_again(kind: type[Event]) -> None:
    assert Received.from_wire(golden(kind)) == Received(
        id=identity(kind),
        type=kind.type,
        subject=subject(kind),
        sequence=SEQUENCE,
        time=AT,
        event=example(kind),
        case=example(CaseSnapshot) if issubclass(kind, CaseEvent) else None,
    )


@pytest.mark.parametrize("path", FILES)
def test_every_golden_file_that_ever_was_stays_readable(path: Path) -> None:
    received = Received.from_wire(path.read_bytes())

    assert received.event is not None
    assert path.name.startswith(f"{received.type}.")


@pytest.mark.parametrize("path", FILES)
def test_fields_of_a_later_version_are_ignored(path: Path) -> None:
    body = orjson.loads(path.read_bytes())
    later = orjson.loads(path.read_bytes()) | {"traceparent": "00-x", "partitionkey": "1"}
    later["data"]["new_field"] = {"of": ["any", "kind"]}
    if "case" in body["data"]:
        later["data"]["case"]["new_field"] = 1

    assert Received.from_wire(orjson.dumps(later)) == Received.from_wire(orjson.dumps(body))


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_library_reads_a_cloud_event(kind: type[Event]) -> None:
    event = JSONFormat().read(None, golden(kind))

    assert event.get_specversion() == "1.0"
    assert event.get_id() == identity(kind)
    assert event.get_source() == kind.source
    assert event.get_type() == kind.type
    assert event.get_subject() == subject(kind)
    assert event.get_time() == AT
    assert event.get_datacontenttype() == "application/json"
    assert event.get_extension("sequence") == SEQUENCE
    assert event.get_data() == orjson.loads(golden(kind))["data"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_library_reads_it_off_rabbitmq_by_our_content_type(kind: type[Event]) -> None:
    message = RabbitMQMessage(headers={}, content_type=CONTENT_TYPE, body=golden(kind))

    assert from_structured_event(message, JSONFormat()).get_type() == kind.type


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_are_named_as_cloud_events_allows(kind: type[Event]) -> None:
    """CloudEvents 1.0: lower-case letters and digits, twenty at most."""
    for name in orjson.loads(golden(kind)):
        assert re.fullmatch(r"[a-z0-9]{1,20}", name)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_says_what_it_means_and_who_says_it(kind: type[Event]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+\.v[1-9]", kind.type)
    assert kind.source in {f"/civic/{each}" for each in ("intake", "router", "sla", "notify")}
    assert kind.__doc__ not in {None, Event.__doc__, CaseEvent.__doc__}


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_keeps_to_its_own_schema(kind: type[Event]) -> None:
    schema = kind.model_json_schema(mode="serialization")
    data: dict[str, Any] = orjson.loads(golden(kind))["data"]
    data.pop("case", None)

    Draft202012Validator(schema).validate(data)
    assert set(data) == set(schema["properties"])


# Nothing personal

PERSONAL = {
    *("name", "fullname", "phone", "tel", "mobile", "email", "mail", "address", "street"),
    *("text", "content", "body", "message", "comment", "note", "description", "title", "words"),
    *("answer", "token", "ip", "device", "birthday", "url", "filename", "contact", "recipient"),
}


def properties(schema: Any) -> Iterator[str]:
    """Yield the name of every property of a JSON Schema, at any depth."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                yield from value
            yield from properties(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from properties(each)


def personal(model: type[BaseModel]) -> list[str]:
    names = set(properties(model.model_json_schema()))
    return sorted(name for name in names if PERSONAL & set(name.lower().split("_")))


@pytest.mark.parametrize("kind", [*KINDS, pytest.param(CaseSnapshot, id="snapshot")])
def test_no_event_has_a_field_for_anything_personal(kind: type[BaseModel]) -> None:
    assert personal(kind) == []


def test_the_search_for_personal_fields_finds_one_at_any_depth() -> None:
    class Inner(BaseModel):
        reporter_name: str
        renamed: str

    class Outer(BaseModel):
        items: tuple[Inner | None, ...]
        email: str = ""

    assert personal(Outer) == ["email", "reporter_name"]


def test_a_place_is_two_numbers_and_no_more() -> None:
    place = CaseSnapshot.model_json_schema()["$defs"]["Place"]["properties"]

    assert {name: each["type"] for name, each in place.items()} == {
        "lat": "number",
        "lon": "number",
    }
