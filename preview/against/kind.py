"""What a provider does about a changed property, by resource type: replace, update or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from preview.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource type, as its provider's schema has it. Names are Pulumi's, in camel case."""

    replaces: frozenset[str] = frozenset()
    """Paths of properties whose change replaces the resource: `image`, `build.context`, without
    the indexes of lists. A path stands for all below it, unless there are others below it: then
    only those do, and that an element of the list comes or goes."""
    switches: frozenset[str] = frozenset()
    """Properties that replace the resource when they are added or taken away."""
    keeps: frozenset[str] = frozenset()
    """Properties that the provider fills in: taken away or left empty, they stay as they are."""
    unordered: frozenset[str] = frozenset()
    """Lists whose order means nothing."""
    whole: frozenset[str] = frozenset()
    """Those of them whose difference is told of the whole list, not element by element."""
    defaults: Mapping[str, Value] = field(default_factory=dict)
    """What stands for a property that isn't given, where that isn't nothing."""
    zero_is_unset: bool = False
    """Whether an empty text, list or object, 0 and false are the same as nothing."""
    deletes_first: bool = False
    """Whether the provider asks for a delete before the replacement is made."""
    named_by_provider: str | None = None
    """The property that the provider fills with a name of its own. Where the program gives one, a
    replacement can't stand beside the old one, and the delete comes first."""
    sees_secrecy: bool = False
    """Whether it is a difference that a value becomes a secret, or is none any more."""
    names_reasons: bool = True
    """Whether the provider names the properties that ask for a replacement by something in them."""
    keeps_outputs: bool = True
    """Whether an update leaves the outputs that aren't inputs known."""


def kind(replaces: str = "", **rest: object) -> Kind:
    """Make a kind from lists of names in texts."""
    lists = {
        key: frozenset(value.split()) if isinstance(value, str) and key in _LISTS else value
        for key, value in {"replaces": replaces, **rest}.items()
    }
    return Kind(**lists)  # type: ignore[arg-type]  # the names are checked when it is made


_LISTS = frozenset({"replaces", "switches", "keeps", "unordered", "whole"})
