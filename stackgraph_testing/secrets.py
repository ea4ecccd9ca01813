"""Secrets that can be read where they shouldn't be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from preview.value import Secret, Value
from stackgraph_testing.resources import Resources

SHORTEST: Final = 6
"""Characters below which a value can't be told from other text."""


@dataclass(frozen=True, slots=True, repr=False)
class Leak:
    """A place that holds a secret's value in clear text. Its text doesn't."""

    where: str
    """The resource and the path in it, or the message."""
    secret: str
    """Which secret: its name, or the place at which the program marks the value as one."""

    def __repr__(self) -> str:
        return f"<{self.where} holds {self.secret} in clear>"


def leaks(
    resources: Resources, named: Mapping[str, str], others: Mapping[str, str]
) -> tuple[Leak, ...]:
    """Look for secrets in names, inputs, outputs, and in other things that people see.

    Args:
        resources: All that were declared. The stack's outputs are those of its resource.
        named: Values of known secrets, by name.
        others: Other texts, by what they are.

    Raises:
        ValueError: A named secret is too short to be found.
    """
    for name, value in named.items():
        if len(value) < SHORTEST:
            raise ValueError(
                f"the value of secret {name} has fewer than {SHORTEST} characters, too few to be "
                "told from other text; give it a longer one"
            )
    seen = list(_seen(resources, others))
    values = {value: f"secret {name}" for name, value in named.items()}
    for where, value in seen:
        for path, text in _marked(value, where):
            values.setdefault(text, f"the secret of {path}")
    return tuple(
        Leak(path, told)
        for where, value in seen
        for path, text in _plain(value, where)
        for hidden, told in values.items()
        if hidden in text
    )


def _seen(resources: Resources, others: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    for each in resources:
        yield f"the name of {each}", each.name
        yield f"{each} inputs", each.registration.inputs
        yield f"{each} outputs", each.registration.outputs
        yield f"{each} trigger of replacement", each.registration.replacement_trigger
        yield f"{each} id", each.registration.import_id or each.registration.read_id
    yield from others.items()


def _plain(value: Value, path: str) -> Iterator[tuple[str, str]]:
    """Every text that is in no secret, and where it is."""
    match value:
        case str():
            yield path, value
        case Mapping():
            for key, item in value.items():
                yield f"a key of {path}", str(key)
                yield from _plain(item, f"{path}.{key}")
        case list() | tuple():
            for position, item in enumerate(value):
                yield from _plain(item, f"{path}[{position}]")


def _marked(value: Value, path: str) -> Iterator[tuple[str, str]]:
    """Every text that is a secret by itself.

    Of a list or an object that is one as a whole, nobody says which part is to be hidden.
    """
    match value:
        case Secret(value=str(text)) if len(text) >= SHORTEST:
            yield path, text
        case Mapping():
            for key, item in value.items():
                yield from _marked(item, f"{path}.{key}")
        case list() | tuple():
            for position, item in enumerate(value):
                yield from _marked(item, f"{path}[{position}]")
