"""Text with variables: Compose interpolation, in which secrets stay references.

The forms are the Compose Specification's (``12-interpolation.md``): ``$VAR``, ``${VAR}``,
``${VAR:-default}``, ``${VAR-default}``, ``${VAR:?error}``, ``${VAR?error}``,
``${VAR:+replacement}``, ``${VAR+replacement}``, nested, and ``$$`` for a dollar sign.
A variable without a value is an error here; Compose would put an empty text in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from config.document import Document, KeyPath
from config.finding import Finding, one_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FREE_MAPS = {"environment", "labels", "args", "options", "driver_opts", "sysctls", "extra_hosts"}
"""Mappings whose keys are the user's own: ``x-`` begins no extension in them."""

_OPERATORS = (":-", "-", ":?", "?", ":+", "+")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Stands for the value of a secret, which no text of ours ever holds."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """Text with at least one secret in it: literal parts and references, in order."""

    parts: tuple[str | SecretRef, ...]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the secrets in it, sorted."""
        return tuple(sorted({part.name for part in self.parts if isinstance(part, SecretRef)}))

    def __str__(self) -> str:
        return "".join(p if isinstance(p, str) else f"${{{p.name}}}" for p in self.parts)


MISPLACED = "misplaced"
"""Type of the validation errors that say more than any secret in the wrong place gets."""

Value: TypeAlias = str | SecretRef | Template
Variables: TypeAlias = Mapping[str, Value]


class InterpolationError(ValueError):
    """A text whose variables cannot be put in: the ``fact`` and the ``remedy``."""

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(f"{fact}; {remedy}")
        self.fact, self.remedy = fact, remedy


def interpolate_tree(
    document: Document, data: Any, variables: Variables, path: KeyPath = ()
) -> tuple[Any, list[Finding]]:
    """Put variables into every text value below ``path``; keys and ``x-`` blocks stay."""
    findings: list[Finding] = []

    def walk(value: Any, at: tuple[str | int, ...]) -> Any:
        if isinstance(value, str) and "$" in value:
            try:
                return interpolate(value, variables)
            except InterpolationError as error:
                findings.append(document.problem("interpolation", at, error.fact, error.remedy))
                return ""
        if isinstance(value, dict):
            free = bool(at) and at[-1] in _FREE_MAPS
            return {
                key: walk(item, (*at, key)) if free or not key.startswith("x-") else item
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [walk(item, (*at, index)) for index, item in enumerate(value)]
        return value

    return walk(data, tuple(path)), findings


def interpolate(text: str, variables: Variables) -> str | Template:
    """Put variables into one text; an `InterpolationError` when a name or the syntax is wrong."""
    parts, _ = _Interpolation(variables).run(text, 0, closing=False)
    return _joined(parts)


def _joined(parts: list[Value]) -> str | Template:
    merged: list[str | SecretRef] = []
    for part in _flat(parts):
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if all(isinstance(part, str) for part in merged):
        return "".join(part for part in merged if isinstance(part, str))
    return Template(tuple(merged))


def _flat(parts: list[Value]) -> Iterator[str | SecretRef]:
    for part in parts:
        if isinstance(part, Template):
            yield from part.parts
        else:
            yield part


class _Interpolation:
    def __init__(self, variables: Variables) -> None:
        self.variables = variables

    def run(self, text: str, at: int, *, closing: bool) -> tuple[list[Value], int]:
        """Read from ``at`` to the end, or to an unnested ``}`` when ``closing``."""
        parts: list[Value] = []
        while at < len(text):
            char = text[at]
            if closing and char == "}":
                return parts, at
            if char != "$":
                parts.append(char)
                at += 1
            elif text.startswith("$$", at):
                parts.append("$")
                at += 2
            elif text.startswith("${", at):
                found, at = self._braced(text, at + 2)
                parts += found
            else:
                name = _NAME.match(text, at + 1)
                if name is None:
                    fact = f"'$' at character {at + 1} begins no variable"
                    raise InterpolationError(fact, "write $$ for a dollar sign")
                parts.append(self._value(name[0]))
                at = name.end()
        if closing:
            raise InterpolationError("'${' is not closed", "add the missing }")
        return parts, at

    def _braced(self, text: str, at: int) -> tuple[list[Value], int]:
        match = _NAME.match(text, at)
        if match is None:
            fact = "'${' is followed by no variable name"
            raise InterpolationError(fact, "write ${NAME}, or $$ for a dollar sign")
        name, at = match[0], match.end()
        if text.startswith("}", at):
            return [self._value(name)], at + 1
        operator = next((op for op in _OPERATORS if text.startswith(op, at)), None)
        if operator is None:
            if at == len(text):
                raise InterpolationError("'${' is not closed", "add the missing }")
            fact = f"'${{{name}' is followed by {text[at]!r}"
            raise InterpolationError(fact, "use }, :-, -, :?, ?, :+ or + after the name")
        # What is not chosen may name variables that have no value: it is read, not resolved.
        value = self.variables.get(name)
        present = value is not None and (value != "" or not operator.startswith(":"))
        wanted = present if operator.endswith("+") else not present
        inner = self if wanted else _Interpolation(_Anything())
        begin = at
        argument, at = inner.run(text, at + len(operator), closing=True)
        if "\n" in text[begin:at]:
            fact = f"the alternative to {name} goes over more than one line"
            raise InterpolationError(fact, "put the text into a variable with a default")
        if operator.endswith("?") and not present:
            message = str(_joined(argument)) or "it is required"
            raise InterpolationError(f"variable {name} has no value: {message}", _declare(name))
        if operator.endswith("+"):
            return (argument if present else []), at + 1
        if present and value is not None:
            return [value], at + 1
        return argument, at + 1

    def _value(self, name: str) -> Value:
        value = self.variables.get(name)
        if value is None:
            hint = one_of(name, self.variables)
            near = hint.partition(" valid:")[0] + " " if hint.startswith("did") else ""
            raise InterpolationError(f"variable {name} has no value", near + _declare(name))
        return value


def _declare(name: str) -> str:
    return f"declare {name} under variables or secrets in system.yaml"


class _Anything(dict[str, Value]):
    """Has a value for every name: for reading an alternative that was not chosen."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002
        return "anything"
