"""The order in which a program declares its resources, kept for what is told of them.

The SDK registers a resource once what it waits for is known, and awaits that in sets, whose order
is that of memory addresses: so the order of registration differs from run to run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pulumi.resource

from preview.resource import Resource

_CONSTRUCTORS = ("register_resource", "read_resource")


@contextmanager
def declarations() -> Iterator[dict[tuple[str, str], int]]:
    """Note meanwhile which type and name was constructed when: a number each, from 0."""
    noted: dict[tuple[str, str], int] = {}
    module: Any = pulumi.resource
    real = {name: getattr(module, name) for name in _CONSTRUCTORS}

    def noting(function: Callable[..., None]) -> Callable[..., None]:
        def call(resource: Any, type_: str, name: str, *rest: Any, **named: Any) -> None:
            noted.setdefault((type_, name), len(noted))
            function(resource, type_, name, *rest, **named)

        return call

    try:
        for name, function in real.items():
            setattr(module, name, noting(function))
        yield noted
    finally:
        for name, function in real.items():
            setattr(module, name, function)


def as_declared(
    resources: Iterable[Resource], declared: Mapping[tuple[str, str], int]
) -> tuple[Resource, ...]:
    """Put resources, and the URNs in them, in the order of their construction."""

    def place(resource: Resource) -> tuple[int, str]:
        return declared.get((resource.type, resource.name), len(declared)), resource.urn

    ordered = sorted(resources, key=place)
    position = {resource.urn: index for index, resource in enumerate(ordered)}

    def told(urns: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(urns, key=lambda urn: (position.get(urn, -1), urn)))

    return tuple(
        replace(
            resource,
            dependencies=told(resource.dependencies),
            property_dependencies={
                key: told(urns) for key, urns in resource.property_dependencies.items()
            },
            replace_with=told(resource.replace_with),
        )
        for resource in ordered
    )
