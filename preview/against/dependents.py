"""What depends on a resource: what has to go before it does, and in which order all that goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

from preview.against.baseline import Baseline, Old
from preview.against.difference import differ
from preview.against.kind import Kind
from preview.against.path import Path
from preview.against.replacement import detailed, replaces
from preview.resource import Resource
from preview.value import UNKNOWN


def condemned(
    root: Old, baseline: Baseline, seen: Collection[str], kinds: Mapping[str, Kind]
) -> tuple[Old, ...]:
    """What is deleted before a resource that is deleted to be replaced, in their own order.

    That is all that would be replaced if the outputs that it reads of it, or of others that go,
    were unknown; and what is replaced with it. As `calculateDependentReplacements` of the engine.

    Args:
        root: The resource.
        baseline: All that is there.
        seen: What is registered by now: it can't depend on the resource.
        kinds: What providers do about properties.
    """
    urn = root.resource.urn
    depending, going = {urn}, {urn}
    found: dict[str, Old] = {}
    position = [old.resource.urn for old in baseline.olds].index(urn)
    for old in baseline.olds[position + 1 :]:
        resource = old.resource
        if resource.urn in seen or depending.isdisjoint(_needs(resource)):
            continue
        depending.add(resource.urn)
        if _would_be_replaced(old, going, kinds):
            found[resource.urn] = old
            going.add(resource.urn)
    for old in baseline.olds:
        if urn in old.resource.replace_with and old.resource.urn not in seen:
            found.setdefault(old.resource.urn, old)
    return tuple(found.values())


def _provider(resource: Resource) -> str:
    return (resource.provider or "").rpartition("::")[0]


def _needs(resource: Resource) -> Iterator[str]:
    """All but the parent."""
    yield from resource.dependencies
    for urns in resource.property_dependencies.values():
        yield from urns
    yield from resource.replace_with
    if resource.deleted_with:
        yield resource.deleted_with
    yield _provider(resource)


def _would_be_replaced(old: Old, going: set[str], kinds: Mapping[str, Kind]) -> bool:
    resource = old.resource
    if not resource.custom or old.external:
        return False
    if _provider(resource) in going:
        return True
    read = [
        key
        for key, urns in resource.property_dependencies.items()
        if key in resource.inputs and not going.isdisjoint(urns)
    ]
    kind = kinds.get(resource.type)
    ignored = {path.partition(".")[0].partition("[")[0] for path in resource.ignore_changes}
    if kind is not None:
        unknown = {**resource.inputs, **dict.fromkeys(read, UNKNOWN)}
        # Not of those that the provider keeps, whatever is given.
        unsure = {path[0] for path in differ(resource.inputs, unknown, kind).unsure}
        read = [key for key in read if key in unsure]
    changed: dict[Path, str] = {(key,): "update" for key in read if key not in ignored}
    return any(map(replaces, detailed(changed, kind, resource.replace_on_changes).values()))


def deletion_order(olds: Sequence[Old]) -> tuple[Old, ...]:
    """What is deleted, each before all that it needs or lies in: the engine's order, in rounds."""
    by_urn = {old.resource.urn: old for old in olds}
    sorter = TopologicalSorter(
        {
            urn: {each for each in (*_needs(old.resource), old.resource.parent) if each in by_urn}
            for urn, old in by_urn.items()
        }
    )
    sorter.prepare()
    rounds: list[list[str]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=list(by_urn).index)
        rounds.append(ready)
        sorter.done(*ready)
    return tuple(by_urn[urn] for urn in _reversed(rounds))


def _reversed(rounds: Iterable[list[str]]) -> Iterator[str]:
    for each in reversed(list(rounds)):
        yield from reversed(each)
