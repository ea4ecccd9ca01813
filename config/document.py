"""YAML documents with positions: plain data, and for every key path the line it stands on.

Scalars are read by YAML 1.2's core schema, as Compose's own parser does: ``off`` and ``22:22``
are strings. As in Compose, numbers with a leading zero are octal (``mode: 0440``), ``0b101`` is
binary, and underscores may stand between digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from config.finding import Finding, FindingsError, Source

KeyPath: TypeAlias = Sequence[str | int]

MAX_VALUES = 200_000
"""More values than any real file has: what stops aliases that multiply without end."""

MAX_DEPTH = 100
"""Deeper than any real file: libyaml's composer and ours are recursive."""

MAX_DIGITS = 19
"""Digits of the longest whole number; more make a float, as in Compose."""

_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?([0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN_TAGS = {_TAG + kind for kind in ("str", "int", "float", "bool", "null", "seq", "map")}


class _Loader(yaml.CSafeLoader):
    """libyaml's parser; of the resolvers only the merge key, scalars are read in `_scalar`."""

    yaml_implicit_resolvers = {"<": [(_TAG + "merge", re.compile("^<<$"))]}


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file: its display name, its data, and the lines of its key paths."""

    file: str
    data: Any
    lines: Mapping[tuple[str | int, ...], int]

    def where(self, path: KeyPath) -> Source:
        """Give the place of a key path; of its nearest known parent when it has no line."""
        known = tuple(path)
        while known and known not in self.lines:
            known = known[:-1]
        return Source(self.file, self.lines.get(known, 1), format_path(path))

    def problem(self, rule: str, path: KeyPath, fact: str, remedy: str) -> Finding:
        """Make an error finding about a key path of this document."""
        return Finding(rule=rule, source=self.where(path), fact=fact, remedy=remedy)


def format_path(path: KeyPath) -> str:
    """Write a key path as people do: ``services.n8n.ports[0]``."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{key}" if text else key
    return text


def read_text(file: Path, display: str, referrer: Source | None = None) -> str:
    """Read a UTF-8 file; a `FindingsError` at its ``referrer`` when that cannot be done."""
    source = referrer or Source(display, 1, "")
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        fact, remedy = f"file {display} does not exist", "create it, or correct the name"
    except UnicodeDecodeError:
        fact, remedy = f"file {display} is not UTF-8 text", "save it as UTF-8"
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        fact, remedy = f"file {display} cannot be read: {reason}", "make it a readable file"
    raise FindingsError([Finding(rule="file", source=source, fact=fact, remedy=remedy)])


def read_document(file: Path, display: str, referrer: Source | None = None) -> Document:
    """Read and parse a YAML file; a `FindingsError` with every problem when it is broken."""
    return parse(read_text(file, display, referrer), display)


def parse(text: str, file: str) -> Document:
    """Parse YAML text; a `FindingsError` with every problem when it is broken."""
    try:
        _refuse_depth(text, file)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or "cannot be parsed"
        if problem.startswith("but "):
            problem = f"{error.context}, {problem}"
        fact = f"broken YAML: {problem}"
        remedy = "mend the syntax (indentation, quotes, brackets) near this line"
        raise FindingsError(
            [Finding(rule="yaml", source=Source(file, line, ""), fact=fact, remedy=remedy)]
        ) from None
    except yaml.YAMLError:
        fact, remedy = "broken YAML: a character that YAML does not allow", "remove it"
        found = _FORBIDDEN.search(text)
        line = text.count("\n", 0, found.start() if found else 0) + 1
        raise FindingsError(
            [Finding(rule="yaml", source=Source(file, line, ""), fact=fact, remedy=remedy)]
        ) from None
    reader = _Reader(file)
    data = reader.read(node, ()) if node is not None else None
    if reader.findings:
        raise FindingsError(reader.findings)
    return Document(file, data, reader.lines)


def _refuse_depth(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            source = Source(file, line, "")
            fact, remedy = f"more than {MAX_DEPTH} levels of nesting", "use fewer levels"
            raise FindingsError([Finding(rule="yaml", source=source, fact=fact, remedy=remedy)])


class _Reader:
    """Turns a node graph into plain data, noting the line of every key path."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.findings: list[Finding] = []
        self._open: set[int] = set()
        self._values = 0

    def read(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        self._count(path)
        self.lines.setdefault(path, node.start_mark.line + 1)
        if node.tag not in _PLAIN_TAGS and not node.tag.startswith("tag:yaml.org,2002:merge"):
            self._report(node, path, f"YAML tag {node.tag} is not supported", "remove the tag")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            self._report(node, path, "an alias contains itself", "remove the alias")
            raise FindingsError(self.findings)
        self._open.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            data: Any = [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        else:
            data = self._mapping(node, path)
        self._open.remove(id(node))
        return data

    def _mapping(self, node: yaml.Node, path: tuple[str | int, ...]) -> dict[str, Any]:
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                merged += self._merged(value, path)
            elif not isinstance(key, yaml.ScalarNode) or not isinstance(self._scalar(key), str):
                shown = key.value if isinstance(key, yaml.ScalarNode) else "in brackets"
                self._report(key, path, f"a key, {shown}, is not text", "write it in quotes")
            elif key.value in own:
                first = own[key.value][0].start_mark.line + 1
                fact = f"key {key.value!r} is set twice; the first is on line {first}"
                self._report(key, (*path, key.value), fact, "keep one")
            else:
                own[key.value] = (key, value)
        for key, value in merged:
            own.setdefault(key.value, (key, value))
        data = {}
        for name, (key, value) in own.items():
            self.lines[(*path, name)] = key.start_mark.line + 1
            data[name] = self.read(value, (*path, name))
        return data

    def _merged(
        self, node: yaml.Node, path: tuple[str | int, ...]
    ) -> Iterable[tuple[yaml.Node, yaml.Node]]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        for source in sources:
            if not isinstance(source, yaml.MappingNode) or id(source) in self._open:
                self._report(source, (*path, "<<"), "'<<' merges no mapping", "name a mapping")
                continue
            self._open.add(id(source))
            for key, value in source.value:
                self._count(path)
                if key.tag == _TAG + "merge":
                    pairs += self._merged(value, path)
                else:
                    pairs.append((key, value))
            self._open.remove(id(source))
        return pairs

    def _scalar(self, node: yaml.ScalarNode) -> str | int | float | bool | None:
        text: str = node.value
        if node.style:  # quoted or block: a text, whatever it looks like
            return text
        if _NULL.fullmatch(text):
            return None
        if _BOOL.fullmatch(text):
            return text.lower() == "true"
        number = text.replace("_", "") if text[0] in "+-.0123456789" else ""
        if _INT.fullmatch(number):
            return _integer(number)
        return float(number) if _FLOAT.fullmatch(number) else text

    def _report(self, node: yaml.Node, path: KeyPath, fact: str, remedy: str) -> None:
        source = Source(self.file, node.start_mark.line + 1, format_path(path))
        self.findings.append(Finding(rule="yaml", source=source, fact=fact, remedy=remedy))

    def _count(self, path: tuple[str | int, ...]) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            top = path[:1]
            source = Source(self.file, self.lines.get(top, 1), format_path(top))
            fact, remedy = f"more than {MAX_VALUES} values", "use fewer aliases"
            raise FindingsError([Finding(rule="yaml", source=source, fact=fact, remedy=remedy)])


def _integer(text: str) -> int | float:
    digits = text.lstrip("+-")
    if digits[1:2] in ("x", "o", "b"):
        return int(text, 0)
    if len(digits) > MAX_DIGITS:
        return float(text)
    if digits == "0" or not digits.startswith("0"):
        return int(text)
    # 0440 is octal; 0890 cannot be, and is a float in Compose.
    return float(text) if set(digits) & {"8", "9"} else int(text, 8)
