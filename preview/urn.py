"""URNs: how the engine names a resource, and which names it may have had before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pulumi.runtime.proto import alias_pb2

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"
_PREFIX: Final = "urn:pulumi:"


class Urn(NamedTuple):
    """The parts of a URN."""

    stack: str
    project: str
    qualified_type: str
    """The types of its parents, below the stack, and its own, joined by `$`."""
    name: str

    @property
    def type(self) -> str:
        """The resource's own type."""
        return self.qualified_type.rpartition("$")[2]


def split(urn: str) -> Urn:
    """The parts of a URN. A name may itself contain `::`.

    Raises:
        ValueError: It isn't a URN.
    """
    parts = urn.removeprefix(_PREFIX).split("::", 3)
    if len(parts) != len(Urn._fields) or not urn.startswith(_PREFIX):
        raise ValueError(f"{urn!r} is no URN")
    return Urn(*parts)


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource. `parent` is a URN, or empty; the stack itself adds no type."""
    above = split(parent).qualified_type if parent else ""
    qualified = type_ if above in ("", STACK_TYPE) else f"{above}${type_}"
    return f"{_PREFIX}{stack}::{project}::{qualified}::{name}"


def default_provider(stack: str, project: str, package: str, version: str, url: str) -> str:
    """The URN of the provider that the engine makes for resources that name none."""
    name = "default" + ("_" + re.sub(r"[.\-+]", "_", version) if version else "")
    if url:
        segments = [
            re.sub(r"[^A-Za-z0-9_.]", "_", part[:1]) + re.sub(r"[^A-Za-z0-9_.\-]", "_", part[1:])
            for part in url.split("/")
            if part
        ]
        name = f"{name}_{'/'.join(segments)}"
    return make(stack, project, "", PROVIDER_PREFIX + package, name)


def display_type(type_: str) -> str:
    """The type as Pulumi displays it: `docker:index/network:Network` as `docker:index:Network`."""
    match type_.split(":"):
        case [package, module, name] if name and "/" in module:
            directory, _, file = module.rpartition("/")
            if file == name[:1].lower() + name[1:]:
                return f"{package}:{directory}:{name}"
    return type_


def aliases(
    urn: str,
    parent: str,
    declared: Sequence[alias_pb2.Alias],
    of_parents: Mapping[str, Sequence[str]],
) -> tuple[str, ...]:
    """Every URN that a resource may have had: its own aliases, and those of its parents.

    The engine knows which alias of a parent was in use and follows that one. Here there is no
    state, so each is followed.

    Args:
        urn: The resource's URN now.
        parent: Its parent's URN, or empty.
        declared: The aliases that its registration declares.
        of_parents: The former URNs of resources registered before.
    """
    now = split(urn)
    own = [old for alias in declared for old in _resolve(alias, now, parent, of_parents)]
    found = dict.fromkeys(own)
    for former in of_parents.get(parent, ()):
        for old in (now, *map(split, own)):
            found.setdefault(_inherited(old, split(parent).name, former, now))
    found.pop(urn, None)
    return tuple(found)


def _resolve(
    alias: alias_pb2.Alias, now: Urn, parent: str, of_parents: Mapping[str, Sequence[str]]
) -> list[str]:
    if alias.WhichOneof("alias") == "urn":
        return [alias.urn]
    spec = alias.spec
    if spec.noParent:
        parents = [""]
    elif spec.parentUrn:
        parents = [spec.parentUrn, *of_parents.get(spec.parentUrn, ())]
    else:
        parents = [parent]
    return [
        make(
            spec.stack or now.stack,
            spec.project or now.project,
            above,
            spec.type or now.type,
            spec.name or now.name,
        )
        for above in parents
    ]


def _inherited(child: Urn, parent_name: str, parent_before: str, now: Urn) -> str:
    # A child named after its parent was named after the parent's former name.
    name = child.name
    if name.startswith(parent_name):
        name = split(parent_before).name + name.removeprefix(parent_name)
    return make(now.stack, now.project, parent_before, child.type, name)
