"""Rule files: YAML that an official edits, so every complaint about one names its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from shared.errors import CivicError


class RuleFileError(CivicError):
    """A rule file is incomplete or contradicts itself; the sentence names the file and the line."""

    def __init__(self, source: str, line: int, message: str) -> None:
        super().__init__(f"{source}, line {line}: {message}")
        self.source = source
        self.line = line
        self.message = message


MOST_VALUES = (
    100_000  # a city's rules have a few thousand; ten aliases of ten have ten thousand million
)
MERGE = "tag:yaml.org,2002:merge"  # the key `<<`, which is no value
# libyaml's parser where PyYAML was built with it: twenty times faster, the same nodes and marks
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class RuleFile:
    """A parsed rule file: plain values, and the line on which each of them stands.

    Attributes:
        source: The file's name, for messages.
        content: Mappings, lists and scalars as YAML gives them; dates stay dates.
        lines: One-based line by place; a place is the path of keys and indexes from the top.
    """

    source: str
    content: Mapping[str, Any]
    lines: Mapping[tuple[str | int, ...], int]

    def line(self, *place: str | int) -> int:
        """Return the line of `place`, or of its nearest ancestor that has one."""
        for end in range(len(place), -1, -1):
            if (found := self.lines.get(place[:end])) is not None:
                return found
        return 1

    def error(self, message: str, *place: str | int) -> RuleFileError:
        """Return the error that says `message` about the value at `place`."""
        return RuleFileError(self.source, self.line(*place), message)

    def invalid(self, failure: ValidationError) -> RuleFileError:
        """Return the error for pydantic's first complaint, at the line of the value it is about."""
        first = failure.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        return self.error(f"{path}: {first['msg']}", *first["loc"])


def load(path: Path) -> RuleFile:
    """Read a YAML rule file.

    Raises:
        RuleFileError: the file is not YAML, its top is not a mapping, or a key stands twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise RuleFileError(path.name, line, "the file is not UTF-8") from error
    return parse(text, path.name)


def parse(text: str, source: str) -> RuleFile:
    """Parse the text of a YAML rule file; `source` is its name in messages.

    Raises:
        RuleFileError: the text is not YAML, its top is not a mapping, or a key stands twice.
    """
    try:
        return _parse(_LOADER(text), source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise RuleFileError(source, line, f"not YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, int(error.position)) + 1
        raise RuleFileError(source, line, f"not YAML: {error.reason}") from error
    except RecursionError as error:
        raise RuleFileError(source, 1, "an alias stands inside what it names") from error


def _parse(loader: yaml.SafeLoader, source: str) -> RuleFile:
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            raise RuleFileError(source, 1, "a rule file is a mapping of names to values")
        lines: dict[tuple[str | int, ...], int] = {}
        _note_lines(root, (), lines, source)
        _check_scalars(root, loader, source)
        content: Any = loader.construct_document(root)
    finally:
        loader.dispose()
    return RuleFile(source, content, lines)


def _check_scalars(node: yaml.Node, loader: yaml.SafeLoader, source: str) -> None:
    """Find what has the form or the tag of something and is none: "2026-02-30", "!!bool x"."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag == MERGE:
            return
        try:
            loader.construct_object(node)
        except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
            # of a tag that does not fit ("!!bool x", "!!int ''"), as PyYAML leaves it
            line = node.start_mark.line + 1
            raise RuleFileError(source, line, f"{node.value}: {_why(node, error)}") from error
    elif isinstance(node, yaml.CollectionNode):
        for child in node.value:
            for each in child if isinstance(child, tuple) else (child,):
                _check_scalars(each, loader, source)


def _why(node: yaml.ScalarNode, error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else f"this is no {node.tag.split(':')[-1]}"


def _note_lines(
    node: yaml.Node,
    place: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    source: str,
) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if len(lines) > MOST_VALUES:
        message = f"more than {MOST_VALUES} values, with what aliases repeat"
        raise RuleFileError(source, node.start_mark.line + 1, message)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            if here in lines:
                raise RuleFileError(
                    source, key.start_mark.line + 1, f"the key {key.value!r} stands twice"
                )
            lines[here] = key.start_mark.line + 1
            _note_lines(value, here, lines, source)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*place, index), lines, source)
