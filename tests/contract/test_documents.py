"""The published documents say what the code does."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from pydantic import AwareDatetime, BaseModel

from deploy.asyncapi import asyncapi_document, bound
from shared.events import (
    CONTENT_TYPE,
    EVENTS,
    CaseEvent,
    CaseSnapshot,
    CaseSubmitted,
    Event,
    to_wire,
)
from shared.topology import EXCHANGE, IOC_STREAM, QUEUES

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
CODE = "DL-7K3Q-9M2F"


def value(annotation: Any) -> Any:
    """Some value of a type that an event may hold."""
    plain = {str: "x", int: 1, float: 0.5, bool: True, AwareDatetime: AT, date: AT.date()}
    annotation = getattr(annotation, "__supertype__", annotation)  # of a NewType
    if annotation in plain:
        return plain[annotation]
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple:
        return tuple(value(each) for each in arguments if each is not ...)
    if arguments:  # X | None
        return value(arguments[0])
    if issubclass(annotation, Enum):
        return next(iter(annotation))
    return example(annotation)


def example(model: type[BaseModel], *, sparse: bool = False) -> Any:
    """An instance with every field filled, or with those only that have no default."""
    fields = {
        name: value(field.annotation)
        for name, field in model.model_fields.items()
        if field.is_required() or not sparse
    }
    return model(**fields)


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "asyncapi.json").read_text())


def wire(event: type[Event], *, sparse: bool = False) -> dict[str, Any]:
    case = example(CaseSnapshot, sparse=sparse) if issubclass(event, CaseEvent) else None
    body = to_wire(example(event, sparse=sparse), subject=CODE, sequence=1, at=AT, case=case)
    return json.loads(body)


def payload_validator(asyncapi: dict[str, Any], event: type[Event]) -> Draft202012Validator:
    """The payload's schema, with the document's own schemas beside it."""
    payload = asyncapi["components"]["messages"][event.__name__]["payload"]
    schema = {**payload, "components": {"schemas": asyncapi["components"]["schemas"]}}
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(target := node.get("$ref"), str):
            yield target
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document: dict[str, Any], reference: str) -> Any:
    """What a reference within a document leads to; KeyError when it leads nowhere."""
    assert reference.startswith("#/"), reference
    node: Any = document
    for part in reference[2:].split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def test_the_committed_documents_are_those_of_the_code():
    done = subprocess.run(
        [sys.executable, "-m", "deploy.docs", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_the_same_code_gives_the_same_document():
    assert json.dumps(asyncapi_document("1")) == json.dumps(asyncapi_document("1"))


@pytest.mark.parametrize("name", ["openapi-intake.json", "openapi-notify.json"])
def test_openapi_is_valid_and_every_reference_leads_somewhere(name: str):
    document = json.loads((ROOT / "docs" / name).read_text())

    validate(document)
    for reference in references(document):
        resolve(document, reference)


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        pytest.param(
            "openapi-intake.json",
            {"/api/v1/categories", "/api/v1/units", "/api/v1/reports", "/api/v1/reports/{code}"},
            id="intake",
        ),
        pytest.param(
            "openapi-notify.json",
            {
                "/api/v1/ioc/events",
                "/api/v1/ioc/stream",
                "/api/v1/ioc/summary",
                "/api/v1/reports/{code}/stream",
                "/api/v1/desk/stream",
            },
            id="notify",
        ),
    ],
)
def test_openapi_lists_the_routes_of_the_contract(name: str, paths: set[str]):
    document = json.loads((ROOT / "docs" / name).read_text())

    assert paths <= set(document["paths"])


@pytest.mark.parametrize(
    ("path", "method", "kind"),
    [
        ("/api/v1/reports", "post", "multipart/form-data"),
        ("/api/v1/reports/{code}/media", "post", "multipart/form-data"),
        ("/api/v1/desk/cases/{code}/media", "post", "multipart/form-data"),
        ("/api/v1/admin/regulation", "put", "application/yaml"),
    ],
)
def test_what_is_read_as_a_stream_is_described_all_the_same(path: str, method: str, kind: str):
    document = json.loads((ROOT / "docs" / "openapi-intake.json").read_text())

    body = document["paths"][path][method]["requestBody"]
    assert body["required"]
    assert kind in body["content"]


def test_a_receipt_is_typed():
    document = json.loads((ROOT / "docs" / "openapi-intake.json").read_text())

    for path in ("/api/v1/reports", "/api/v1/desk/reports", "/api/v1/camera/incidents"):
        answer = document["paths"][path]["post"]["responses"]["201"]
        schema = resolve(document, answer["content"]["application/json"]["schema"]["$ref"])
        assert {"code", "due_at", "tracking_token", "links"} <= set(schema["required"])


def test_every_reference_of_asyncapi_leads_somewhere(asyncapi: dict[str, Any]):
    found = list(references(asyncapi))

    assert found
    for reference in found:
        resolve(asyncapi, reference)


def test_asyncapi_keys_have_the_letters_that_the_specification_allows(asyncapi: dict[str, Any]):
    names = re.compile(r"[a-zA-Z0-9._-]+")
    for kind in ("channels", "operations"):
        assert all(names.fullmatch(name) for name in asyncapi[kind])
    for each in asyncapi["components"].values():
        assert all(names.fullmatch(name) for name in each)


def test_every_event_has_a_message_a_channel_and_one_sender(asyncapi: dict[str, Any]):
    for key, event in EVENTS.items():
        message = asyncapi["components"]["messages"][event.__name__]
        channel = asyncapi["channels"][key]
        senders = [
            operation
            for operation in asyncapi["operations"].values()
            if operation["action"] == "send"
            and operation["channel"] == {"$ref": f"#/channels/{key}"}
        ]

        assert message["name"] == key
        assert message["contentType"] == CONTENT_TYPE
        assert channel["bindings"]["amqp"]["exchange"]["name"] == EXCHANGE
        assert [each["tags"][0]["name"] for each in senders] == [event.source.split("/")[-1]]


def test_operations_name_messages_of_their_own_channel(asyncapi: dict[str, Any]):
    for operation in asyncapi["operations"].values():
        channel = operation["channel"]["$ref"]
        offered = resolve(asyncapi, channel)["messages"]

        assert {each["$ref"] for each in operation["messages"]} == {
            f"{channel}/messages/{name}" for name in offered
        }


def test_every_queue_and_the_stream_have_a_receiver_with_what_they_hear(asyncapi: dict[str, Any]):
    heard = {
        operation["channel"]["$ref"].rpartition("/")[2]: {
            resolve(asyncapi, resolve(asyncapi, each["$ref"])["$ref"])["name"]
            for each in operation["messages"]
        }
        for operation in asyncapi["operations"].values()
        if operation["action"] == "receive"
    }

    assert heard == {
        IOC_STREAM: set(EVENTS),
        "router.cases": {"case.submitted.v1"},
        "intake.decisions": {"routing.decided.v1"},
        "sla.cases": {key for key in EVENTS if key.startswith("case.")},
        "notify.events": {
            *(key for key in EVENTS if key.startswith("case.")),
            *(f"deadline.{stage}.v1" for stage in ("approaching", "missed", "escalated")),
        },
        "sla.dossiers": {key for key in EVENTS if key.startswith("dossier.")},
        "notify.onestop": {
            key for key in EVENTS if key.startswith(("ticket.", "dossier.", "duedate."))
        },
    }
    assert set(heard) == {IOC_STREAM, *(spec.name for spec in QUEUES)}


@pytest.mark.parametrize(
    ("key", "pattern", "expected"),
    [
        ("case.submitted.v1", "case.submitted.v1", True),
        ("case.submitted.v1", "case.#", True),
        ("case", "case.#", True),
        ("cases.submitted.v1", "case.#", False),
        ("case.submitted.v1", "case.*", False),
        ("case.submitted.v1", "case.*.v1", True),
        ("routing.decided.v1", "#", True),
        ("caseXsubmittedXv1", "case.submitted.v1", False),
    ],
)
def test_bindings_match_as_in_a_topic_exchange(key: str, pattern: str, *, expected: bool):
    assert bound(key, pattern) is expected


@pytest.mark.parametrize("sparse", [False, True], ids=["every field", "defaults"])
@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.type)
def test_what_we_send_is_what_asyncapi_says(
    asyncapi: dict[str, Any], event: type[Event], *, sparse: bool
):
    payload_validator(asyncapi, event).validate(wire(event, sparse=sparse))


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda wire: wire.pop("id"), id="no id"),
        pytest.param(lambda wire: wire.update(type="case.assigned.v1"), id="another type"),
        pytest.param(lambda wire: wire.update(source="/civic/router"), id="another source"),
        pytest.param(lambda wire: wire.update(sequence=0), id="sequence from zero"),
        pytest.param(lambda wire: wire.update(time="yesterday"), id="no instant"),
        pytest.param(lambda wire: wire["data"].pop("case"), id="no snapshot"),
        pytest.param(lambda wire: wire["data"].pop("actor"), id="no actor"),
        pytest.param(lambda wire: wire["data"]["case"].update(state="lost"), id="unknown state"),
    ],
)
def test_asyncapi_refuses_what_is_not_ours(asyncapi: dict[str, Any], harm: Any):
    changed = wire(CaseSubmitted)
    validator = payload_validator(asyncapi, CaseSubmitted)
    assert validator.is_valid(changed)

    harm(changed)

    assert not validator.is_valid(changed)


def test_a_field_that_came_later_may_be_absent_in_an_older_event(asyncapi: dict[str, Any]):
    older = wire(CaseSubmitted)
    del older["data"]["mentions"]

    payload_validator(asyncapi, CaseSubmitted).validate(older)


@pytest.mark.parametrize("service", ["intake", "notify"])
def test_every_number_in_an_address_is_bounded(service: str):
    document = json.loads((ROOT / "docs" / f"openapi-{service}.json").read_text())
    unbounded = [
        (path, parameter["name"])
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        for schema in (parameter["schema"], *parameter["schema"].get("anyOf", ()))
        if schema.get("type") in {"integer", "number"} and "maximum" not in schema
    ]

    assert unbounded == []  # the database takes eight bytes of an integer and fails on more


@pytest.mark.parametrize("service", ["intake", "notify"])
def test_every_day_and_instant_in_an_address_is_bounded(service: str):
    document = json.loads((ROOT / "docs" / f"openapi-{service}.json").read_text())
    found = {
        (path, parameter["name"]): {"formatMinimum", "formatMaximum"} <= schema.keys()
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        for schema in (parameter["schema"], *parameter["schema"].get("anyOf", ()))
        if schema.get("format") in {"date", "date-time"} and parameter["name"] != "since"
    }

    assert found
    # arithmetic with the first or the last day of all calendars fails, and so does its storing;
    # `since` is brought within what the broker counts
    assert [each for each, bounded in found.items() if not bounded] == []
