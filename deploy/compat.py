"""Does the contract of today still keep what a released one promised? Pure.

It is compared both ways. The stream keeps a year of events, so that what was said fits what is read
today; and who wrote a subscriber against the released contract reads with it what is said today.
So a schema stays what it is. Free are texts, an optional field and another event. A new value of an
enumeration is a break: who was told all of them has no place for one more. Everything else is a
new `v2` type beside the old one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
TEXTS = {"$comment", "title", "description", "default", "deprecated", "examples"}
CHOICES = ("anyOf", "oneOf")
PARTS = ("allOf", "prefixItems")  # lists of schemas, each in its place
INNER = ("items", "additionalProperties")  # a schema, or whether there may be any
WALKED = {*CHOICES, *PARTS, *INNER, "properties", "required", "enum", "const", "type"}
DEVELOPED = ".dev0"
DEPTH = 30  # no schema of ours is deeper; a recursive one would be an endless walk


def breaks(released: Json, today: Json) -> list[str]:
    """Return what of a released AsyncAPI document no longer holds, each with its place."""
    return [*_messages(released, today), *_channels(released, today)]


def unreleased(today: Json, released: Mapping[str, Json]) -> list[str]:
    """Return what an AsyncAPI document promises under a version whose release does not.

    A version that ends in `.dev0` says itself that it is not released; it promises nothing yet.

    Args:
        today: The document.
        released: The document of every released version, by version.
    """
    version: str = today["info"]["version"]
    if version.endswith(DEVELOPED):
        older = [each for each in released if _numbers(each) >= _numbers(version)]
        return [f"{version}: {each} is released already" for each in older]
    if version not in released:
        return [f"{version}: the version has no released document"]
    more = breaks(today, released[version])  # from there to here: what that one lacks
    return [f"{each.partition(': ')[0]}: not as {version} was released" for each in more]


def _numbers(version: str) -> list[int]:
    return [int(each) for each in version.removesuffix(DEVELOPED).split(".")]


def _messages(released: Json, today: Json) -> Iterator[str]:
    walk = _Walk(released, today)
    for name, message in released["components"]["messages"].items():
        now = today["components"]["messages"].get(name)
        if now is None:
            yield f"{name}: the event was removed"
            continue
        place = message["name"]
        if now["name"] != place:
            yield f"{place}: the type was renamed to {now['name']}"
        if now["contentType"] != message["contentType"]:
            yield f"{place}: the content type became {now['contentType']}"
        yield from walk.compare(place, message["payload"], now["payload"], 0)


def _channels(released: Json, today: Json) -> Iterator[str]:
    """Yield what moved: where a subscriber listens is as much a promise as what it hears."""
    for key, channel in released["channels"].items():
        if not _subscribed(channel):
            continue
        now = today["channels"].get(key)
        if now is None:
            yield f"{key}: the channel was removed"
            continue
        before, after = _place(channel), _place(now)
        for name in before:
            if before[name] != after[name]:
                yield f"{key}: the {name} became {after[name]}"
        for name in channel["messages"]:
            if name not in now["messages"]:
                yield f"{key}: {name} is no longer heard there"


def _subscribed(channel: Json) -> bool:
    """Say whether others listen there; the queue of a service of ours is its own affair."""
    kind = channel.get("x-arguments", {}).get("x-queue-type", "stream")
    return kind == "stream"


def _place(channel: Json) -> dict[str, Any]:
    binding = channel["bindings"]["amqp"]
    return {
        "address": channel["address"],
        "binding": binding["is"],
        "exchange": binding.get("exchange"),
        "stream": binding.get("queue"),
        "source": channel.get("x-bound-to"),
    }


class _Walk:
    """Compares two schemas, each with the document that its references lead into."""

    def __init__(self, old: Json, new: Json) -> None:
        self._old = old
        self._new = new

    def compare(self, place: str, old: Json, new: Json, depth: int) -> Iterator[str]:
        """Yield where the new schema says another thing than the old one."""
        if depth > DEPTH:
            return
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        before, after = _choices(old), _choices(new)
        if len(before) > 1 or len(after) > 1:
            yield from self._choices(place, (before, after), depth)
            return
        old, new = before[0], after[0]
        yield from _keywords(place, old, new)
        yield from _values(place, old, new)
        yield from self._fields(place, old, new, depth)
        yield from self._parts(place, old, new, depth)
        yield from self._inner(place, old, new, depth)

    def _choices(
        self, place: str, both: tuple[Sequence[Json], Sequence[Json]], depth: int
    ) -> Iterator[str]:
        """Every alternative has its like on the other side."""
        before, after = both
        tries = [
            [list(self.compare(place, one, other, depth + 1)) for other in after] for one in before
        ]
        for row in tries:
            if all(row):
                yield from min(row, key=len)
        for column, other in zip(zip(*tries, strict=True), after, strict=True):
            if all(column):
                yield f"{place}: may now be {other.get('type', 'something else')}"

    def _fields(self, place: str, old: Json, new: Json, depth: int) -> Iterator[str]:
        before: Json = old.get("properties", {})
        after: Json = new.get("properties", {})
        for name, schema in before.items():
            if name not in after:
                yield f"{place}.{name}: the field was removed"
            else:
                yield from self.compare(f"{place}.{name}", schema, after[name], depth + 1)
        if old.get("additionalProperties") is False:
            for name in sorted(set(after) - set(before)):
                yield f"{place}.{name}: a new field, and no other was allowed"
        must, did = set(new.get("required", ())), set(old.get("required", ()))
        for name in sorted(must - did):
            yield f"{place}.{name}: became required"
        for name in sorted(did - must):
            yield f"{place}.{name}: is no longer required"

    def _parts(self, place: str, old: Json, new: Json, depth: int) -> Iterator[str]:
        for name in PARTS:
            before, after = old.get(name, ()), new.get(name, ())
            if len(before) != len(after):
                yield f"{place}: {name} has {len(after)} parts, not {len(before)}"
            for n, (one, other) in enumerate(zip(before, after, strict=False)):
                inside = f"{place}[{n}]" if name == "prefixItems" else place
                yield from self.compare(inside, one, other, depth + 1)

    def _inner(self, place: str, old: Json, new: Json, depth: int) -> Iterator[str]:
        for name in INNER:
            before, after = _allowed(old, name), _allowed(new, name)
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                yield from self.compare(f"{place}[]", before, after, depth + 1)
            elif before != after:
                yield f"{place}: {name} became {after}"


def _allowed(schema: Json, name: str) -> Json | bool:
    """Return the schema of what is inside, or whether there may be any; `{}` takes all."""
    found: Json | bool = schema.get(name, True)
    return True if found == {} else found


def _resolved(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = {**found, **{key: each for key, each in schema.items() if key != "$ref"}}
    return schema


def _choices(schema: Json) -> Sequence[Json]:
    for name in CHOICES:
        if name in schema:
            beside = {key: each for key, each in schema.items() if key != name}
            return [{**beside, **each} for each in schema[name]]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": each} for each in schema["type"]]
    return [schema]


def _keywords(place: str, old: Json, new: Json) -> Iterator[str]:
    """Yield what changed of type, limits, forms and whatever else a schema may say."""
    before, after = old.get("type"), new.get("type")
    if before != after:
        yield f"{place}: the type changed from {before} to {after}"
    for name in sorted({*old, *new} - TEXTS - WALKED):
        if name not in new:
            yield f"{place}: {name} was taken away"
        elif old.get(name) != new[name]:
            yield f"{place}: {name} became {new[name]!r}"


def _values(place: str, old: Json, new: Json) -> Iterator[str]:
    before, after = _enumerated(old), _enumerated(new)
    if before is None and after is None:
        return
    if before is None:
        yield f"{place}: became an enumeration"
    elif after is None:
        yield f"{place}: is no longer one of {before}"
    else:
        if gone := [each for each in before if each not in after]:
            yield f"{place}: the enumeration lost {gone}"
        if more := [each for each in after if each not in before]:
            yield f"{place}: the enumeration got {more}"


def _enumerated(schema: Json) -> Sequence[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")
