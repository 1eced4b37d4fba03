"""Rule files: an official edits them, so every complaint names the file and the line."""

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from shared import rulefile
from shared.rulefile import RuleFileError, load, parse
from shared.settings import RULES

TEXT = """\
id: dalat
# a comment moves the lines
categories:
  market_price:
    limit_hours: 4
  other:
    limit_hours: 8
days:
  - 2026-01-01
  - 2026-02-17
"""


def test_values_are_what_yaml_says_and_dates_are_dates() -> None:
    assert parse(TEXT, "city.yaml").content == {
        "id": "dalat",
        "categories": {"market_price": {"limit_hours": 4}, "other": {"limit_hours": 8}},
        "days": [date(2026, 1, 1), date(2026, 2, 17)],
    }


@pytest.mark.parametrize(
    ("place", "line"),
    [
        pytest.param((), 1, id="the top"),
        pytest.param(("categories",), 3, id="a key"),
        pytest.param(("categories", "other", "limit_hours"), 7, id="a value below two keys"),
        pytest.param(("days", 1), 10, id="an item"),
        pytest.param(("days", 7), 8, id="a missing item lies in its list"),
        pytest.param(("categories", "forest", "limit_hours"), 3, id="the nearest ancestor"),
        pytest.param(("nothing",), 1, id="unknown"),
    ],
)
def test_every_place_has_a_line(place: tuple[str | int, ...], line: int) -> None:
    assert parse(TEXT, "city.yaml").line(*place) == line


def test_an_error_names_the_file_the_line_and_the_complaint() -> None:
    error = parse(TEXT, "city.yaml").error("eight is too much", "categories", "other")

    assert str(error) == "city.yaml, line 6: eight is too much"
    assert (error.source, error.line, error.message) == ("city.yaml", 6, "eight is too much")


def test_a_complaint_of_the_model_is_placed_at_its_value() -> None:
    class Category(BaseModel):
        limit_hours: int

    class City(BaseModel):
        model_config = ConfigDict(extra="ignore")

        categories: dict[str, Category]

    file = parse(TEXT.replace("limit_hours: 8", "limit_hours: eight"), "city.yaml")
    with pytest.raises(ValidationError) as caught:
        City.model_validate(file.content)

    error = file.invalid(caught.value)

    assert error.line == 7
    assert error.message.startswith("categories.other.limit_hours: Input should be a valid integer")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("", 1, "mapping", id="empty"),
        pytest.param("- a\n- b\n", 1, "mapping", id="a list"),
        pytest.param("just words", 1, "mapping", id="a scalar"),
        pytest.param("a: 1\nb: [1, 2\n", 3, "not YAML", id="an open bracket"),
        pytest.param("a: 1\n\tb: 2\n", 2, "not YAML", id="a tab"),
        pytest.param("a: 1\nb: *nobody\n", 2, "not YAML", id="an alias of nothing"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "not YAML", id="two documents"),
        pytest.param("a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands twice", id="twice on top"),
        pytest.param("x:\n  a: 1\n  a: 2\n", 3, "the key 'a' stands twice", id="twice below"),
        pytest.param("x:\n- a: 1\n- a: 1\n  a: 2\n", 4, "stands twice", id="twice in an item"),
        pytest.param("1: a\n'1': b\n", 2, "stands twice", id="a number and its text"),
        pytest.param("a: 1\nday: 2026-02-30\n", 2, "2026-02-30", id="no such day"),
        pytest.param("days:\n- 2026-01-01\n- 2026-13-01\n", 3, "2026-13-01", id="no such month"),
        pytest.param("2026-02-30: closed\n", 1, "2026-02-30", id="no such day as a key"),
        pytest.param('a: 1\nb: !!bool "x"\n', 2, "x: this is no bool", id="no bool"),
        pytest.param('a: 1\nb: !!timestamp "x"\n', 2, "this is no timestamp", id="no time"),
        pytest.param('a: 1\nb: !!int ""\n', 2, "this is no int", id="no int"),
        pytest.param("a: 1\nb: !!int [1]\n", 2, "not YAML", id="a list as an int"),
        pytest.param('a: 1\nb: [!!float ""]\n', 2, "this is no float", id="no float"),
        pytest.param('a: 1\n!!bool "x": b\n', 2, "this is no bool", id="no bool as a key"),
        pytest.param("a: 1\nb: Đà\x07 Lạt\n", 2, "not YAML", id="a control character"),
        pytest.param("a: &x [1, *x]\n", 1, "alias", id="an alias inside what it names"),
        pytest.param("a: !!python/object:os.system x\n", 1, "not YAML", id="a Python object"),
        pytest.param("? [a, b]\n: c\n", 1, "not YAML", id="a list as a key"),
    ],
)
def test_what_is_no_rule_file_is_refused_at_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        parse(text, "city.yaml")

    assert caught.value.line == line
    assert words in caught.value.message
    assert str(caught.value).startswith(f"city.yaml, line {line}: ")


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_both_parsers_of_the_library_give_the_same_lines(
    loader: type[yaml.SafeLoader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulefile, "_LOADER", loader)
    read = parse(TEXT, "city.yaml")

    assert read.line("categories", "other", "limit_hours") == 7
    assert read.line("days", 1) == 10
    with pytest.raises(RuleFileError) as caught:
        parse("a: 1\nb: \x07\n", "city.yaml")
    assert caught.value.line == 2


def test_aliases_do_not_make_a_mountain_of_a_few_lines() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    with pytest.raises(RuleFileError, match="more than 100000 values"):
        parse("\n".join(lines), "city.yaml")


TAGS = ("bool", "int", "float", "timestamp", "binary", "null", "omap", "pairs", "set", "map", "seq")
VALUES = [
    '""',
    '"x"',
    "1:99:99",
    "[1]",
    "{a: 1}",
    "[[1, 2]]",
    "9" * 5000,
    "2020-01-01T00:00:00+99:99",
]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_no_tag_on_any_value_ends_in_anything_but_a_line(
    loader: type[yaml.SafeLoader], tag: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulefile, "_LOADER", loader)
    refused = None
    try:
        parse(f"a: 1\nb: !!{tag} {value}\n", "city.yaml")
    except RuleFileError as error:
        refused = error

    assert refused is None or refused.line == 2


def test_a_merge_key_is_allowed() -> None:
    read = parse("base: &base {limit_hours: 4}\nother:\n  <<: *base\n", "city.yaml")

    assert read.content["other"] == {"limit_hours": 4}


def test_a_file_in_another_encoding_is_refused_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_bytes("id: dalat\nname: Đà Lạt\n".encode("utf-16-le"))
    with pytest.raises(RuleFileError):
        load(path)
    path.write_bytes(b"id: dalat\nname: \xd0\xc0 L\xb9t\n")

    with pytest.raises(RuleFileError) as caught:
        load(path)

    assert str(caught.value) == "city.yaml, line 2: the file is not UTF-8"


@pytest.mark.parametrize(
    "path", sorted((RULES / "regulations").glob("*.yaml")), ids=lambda path: path.name
)
def test_every_place_of_a_shipped_rule_file_has_its_line(path: Path) -> None:
    read = load(path)

    assert read.source == path.name
    assert len(read.lines) > 10
    assert max(read.lines.values()) <= len(path.read_text(encoding="utf-8").splitlines())


@given(
    text=st.text(
        alphabet=st.sampled_from("ab:-[]{}&*!?|>'\"# \n\t\x00\x85\ufeff0129T"), max_size=40
    )
)
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        lines = list(parse(text, "city.yaml").lines.values())
    except RuleFileError as error:
        lines = [error.line]

    assert 1 <= min(lines) <= max(lines) <= len(text.splitlines()) + 1
