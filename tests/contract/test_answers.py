"""What OpenAPI says of notify's answers, against the code that makes them."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, create_model

from services.notify.answers.figures import TABLES, Figures
from services.notify.ioc.figures import rows, whole
from services.notify.ioc.figures_api import TABLES as GROUPS
from tests.conforms import differences

ROOT = Path(__file__).parents[2]
WORKED = {"works": 9, "median_work_s": 60.5, "p90_work_s": 70}
MADE = {"_id": "x", **WORKED, "score": 40, "satisfied": 8}
COUNTED = {**MADE, "total": 9, "resolved": 9, "on_time": 8, "answered": 9, "rated": 9}


@pytest.fixture(scope="module")
def notify() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "openapi-notify.json").read_text())


@pytest.mark.parametrize("group", [{}, COUNTED])
def test_a_row_of_figures_is_what_the_document_says(group: dict[str, Any]):
    assert differences(Figures, whole(group, 5)) == []
    assert set(whole(group, 5)) == set(Figures.model_fields)


def test_the_rows_of_each_table_name_their_group():
    assert set(TABLES) == set(GROUPS)
    for path, name in GROUPS.items():
        [model] = TABLES[path].model_fields["items"].annotation.__args__
        assert differences(model, rows([COUNTED], name, 5)[0]) == []


def test_an_answer_with_a_field_too_many_or_too_few_is_found():
    part = create_model("Part", n=(int | None, Field()))

    assert differences(part, {"n": None}) == []
    assert differences(part, {}) != []
    assert differences(part, {"n": 1, "m": 1}) != []
    assert differences(part, {"n": "x"}) != []


def test_every_answer_of_notify_is_typed(notify: dict[str, Any]):
    """A client generator finds a named type, or a stream of text, and nothing in between."""
    seen = 0
    for path, operations in notify["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    seen += 1
                    schema = content["schema"]
                    if kind == "text/event-stream":
                        assert schema["type"] == "string", path
                    else:
                        assert list(schema) == ["$ref"], f"{method} {path} {status}: {schema}"
    assert seen > 20
    figures = notify["components"]["schemas"]["Summary"]["properties"]
    assert "seconds" in figures["median_work_s"]["description"]
    assert "fraction" in figures["on_time_share"]["description"]
