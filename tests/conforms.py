"""Holds an answer against the model that OpenAPI describes it by."""

from typing import Any

from jsonschema import Draft202012Validator
from pydantic import BaseModel


def differences(model: type[BaseModel], body: Any) -> list[str]:
    """Return where an answer is not what its model says; a field that the model lacks is one."""
    schema = _closed(model.model_json_schema(mode="serialization", by_alias=True))
    checker = Draft202012Validator.FORMAT_CHECKER
    validator = Draft202012Validator(schema, format_checker=checker)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def _closed(node: Any) -> Any:
    """Forbid what is not named, and demand what is: an answer always has all of its fields."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    schema = {name: _closed(each) for name, each in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        schema.setdefault("additionalProperties", False)
        schema["required"] = list(node["properties"])
    return schema
