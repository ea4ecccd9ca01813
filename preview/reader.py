"""Reads JSON documents that others wrote: what isn't as expected is named with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from preview.value import Json

T = TypeVar("T")

REMEDY: Final = "give what `stackgraph plan --json` or `pulumi preview --json` wrote"

_NAMES: Final = {dict: "an object", list: "a list", str: "a text", int: "a number", bool: "a bool"}


@dataclass(frozen=True, slots=True)
class At:
    """A value in a document, and where it is. What isn't there reads as null."""

    value: Json
    path: str = ""

    def need(self, kind: type[T]) -> T:
        """The value, which has to be of this kind.

        Raises:
            ValueError: It isn't; `path: fact; remedy`.
        """
        # In Python a bool is a number, in JSON it isn't.
        if not isinstance(self.value, kind) or (kind is int and isinstance(self.value, bool)):
            found = "missing" if self.value is None else f"{type(self.value).__name__}"
            raise ValueError(f"{self.path or 'document'}: is {found}, not {_NAMES[kind]}; {REMEDY}")
        return self.value

    def want(self, kind: type[T]) -> T | None:
        """The value, of this kind or null.

        Raises:
            ValueError: It is something else.
        """
        return None if self.value is None else self.need(kind)

    def __getitem__(self, key: str) -> At:
        """What an object, or null, has under a key."""
        path = f"{self.path}.{key}" if self.path else key
        return At((self.want(dict) or {}).get(key), path)

    def members(self) -> Iterator[tuple[str, At]]:
        """The keys of an object, or of null, and what is there."""
        for key in self.want(dict) or {}:
            yield key, self[key]

    def items(self) -> Iterator[At]:
        """What is in a list, or in null."""
        for index, item in enumerate(self.want(list) or []):
            yield At(item, f"{self.path}[{index}]")

    def texts(self) -> tuple[str, ...]:
        """The texts in a list, or in null."""
        if _are_texts(self.value):
            return tuple(self.value)
        return tuple(item.need(str) for item in self.items())

    def text_lists(self) -> dict[str, tuple[str, ...]]:
        """The lists of texts in an object, or in null."""
        found = self.want(dict) or {}
        if all(map(_are_texts, found.values())):
            return {key: tuple(texts) for key, texts in found.items()}
        return {key: each.texts() for key, each in self.members()}


def _are_texts(value: Json) -> bool:
    # Places are made for errors only: a large preview has millions of them.
    return isinstance(value, list) and {*map(type, value)} <= {str}
