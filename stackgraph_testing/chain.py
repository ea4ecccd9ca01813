"""Who waits for whom."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from stackgraph_testing.resources import RecordedResource


class Chain(tuple[RecordedResource, ...]):
    """How one resource comes to wait for another, step by step; empty when it doesn't.

    Its text says so, for the message of an `assert`.
    """

    _told: str

    @classmethod
    def between(cls, first: RecordedResource, last: RecordedResource) -> Chain:
        """The shortest way from one to the other.

        A resource waits for its dependencies and its provider. A component waits where one of the
        resources in it does; whoever waits for a component waits for every resource in it, and the
        chain is the way to the last of them.
        """
        starts, way = _in(first), list[RecordedResource]()
        for goal in _in(last):
            way = _way(starts, goal)
            if not way:
                others = {each.name: None for start in starts for each in start.dependencies}
                waits = ", ".join(others) or "nothing"
                return cls._of((), f"no way: {first} waits for {waits}, and never for {goal}")
        return cls._of(way, " -> ".join(repr(each) for each in way))

    @classmethod
    def _of(cls, way: Iterable[RecordedResource], told: str) -> Chain:
        chain = cls(way)
        chain._told = told
        return chain

    def __repr__(self) -> str:
        return f"<{self._told}>"


def _in(resource: RecordedResource) -> list[RecordedResource]:
    """The resources that a component stands for; any other stands for itself."""
    if resource.registration.custom:
        return [resource]
    return [each for each in resource.descendants if each.registration.custom] or [resource]


def _way(starts: Iterable[RecordedResource], last: RecordedResource) -> list[RecordedResource]:
    before: dict[str, RecordedResource | None] = {start.urn: None for start in starts}
    queue = deque(starts)
    while queue:
        each = queue.popleft()
        provider = [each.provider] if each.provider else []
        for nearer in (*each.dependencies, *provider):
            if nearer.urn == last.urn:
                return _back(each, before, [nearer])
            if nearer.urn not in before:
                before[nearer.urn] = each
                queue.append(nearer)
    return []


def _back(
    at: RecordedResource | None,
    before: dict[str, RecordedResource | None],
    way: list[RecordedResource],
) -> list[RecordedResource]:
    while at is not None:
        way.append(at)
        at = before[at.urn]
    return way[::-1]
