"""A resource's inputs as plain data, looked up by the names of Pulumi's Python SDK."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin

from config.finding import one_of
from preview.value import SIGNATURE, Secret, Value


class UnknownInputError(LookupError):
    """No resource of this type has such an input. A test that asks for it could not fail."""


class Shape(NamedTuple):
    """What the SDK says of an arguments class."""

    told: str
    """Its name, for messages."""
    names: Mapping[str, str]
    """Of each input, the Python name and the provider's."""
    hints: Mapping[str, Any]
    """Of each input, by the provider's name, its type."""


class Inputs(dict[str, Value]):
    """Inputs by the provider's names, as previews show them; all of it plain data.

    Lookups take the SDK's Python names too (`must_run` as well as `mustRun`), also further down.
    With a type that the SDK describes, a name that it doesn't know is an `UnknownInputError`, in
    `get` and `in` too.
    """

    def __init__(self, data: Mapping[str, Value], shape: Shape | None = None) -> None:
        hints = shape.hints if shape else {}
        super().__init__({key: _shaped(value, hints.get(key)) for key, value in data.items()})
        self._shape = shape

    def __getitem__(self, name: str) -> Value:
        key = self._key(name)
        if not super().__contains__(key):
            raise KeyError(f"{name} is not set; {one_of(name, list(self))}")
        return super().__getitem__(key)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(self._key(name) if isinstance(name, str) else name)

    def get(self, name: str, default: Value = None) -> Value:
        """The input, or the default where the program doesn't set it."""
        return super().get(self._key(name), default)

    def _key(self, name: str) -> str:
        shape = self._shape
        if shape is None or super().__contains__(name) or name in shape.hints:
            return name
        if name not in shape.names:
            raise UnknownInputError(
                f"{shape.told} has no input {name!r}; {one_of(name, list(shape.names))}"
            )
        return shape.names[name]


def shape_of(cls: type | None) -> Shape | None:
    """What the SDK says of the inputs of a resource's class; `None` where it says nothing."""
    if cls is None:
        return None
    module = vars(sys.modules[cls.__module__])
    args = module.get(f"{cls.__name__}InitArgs", module.get(f"{cls.__name__}Args"))
    return _shape(args, cls.__name__) if isinstance(args, type) else None


@cache
def _shape(args: type, told: str) -> Shape | None:
    from pulumi import _types

    if not _types.is_input_type(args):
        return None
    names = _types.input_type_py_to_pulumi_names(args)
    return Shape(told, names, _types.input_type_types(args))


def _shaped(value: Value, hint: Any) -> Value:
    """A copy of the value, with what the SDK has a type for as `Inputs`."""
    match value:
        case Secret():
            return Secret(_shaped(value.value, hint))
        case list() | tuple():
            inner = _argument(hint, Sequence)
            return [_shaped(item, inner) for item in value]
        case Mapping() if SIGNATURE in value:
            return dict(value)
        case Mapping():
            for each in _alternatives(hint):
                shape = _shape(each, each.__name__) if isinstance(each, type) else None
                if shape:
                    return Inputs(value, shape)
            inner = _argument(hint, Mapping)
            return {key: _shaped(item, inner) for key, item in value.items()}
        case _:
            return value


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """The types of a union, such as the SDK's `Input[T]`; or the one."""
    plain = get_origin(hint) is None or _is_collection(hint)
    return (hint,) if plain else get_args(hint)


def _is_collection(hint: Any) -> bool:
    origin = get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Sequence | Mapping)


def _argument(hint: Any, collection: type) -> Any:
    """The type of what a collection holds."""
    for each in _alternatives(hint):
        origin = get_origin(each)
        if isinstance(origin, type) and issubclass(origin, collection):
            return get_args(each)[-1]
    return None
