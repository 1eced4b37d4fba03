"""The AsyncAPI 3.0 document of our messages, made from the contract and the topology.

Three kinds of channels: one per event type (a routing key of the exchange), the IOC stream, and
the queue of each consumer. Operations say who sends and who receives.
"""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from shared.events import CONTENT_TYPE, EVENTS, CaseEvent, CaseSnapshot, Event
from shared.topology import EXCHANGE, IOC_STREAM, QUEUES, STREAM_ARGUMENTS, QueueSpec

BINDING_VERSION = "0.3.0"  # of AsyncAPI's AMQP 0-9-1 binding
PERSISTENT = 2  # AMQP 0-9-1 delivery mode

Json = dict[str, Any]


def asyncapi_document(version: str) -> Json:
    """Return the document; the same code and `version` give the same document, key by key."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Đà Lạt trực tuyến: events",
            "version": version,
            "license": {"name": "Apache-2.0"},
            "description": (
                "CloudEvents 1.0 in structured JSON mode over AMQP 0-9-1. Every event goes to one "
                "topic exchange; its type is its routing key. At least once: `id` is the same for "
                "every copy, and the first copies of the events of one entity come in the order "
                "of `sequence`. No event holds a name, a contact or free text."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "rabbitmq": {
                "host": "localhost:5672",
                "protocol": "amqp",
                "protocolVersion": "0-9-1",
                "description": "RabbitMQ; `stack.json` names the one of a local stack.",
            }
        },
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": {each.__name__: _message(each) for each in EVENTS.values()},
            "schemas": _schemas(),
        },
    }


def bound(routing_key: str, pattern: str) -> bool:
    """Say whether a topic exchange sends a routing key to a binding with this pattern."""
    words = {"*": r"[^.]+", "#": r".*"}
    parts = [words.get(word) or re.escape(word) for word in pattern.split(".")]
    # `case.#` matches `case` as well: the dot before a last # is part of what it stands for
    expression = r"\.".join(parts).replace(r"\..*", r"(\..*)?")
    return re.fullmatch(expression, routing_key) is not None


def _heard(queue: QueueSpec) -> list[type[Event]]:
    return [
        event
        for key, event in EVENTS.items()
        if any(bound(key, pattern) for pattern in queue.bindings)
    ]


def _channels() -> Json:
    by_type = {
        key: {
            "address": key,
            "title": event.__name__,
            "summary": f"Said by {_speaker(event)} only.",
            "messages": _references([event]),
            "bindings": _binding("routingKey", {"exchange": _exchange()}),
        }
        for key, event in EVENTS.items()
    }
    stream = {
        "address": IOC_STREAM,
        "title": "The stream of the operations centre",
        "summary": "Every event, in order; read from any offset, as often as one likes.",
        "messages": _references(list(EVENTS.values())),
        "bindings": _binding("queue", {"queue": _queue(IOC_STREAM)}),
        "x-bound-to": {"exchange": EXCHANGE, "patterns": ["#"]},
        "x-arguments": dict(STREAM_ARGUMENTS),
    }
    queues = {
        spec.name: {
            "address": spec.name,
            "title": f"What {_consumer(spec)} hears",
            "summary": f"A quorum queue; its dead letters wait in `{spec.dead}`.",
            "messages": _references(_heard(spec)),
            "bindings": _binding("queue", {"queue": _queue(spec.name)}),
            "x-bound-to": {"exchange": EXCHANGE, "patterns": list(spec.bindings)},
            "x-arguments": spec.arguments,
        }
        for spec in QUEUES
    }
    return {**by_type, IOC_STREAM: stream, **queues}


def _operations() -> Json:
    sent = {
        f"{_speaker(event)}.sends.{key}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{key}"},
            "title": f"{_speaker(event)} says {event.__name__}",
            "summary": _sentence(event),
            "tags": [{"name": _speaker(event)}],
            "messages": _in_channel(key, [event]),
            "bindings": {
                "amqp": {
                    "deliveryMode": PERSISTENT,
                    "mandatory": True,
                    "bindingVersion": BINDING_VERSION,
                }
            },
        }
        for key, event in EVENTS.items()
    }
    heard = {
        f"{_consumer(spec)}.receives.{spec.name}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{spec.name}"},
            "title": f"{_consumer(spec)} hears {', '.join(spec.bindings)}",
            "tags": [{"name": _consumer(spec)}],
            "messages": _in_channel(spec.name, _heard(spec)),
            "bindings": {"amqp": {"ack": True, "bindingVersion": BINDING_VERSION}},
        }
        for spec in QUEUES
    }
    followed = {
        f"ioc.receives.{IOC_STREAM}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{IOC_STREAM}"},
            "title": "The operations centre, and notify's SSE and pull, follow everything",
            "tags": [{"name": "ioc"}, {"name": "notify"}],
            "messages": _in_channel(IOC_STREAM, list(EVENTS.values())),
            "bindings": {"amqp": {"ack": True, "bindingVersion": BINDING_VERSION}},
        }
    }
    return {**sent, **heard, **followed}


def _message(event: type[Event]) -> Json:
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": _sentence(event),
        "contentType": CONTENT_TYPE,
        "payload": _envelope(event),
        "bindings": {"amqp": {"messageType": event.type, "bindingVersion": BINDING_VERSION}},
    }


def _envelope(event: type[Event]) -> Json:
    """Return the JSON Schema of a CloudEvents envelope around the event (CloudEvents 1.0.2)."""
    return {
        "type": "object",
        "required": [
            *("specversion", "id", "source", "type", "subject", "time"),
            *("datacontenttype", "sequence", "data"),
        ],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {
                "type": "string",
                "minLength": 1,
                "description": "The same for every copy of the event; unique in all sources.",
            },
            "source": {"const": event.source},
            "type": {"const": event.type},
            "subject": {"type": "string", "minLength": 1, "description": "The case code."},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "sequence": {
                "type": "integer",
                "minimum": 1,
                "description": "Numbers the events of one entity by its only writer.",
            },
            "data": _data(event),
        },
    }


def _data(event: type[Event]) -> Json:
    own = _schema_reference(event.__name__)
    if not issubclass(event, CaseEvent):
        return own
    snapshot = {
        "type": "object",
        "required": ["case"],
        "properties": {"case": _schema_reference(CaseSnapshot.__name__)},
    }
    return {"allOf": [own, snapshot]}


def _schemas() -> Json:
    """Return the schemas of all payloads.

    They are those of the reader (`validation`): a field with a default may be absent, since the
    stream keeps events that were written before the field existed.
    """
    wanted: tuple[type[BaseModel], ...] = (*EVENTS.values(), CaseSnapshot)
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "validation") for model in wanted
    ]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")
    return dict(found["$defs"])


def _references(events: Sequence[type[Event]]) -> Json:
    return {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in events}


def _in_channel(channel: str, events: Sequence[type[Event]]) -> list[Json]:
    return [{"$ref": f"#/channels/{channel}/messages/{event.__name__}"} for event in events]


def _schema_reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _binding(kind: str, where: Json) -> Json:
    return {"amqp": {"is": kind, **where, "bindingVersion": BINDING_VERSION}}


def _exchange() -> Json:
    return {
        "name": EXCHANGE,
        "type": "topic",
        "durable": True,
        "autoDelete": False,
        "vhost": "/",
    }


def _queue(name: str) -> Json:
    return {"name": name, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "/"}


def _speaker(event: type[Event]) -> str:
    return event.source.rpartition("/")[2]


def _consumer(queue: QueueSpec) -> str:
    return queue.name.partition(".")[0]


def _sentence(event: type[Event]) -> str:
    return " ".join((event.__doc__ or "").split())
