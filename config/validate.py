"""Validation of data against a model, with pydantic's errors turned into findings."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, Tag, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from config.document import Document, KeyPath
from config.finding import Finding, one_of
from config.text import MISPLACED, Template
from config.units import shown

T = TypeVar("T")

UNION_TAGS = {"message", "choice", "word", "times", "dns-01", "files"}
"""Tags of unions that no key of the file tells apart."""

_LIMITS = {
    "greater_than": ("not above {:g}", "write a number above {:g}"),
    "greater_than_equal": ("less than {:g}", "write {:g} or more"),
    "less_than_equal": ("more than {:g}", "write {:g} or less"),
    "string_too_short": ("shorter than {} characters", "write {} or more"),
}
"""Errors on numbers and lengths out of their limits: what is wrong, and what is right."""

_EXPECTED = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping",
    "model": "a mapping",
    "tuple": "a list",
    "list": "a list",
}


def validate(
    model: type[T],
    data: object,
    document: Document,
    at: KeyPath = (),
    *,
    confidential: bool = False,
) -> tuple[T | None, list[Finding]]:
    """Validate ``data`` found at key path ``at``; the model is None when there are findings.

    With ``confidential`` no value is shown in a finding: any of them may be a secret.
    """
    adapter: TypeAdapter[T] = TypeAdapter(model)
    try:
        return adapter.validate_python({} if data is None else data), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    words = _confidential_words if confidential else _words
    findings = []
    for detail in details:
        inner = tuple(part for part in detail["loc"] if part != "[key]")
        fact, remedy = words(model, detail, inner)
        path = _without_tags(inner, data)
        if detail["type"].startswith("union_tag"):
            path = (*path, "kind")
        findings.append(document.problem("schema", (*at, *path), fact, remedy))
    return None, findings


def _without_tags(loc: KeyPath, data: object) -> KeyPath:
    """Drop from a place what pydantic puts in for the chosen model of a union."""
    path: list[str | int] = []
    for part in loc:
        # What the file names itself is no tag: a scenario may be called "choice".
        named = isinstance(data, Mapping) and part in data
        of_kind = isinstance(data, Mapping) and part == data.get("kind")
        if not named and (part in UNION_TAGS or of_kind):
            continue
        path.append(part)
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
    return tuple(path)


def _confidential_words(model: type[Any], detail: ErrorDetails, loc: KeyPath) -> tuple[str, str]:
    shown_as_mapping: Any = {}
    fact, remedy = _words(model, {**detail, "input": shown_as_mapping}, loc)
    fact = fact.replace("a mapping where", "something else where", 1)
    if fact.startswith("a mapping is "):
        fact = f"the value{fact.removeprefix('a mapping')}"
    return fact, remedy


def _words(model: type[Any], detail: ErrorDetails, loc: KeyPath) -> tuple[str, str]:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == MISPLACED:
        fact, _, remedy = detail["msg"].partition("; ")
        return fact, remedy
    if isinstance(value, Template):
        names = ", ".join(value.secrets)
        return (
            f"secret {names} would be readable here",
            "pass it in environment or as a file under secrets",
        )
    if kind == "extra_forbidden":
        name = str(loc[-1])
        return f"unknown key {name!r}", one_of(name, _keys(model, loc[:-1]))
    if kind == "missing":
        return f"key {str(loc[-1])!r} is missing", "add it"
    if kind == "value_error":
        fact, _, remedy = str(context["error"]).partition("; ")
        return fact, remedy
    if kind == "union_tag_not_found":
        return "key 'kind' is missing", "add it"
    if kind in ("union_tag_invalid", "literal_error"):
        return _not_a_choice(value if kind == "literal_error" else context["tag"], context)
    expected = _EXPECTED.get(kind.partition("_")[0])
    if expected and kind.endswith(("_type", "_parsing", "_from_float", "_attributes_type")):
        return f"{shown(value)} where {expected} is expected", f"write {expected}"
    if kind == "string_pattern_mismatch":
        return f"{shown(value)} has the wrong form", f"it must match {context['pattern']}"
    if kind in _LIMITS:
        return _beyond_a_limit(kind, value, context)
    message = detail["msg"].replace("Input should be", "it should be")
    return f"{shown(value)} is not valid", message[0].lower() + message[1:]


def _not_a_choice(value: object, context: Mapping[str, Any]) -> tuple[str, str]:
    listed = context.get("expected") or context["expected_tags"]
    valid = [part.strip("' ") for part in listed.replace(" or ", ", ").split(",")]
    return f"{shown(value)} is not valid", one_of(str(value), valid)


def _beyond_a_limit(kind: str, value: object, context: Mapping[str, Any]) -> tuple[str, str]:
    wrong, right = _LIMITS[kind]
    limit = next(iter(context.values()))
    if value == "":
        return "it is empty", "write a text, or remove the key"
    return f"{shown(value)} is {wrong.format(limit)}", right.format(limit)


def _keys(model: Any, loc: KeyPath) -> list[str]:
    for part in loc:
        model = _step(model, part)
    found = _model_in(model)
    if found is None:
        return []
    return [info.alias or name for name, info in found.model_fields.items() if not info.deprecated]


def _step(annotation: Any, part: str | int) -> Any:
    model = _model_in(annotation)
    if model is not None and isinstance(part, str) and part in model.model_fields:
        return model.model_fields[part].annotation
    if part in UNION_TAGS and (tagged := _with_tag(annotation, part)) is not None:
        return tagged
    for option in _options(annotation):
        if _tagged(option, part):
            return option
        arguments = typing.get_args(option)
        if typing.get_origin(option) in (dict, Mapping):
            return arguments[1]
        if typing.get_origin(option) in (tuple, list):
            return arguments[0]
    return None


def _tagged(option: Any, tag: str | int) -> bool:
    """Whether a model of a union is the one whose ``kind`` is the tag."""
    if not (isinstance(option, type) and issubclass(option, BaseModel)):
        return False
    kind = option.model_fields.get("kind")
    return kind is not None and tag in typing.get_args(kind.annotation)


def _with_tag(annotation: Any, tag: str | int) -> Any:
    """Give the alternative of a union that bears a `Tag`; None when there is none."""
    arms = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Annotated:
        if Tag(str(tag)) in arms[1:]:
            return arms[0]
        return _with_tag(arms[0], tag)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((found for arm in arms if (found := _with_tag(arm, tag))), None)
    return None


def _options(annotation: Any) -> list[Any]:
    """Give the alternatives of an annotation, without ``Annotated`` and unions."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _options(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [leaf for arm in typing.get_args(annotation) for leaf in _options(arm)]
    return [annotation]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None
