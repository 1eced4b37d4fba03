"""Does the contract of today still keep what a released one promised? Pure.

A subscriber may hold events of any age, and the stream keeps a year of them: what was valid stays
valid, and what was there stays there. A new event, a new optional field and a new value of an
enumeration are no break; everything else is a new `v2` type beside the old one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength")
FORMS = ("pattern", "format")
DEPTH = 30  # no schema of ours is deeper; a recursive one would be an endless walk


def breaks(released: Json, today: Json) -> list[str]:
    """Return what of a released AsyncAPI document no longer holds, each with its place."""
    found: list[str] = []
    for name, message in released["components"]["messages"].items():
        now = today["components"]["messages"].get(name)
        if now is None:
            found.append(f"{name}: the event was removed")
            continue
        place = message["name"]
        if now["name"] != place:
            found.append(f"{place}: the type was renamed to {now['name']}")
        walk = _Walk(released, today)
        found += walk.compare(place, message["payload"], now["payload"], 0)
    return found


class _Walk:
    """Compares two schemas, each with the document that its references lead into."""

    def __init__(self, old: Json, new: Json) -> None:
        self._old = old
        self._new = new

    def compare(self, place: str, old: Json, new: Json, depth: int) -> Iterator[str]:
        """Yield what the new schema no longer keeps of the old one."""
        if depth > DEPTH:
            return
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        before, after = _choices(old), _choices(new)
        if len(before) > 1 or len(after) > 1:
            yield from self._choices(place, (before, after), depth)
            return
        old, new = before[0], after[0]
        yield from _types(place, old, new)
        yield from _values(place, old, new)
        yield from _limits(place, old, new)
        yield from self._fields(place, old, new, depth)
        for one, other in zip(old.get("allOf", ()), new.get("allOf", ()), strict=False):
            yield from self.compare(place, one, other, depth + 1)
        if len(new.get("allOf", ())) < len(old.get("allOf", ())):
            yield f"{place}: a part was removed"
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
                yield from self.compare(f"{place}[]", old[name], new[name], depth + 1)

    def _choices(
        self, place: str, both: tuple[Sequence[Json], Sequence[Json]], depth: int
    ) -> Iterator[str]:
        """Every old alternative must fit into one of the new ones."""
        before, after = both
        for one in before:
            tries = [list(self.compare(place, one, other, depth + 1)) for other in after]
            if all(tries):
                yield from min(tries, key=len)

    def _fields(self, place: str, old: Json, new: Json, depth: int) -> Iterator[str]:
        fields: Json = new.get("properties", {})
        for name, schema in old.get("properties", {}).items():
            if name not in fields:
                yield f"{place}.{name}: the field was removed"
            else:
                yield from self.compare(f"{place}.{name}", schema, fields[name], depth + 1)
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{place}.{name}: became required"


def _resolved(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = {**found, **{key: each for key, each in schema.items() if key != "$ref"}}
    return schema


def _choices(schema: Json) -> Sequence[Json]:
    for name in ("anyOf", "oneOf"):
        if name in schema:
            return schema[name]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": each} for each in schema["type"]]
    return [schema]


def _types(place: str, old: Json, new: Json) -> Iterator[str]:
    before, after = old.get("type"), new.get("type")
    wider = (before, after) == ("integer", "number")
    if after is not None and before != after and not wider:
        yield f"{place}: the type changed from {before} to {after}"


def _values(place: str, old: Json, new: Json) -> Iterator[str]:
    before, after = _enumerated(old), _enumerated(new)
    if after is None:
        return
    if before is None:
        yield f"{place}: became an enumeration"
    elif gone := [each for each in before if each not in after]:
        yield f"{place}: the enumeration lost {gone}"


def _enumerated(schema: Json) -> Sequence[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _limits(place: str, old: Json, new: Json) -> Iterator[str]:
    for name in LIMITS:
        if name not in new or old.get(name) == new[name]:
            continue
        lower = "min" in name.lower()
        before = old.get(name)
        if before is None or (new[name] > before if lower else new[name] < before):
            yield f"{place}: {name} became {new[name]}"
    for name in FORMS:
        if name in new and new[name] != old.get(name):
            yield f"{place}: {name} became {new[name]!r}"
