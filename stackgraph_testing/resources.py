"""What a program declared, and the questions that a test has about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, overload

from config.finding import one_of
from preview.resource import Resource
from preview.urn import display_type
from preview.value import Value
from stackgraph_testing.inputs import Inputs, shape_of

if TYPE_CHECKING:
    import pulumi

Kind: TypeAlias = "type[pulumi.Resource] | str"
"""A resource class, subclasses included; or a type token, also as Pulumi displays it."""

_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Everything of one run, to go from one resource to the next."""

    by_urn: dict[str, RecordedResource] = field(default_factory=dict)
    children: dict[str, list[RecordedResource]] = field(default_factory=dict)

    def all_of(self, urns: Iterable[str]) -> Resources:
        """Those of some URNs that the program registered."""
        return Resources(self.by_urn[urn] for urn in urns if urn in self.by_urn)


class RecordedResource:
    """A resource as the program declared it. Nothing of it can be changed by a test."""

    def __init__(self, registration: Resource, cls: type | None, index: Index) -> None:
        self.registration = registration
        """All that the program asked of the engine: options, aliases, timeouts, hooks."""
        self.cls = cls
        """The Python class that the program constructed; `None` for the stack itself."""
        self._index = index

    def __repr__(self) -> str:
        return f"<{display_type(self.type)} {self.name}>"

    @property
    def urn(self) -> str:
        """The URN."""
        return self.registration.urn

    @property
    def type(self) -> str:
        """The type token."""
        return self.registration.type

    @property
    def name(self) -> str:
        """The logical name: what the program calls it, not what the provider does."""
        return self.registration.name

    @property
    def inputs(self) -> Inputs:
        """Its inputs: plain data, `Secret` around what is secret, `UNKNOWN` for what isn't known.

        A copy, of which a test may do what it likes.
        """
        return Inputs(self.registration.inputs, shape_of(self.cls))

    @property
    def outputs(self) -> Mapping[str, Value]:
        """What a component gave to `register_outputs`."""
        return Inputs(self.registration.outputs or {})

    @property
    def parent(self) -> RecordedResource | None:
        """Its parent; `None` for the stack."""
        return self._index.by_urn.get(self.registration.parent or "")

    @property
    def children(self) -> Resources:
        """The resources whose parent it is."""
        return Resources(self._index.children.get(self.urn, ()))

    @property
    def descendants(self) -> Resources:
        """Its children, theirs, and so on."""
        return Resources(found for child in self.children for found in (child, *child.descendants))

    @property
    def dependencies(self) -> Resources:
        """What it waits for itself, by an input or by `depends_on`."""
        return self._index.all_of(self.registration.dependencies)

    @property
    def property_dependencies(self) -> Mapping[str, Resources]:
        """Of each input, by the provider's name, the resources whose outputs are in it."""
        found = self.registration.property_dependencies
        return {key: self._index.all_of(urns) for key, urns in found.items() if urns}

    @property
    def provider(self) -> RecordedResource | None:
        """The explicit provider that manages it; `None` for a default one, and for components."""
        urn, _, _ = (self.registration.provider or "").rpartition("::")
        return self._index.by_urn.get(urn)

    @property
    def protect(self) -> bool:
        """Whether Pulumi refuses to delete it."""
        return self.registration.protect

    @property
    def retain_on_delete(self) -> bool:
        """Whether it stays when Pulumi forgets it."""
        return self.registration.retain_on_delete

    @property
    def aliases(self) -> tuple[str, ...]:
        """The URNs that it may have had before."""
        return self.registration.aliases

    def is_a(self, kind: Kind) -> bool:
        """Whether it is of a class or a type."""
        if isinstance(kind, str):
            return kind in (self.type, display_type(self.type))
        return self.cls is not None and issubclass(self.cls, kind)


class Resources(Sequence[RecordedResource]):
    """Resources of a program, in the order of their construction."""

    def __init__(self, found: Iterable[RecordedResource]) -> None:
        self._found = tuple(found)

    @overload
    def __getitem__(self, at: int) -> RecordedResource: ...
    @overload
    def __getitem__(self, at: slice) -> Resources: ...
    def __getitem__(self, at: int | slice) -> RecordedResource | Resources:
        return Resources(self._found[at]) if isinstance(at, slice) else self._found[at]

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[RecordedResource]:
        return iter(self._found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._found == tuple(other)

    def __hash__(self) -> int:
        return hash(self._found)

    def __repr__(self) -> str:
        shown = [repr(each) for each in self._found[:_SHOWN]]
        left = len(self) - len(shown)
        return f"[{', '.join([*shown, *([f'and {left} more'] if left else [])])}]"

    @property
    def names(self) -> list[str]:
        """Their logical names, sorted."""
        return sorted(each.name for each in self)

    def one(self, kind: Kind | None = None, name: str | None = None) -> RecordedResource:
        """The only one of a type, of a name, or of both.

        Raises:
            LookupError: There is none, or several; it says which there are.
        """
        __tracebackhide__ = True  # pytest shows where it was asked
        of_kind = self.of_type(kind) if kind is not None else self
        found = of_kind.named(name) if name is not None else of_kind
        if len(found) == 1:
            return found[0]
        what = _told(kind) + (f" named {name!r}" if name is not None else "")
        if found:
            which = ", ".join(each.urn for each in found)
            raise LookupError(f"{len(found)} resources are a {what}: {which}")
        if name is None or not of_kind:
            types = sorted({display_type(each.type) for each in self})
            raise LookupError(f"there is no {_told(kind)}; there are: {', '.join(types) or 'none'}")
        elsewhere = "".join(f"; {each} is no {_told(kind)}" for each in self.named(name))
        raise LookupError(f"there is no {what}{elsewhere}; {one_of(name, set(of_kind.names))}")

    def of_type(self, kind: Kind) -> Resources:
        """Those of a class, its subclasses included; or of a type token."""
        return self.where(lambda each: each.is_a(kind))

    def named(self, name: str) -> Resources:
        """Those of a logical name, which resources of several types may share."""
        return self.where(lambda each: each.name == name)

    def where(self, condition: Callable[[RecordedResource], bool]) -> Resources:
        """Those for which a condition holds."""
        return Resources(each for each in self if condition(each))

    def children_of(self, resource: RecordedResource) -> Resources:
        """Those whose parent it is."""
        return self.where(lambda each: each.registration.parent == resource.urn)

    def provider_of(self, resource: RecordedResource) -> RecordedResource | None:
        """The explicit provider that manages a resource; `None` for a default one."""
        return resource.provider


def _told(kind: Kind | None) -> str:
    if kind is None:
        return "resource"
    return kind if isinstance(kind, str) else kind.__name__
