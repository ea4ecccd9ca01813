"""Recorded inputs held against the types of the SDKs: what no engine, and no cloud, was asked."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi._types import input_type_py_to_pulumi_names

from preview.monitor import Invocation
from preview.record import Recording
from preview.resource import Resource
from preview.value import UNKNOWN, Secret

CLOUDS = ("aws", "cloudflare", "oci", "tls")


def complaints(recording: Recording) -> list[str]:
    """Give what the SDKs' types do not know of what was recorded: names, and kinds of values."""
    found = [text for each in recording.resources for text in of_resource(each)]
    return found + [text for each in recording.invocations for text in of_call(each)]


def of_resource(resource: Resource) -> Iterator[str]:
    """Give what a cloud's SDK does not know of a resource."""
    if not resource.custom or resource.type.partition(":")[0] not in CLOUDS:
        return
    module, name = _module(resource.type)
    class_ = getattr(module, name)
    args = _args_of(class_)
    yield from _fields(resource.inputs, args, f"{resource.type} {resource.name}")
    for ignored in resource.ignore_changes:
        if ignored.partition(".")[0] not in input_type_py_to_pulumi_names(args).values():
            yield f"{resource.type} {resource.name}: ignores {ignored}"


def of_call(call: Invocation) -> Iterator[str]:
    """Give what a cloud's SDK does not know of a call of one of its functions."""
    module, name = _module(call.token)
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    known = {_camel(each) for each in inspect.signature(getattr(module, snake)).parameters}
    yield from (f"{call.token}: {name}" for name in call.args if name not in known)


def _module(token: str) -> tuple[Any, str]:
    package, path, name = token.split(":")
    module = path.partition("/")[0].lower()
    inside = "" if module == "index" else f".{module}"
    return importlib.import_module(f"pulumi_{package}{inside}"), name


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _args_of(class_: type[Any]) -> type[Any]:
    module = importlib.import_module(class_.__module__)
    args: type[Any] = getattr(module, f"{class_.__name__}Args")
    return args


def _fields(values: Mapping[str, Any], args: type[Any], at: str) -> Iterator[str]:
    names = {camel: snake for snake, camel in input_type_py_to_pulumi_names(args).items()}
    hints = typing.get_type_hints(args.__init__, _names_around(args))
    for name, value in values.items():
        if name not in names:
            yield f"{at}: {name} is unknown"
        else:
            yield from _value(value, hints[names[name]], f"{at}: {name}")
    required = {
        name
        for name, parameter in inspect.signature(args).parameters.items()
        if parameter.default is inspect.Parameter.empty
    }
    missing = required - {names[name] for name in values if name in names}
    yield from (f"{at}: {name} is missing" for name in sorted(missing))


def _names_around(args: type[Any]) -> dict[str, Any]:
    """Give the names that the annotations of a class of arguments use."""
    own = vars(importlib.import_module(args.__module__))
    inputs = f"{args.__module__.rpartition('.')[0]}._inputs"
    nested = vars(importlib.import_module(inputs)) if importlib.util.find_spec(inputs) else {}
    # `Input` refers to these two by name.
    return {"Output": pulumi.Output, "T": typing.Any, **nested, **own}


def _value(value: Any, hint: Any, at: str) -> Iterator[str]:
    if isinstance(value, Secret):
        value = value.value
    if value is UNKNOWN or value is None:
        return
    options = list(_options(hint))
    if typing.Any in options:
        return
    if isinstance(value, Mapping):
        yield from _mapping(value, options, at)
    elif isinstance(value, list | tuple):
        inner = [o for o in options if typing.get_origin(o) in (Sequence, list)]
        if not inner:
            yield f"{at}: a list"
        for number, each in enumerate(value):
            yield from _value(each, typing.get_args(inner[0])[0], f"{at}[{number}]")
    elif not any(_fits(value, option) for option in options):
        yield f"{at}: {value!r} is none of {options}"


def _mapping(value: Mapping[str, Any], options: list[Any], at: str) -> Iterator[str]:
    for option in options:
        if inspect.isclass(option) and option.__name__.endswith("Args"):
            yield from _fields(value, option, at)
            return
        if typing.get_origin(option) is Mapping:
            for key, each in value.items():
                yield from _value(each, typing.get_args(option)[1], f"{at}.{key}")
            return
    yield f"{at}: a mapping"


def _fits(value: object, option: Any) -> bool:
    if option is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if option is int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool)
    return inspect.isclass(option) and isinstance(value, option)


def _options(hint: Any) -> Iterator[Any]:
    """Give what may stand there: without outputs, awaitables and None."""
    origin = typing.get_origin(hint)
    if origin is typing.Union:
        for each in typing.get_args(hint):
            yield from _options(each)
    elif origin is None and (hint is type(None) or isinstance(hint, typing.ForwardRef)):
        return
    elif origin is not pulumi.Output and "Awaitable" not in str(origin):
        yield hint
