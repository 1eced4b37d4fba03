"""What every operation of an OpenAPI document has in common: the problems that it may answer."""

from typing import Any, Final

from shared.problems import MEDIA_TYPE

# Beside what an operation says of itself. One list for all: a caller handles them in one place.
PROBLEMS: Final = {
    400: "The request cannot be read.",
    401: "Nobody known: a token is missing, wrong or too old.",
    403: "Known, and not allowed to.",
    404: "Not there, or none of the caller's business.",
    408: "The body stopped on its way.",
    409: "Against what is true by now.",
    410: "It was there and is no more.",
    412: "Changed since the version that the caller saw.",
    413: "Larger than is taken.",
    415: "A kind of content that is not taken.",
    416: "Beyond the end of the file (Range).",
    422: "Readable, and against a rule; `errors` names the fields.",
    428: "The version that the caller saw is missing (If-Match).",
    429: "Too many at once; Retry-After says when to come back.",
    431: "Headers larger than are taken.",
    503: "Interrupted, and nothing was stored; Retry-After says when to come back.",
}
_TEXT: Final = {"type": "string"}
_FIELD: Final = {
    "type": "object",
    "required": ["field", "code", "detail"],
    "properties": {"field": _TEXT, "code": _TEXT, "detail": _TEXT},
}
_PROBLEM: Final = {
    "title": "Problem",
    "description": "RFC 9457: what happened, in two languages, and at which fields.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "detail_vi", "detail_en", "errors"],
    "properties": {
        "type": {"type": "string", "description": "`urn:civic:problem:` and a stable name."},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "In the language that was asked for."},
        "detail_vi": _TEXT,
        "detail_en": _TEXT,
        "errors": {"type": "array", "items": _FIELD},
    },
}


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Add the problems to every operation of a document, which is changed and returned.

    FastAPI's own 422 goes: its body is a list that nobody here answers.
    """
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components["responses"] = {
        f"Problem{status}": {"description": words, "content": content}
        for status, words in PROBLEMS.items()
    }
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                _named_alone(answer)
            for status in PROBLEMS:
                reference = {"$ref": f"#/components/responses/Problem{status}"}
                operation["responses"][str(status)] = reference
    return document


def _named_alone(answer: dict[str, Any]) -> None:
    """Let a schema that is named by reference be that alone.

    FastAPI merges it with what it knows of the function's return type ("some object"), which
    generators of clients take for a second type.
    """
    for content in answer.get("content", {}).values():
        if "$ref" in content.get("schema", {}):
            content["schema"] = {"$ref": content["schema"]["$ref"]}
