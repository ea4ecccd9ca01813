"""What families ask about a change: services before and after, labels, where something lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from graph.summary.model import HostFacts, IngressFacts, NetworkFacts, ServiceFacts, Summary
from preview.change import SYSTEM_TYPE, Change, Changes, Operation
from preview.plan import State
from preview.risk import types
from preview.risk.mounts import Mount, mounts_of
from preview.risk.words import plain

T = TypeVar("T")

GONE = (Operation.DELETE, Operation.FORGET)
ENDING = (Operation.REPLACE, *GONE)
"""Operations after which what was there is not."""


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """Something of a system by its resource's name, before and after; None where it is not."""

    system: str
    name: str
    before: T | None
    after: T | None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A system of which both sides are told; empty where it is not there."""

    system: str
    before: Summary
    after: Summary


@dataclass(frozen=True)
class Situation:
    """A change, with what is asked about it again and again."""

    changes: Changes
    _labels: dict[str, str] = field(default_factory=dict, repr=False)
    _systems: dict[str, str | None] = field(default_factory=dict, repr=False)

    @cached_property
    def views(self) -> Mapping[str, View]:
        """The systems that tell of themselves, by name."""
        empty = Summary()
        return {
            name: View(
                system=name,
                before=meaning.before or empty,
                after=meaning.after or empty,
            )
            for name, meaning in sorted(self.changes.systems.items())
            if not meaning.silent
        }

    @cached_property
    def services(self) -> Mapping[str, Pair[ServiceFacts]]:
        """Services and processes, by their resource's name."""
        return self._pairs(lambda side: side.services)

    @cached_property
    def hosts(self) -> Mapping[str, Pair[HostFacts]]:
        """Hosts, by their resource's name."""
        return self._pairs(lambda side: side.hosts)

    @cached_property
    def ingresses(self) -> Mapping[str, Pair[IngressFacts]]:
        """Reverse proxies, by their resource's name."""
        return self._pairs(lambda side: side.ingresses)

    @cached_property
    def networks(self) -> Mapping[str, Pair[NetworkFacts]]:
        """Docker networks, by their resource's name."""
        return self._pairs(lambda side: side.networks)

    def _pairs(self, of: Callable[[Summary], Mapping[str, T]]) -> Mapping[str, Pair[T]]:
        found = {}
        for view in self.views.values():
            before, after = of(view.before), of(view.after)
            for name in sorted({*before, *after}):
                found[name] = Pair(view.system, name, before.get(name), after.get(name))
        return found

    @cached_property
    def port_owners(self) -> Mapping[str, str]:
        """The resource's name of the service that has a published port, by the port's name."""
        return {
            port: name
            for name, pair in self.services.items()
            if pair.after
            for port in pair.after.ports
        }

    @cached_property
    def _machines(self) -> Mapping[tuple[str, str], str]:
        """By system and host's label, the machine that it is one of several hosts on."""
        return {
            (pair.system, facts.label): facts.machine
            for pair in self.hosts.values()
            for facts in (pair.before, pair.after)
            if facts and facts.machine
        }

    def moved(self, pair: Pair[ServiceFacts]) -> bool:
        """Tell whether a service that stays gets another machine."""
        if pair.before is None or pair.after is None or pair.before.host == pair.after.host:
            return False
        was, now = (self._machines.get((pair.system, f.host)) for f in (pair.before, pair.after))
        return was is None or was != now

    @cached_property
    def mounted_before(self) -> Mapping[str, tuple[Mount, str]]:
        """Volumes by their resource's name: one mount of each as it was, and the host's label."""
        found: dict[str, tuple[Mount, str]] = {}
        for pair in self.services.values():
            for mount in mounts_of(pair.before) if pair.before else ():
                if mount.volume and pair.before:
                    found.setdefault(mount.name, (mount, pair.before.host))
        return found

    @cached_property
    def successors(self) -> Mapping[str, str]:
        """Services that have another's place under another name: the label, and the former one.

        They are made from the same, but for their name, or have the same volume.
        """
        found: dict[str, str] = {}
        for view in self.views.values():
            stay = {facts.label for facts in view.after.services.values()}
            were = {facts.label for facts in view.before.services.values()}
            gone: dict[object, str] = {}
            for facts in view.before.services.values():
                if facts.label not in stay:
                    for key in _marks(facts):
                        gone.setdefault(key, facts.label)
            for facts in view.after.services.values():
                if facts.label not in were:
                    former = next((gone[key] for key in _marks(facts) if key in gone), None)
                    if former is not None and former not in found.values():
                        found[facts.label] = former
        return found

    @cached_property
    def _elsewhere(self) -> frozenset[str]:
        found: set[str] = set()
        for view in self.views.values():
            moved = {
                pair.before.label
                for pair in self.hosts.values()
                if pair.system == view.system
                and pair.before
                and pair.after
                and pair.before.address != pair.after.address
            }
            for name, host in view.before.names.items():
                if view.after.names.get(name) != host or host in moved:
                    found.add(name)
        return frozenset(found)

    def led_elsewhere(self, name: str) -> bool:
        """Tell whether a DNS name leads to another address, as a summary tells already."""
        return name in self._elsewhere

    @cached_property
    def by_type(self) -> Mapping[str, tuple[Change, ...]]:
        """The changes, by type."""
        found: dict[str, list[Change]] = {}
        for change in self.changes.changes:
            found.setdefault(change.type, []).append(change)
        return {type_: tuple(each) for type_, each in found.items()}

    def of_type(self, *wanted: str) -> Iterator[Change]:
        """Give the changes of some types, in the plan's order."""
        for type_ in wanted:
            yield from self.by_type.get(type_, ())

    def find(self, type_: str, name: str) -> Change | None:
        """Give the change of a resource, if it changes."""
        return self.changes.by_name.get((type_, name))

    def command(self, name: str) -> Change | None:
        """Give the change of a command, which runs here or over SSH."""
        found = (self.find(type_, name) for type_ in types.COMMANDS)
        return next((each for each in found if each), None)

    def told(self, change: Change) -> bool:
        """Tell whether a system's summary tells what a change means."""
        return self.system_of(change) is not None

    def system_of(self, change: Change) -> str | None:
        """Give the system that a change is in, if it tells of itself; by how resources are named.

        Names of systems are parts of names, so the longest that fits is the one.
        """
        if change.urn not in self._systems:
            self._systems[change.urn] = self._system_of(change)
        return self._systems[change.urn]

    def _system_of(self, change: Change) -> str | None:
        if change.type == SYSTEM_TYPE:
            return change.name if change.name in self.views else None
        if not types.shared(change.urn):
            return None
        parts = change.name.split("-")
        names = ("-".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((name for name in names if name in self.views), None)

    def system_urns(self, *systems: str) -> tuple[str, ...]:
        """Give the components of systems, where they change."""
        found = (self.find(SYSTEM_TYPE, system) for system in systems)
        return tuple(each.urn for each in found if each)

    def machine_of(self, state: State | None) -> Change | None:
        """Give the change of the machine that something lives on, where that does not stay."""
        if state is None:
            return None
        for urn in (state.deleted_with, *state.replace_with):
            found = self.changes.by_urn.get(urn or "")
            if found and found.operation in ENDING and types.nature(found.type) is _MACHINE:
                return found
        return None

    def service_label(self, name: str) -> str | None:
        """Give what people call the service whose resources have a name."""
        pair = self.services.get(name)
        facts = pair and (pair.before or pair.after)
        return facts.label if facts else None

    def label(self, change: Change) -> str:
        """Give what people call a resource. No part of it is made by a provider."""
        if change.urn not in self._labels:
            self._labels[change.urn] = self._label(change)
        return self._labels[change.urn]

    def _label(self, change: Change) -> str:
        name = change.name
        if change.type == types.CONTAINER:
            if (ingress := self.ingresses.get(name)) and (facts := ingress.before or ingress.after):
                return f"the proxy of {facts.host}"
            return self.service_label(name) or f"container {name}"
        if change.type == types.NETWORK:
            return f"network {_physical(change)}"
        if change.type == types.VOLUME:
            return f"volume {_physical(change)}"
        if change.type == types.IMAGE:
            return f"the image of {self.service_label(name) or name}"
        if change.type in types.COMMANDS:
            return _what(change) or f"command {name}"
        if types.nature(change.type) is _MACHINE and (host := self.hosts.get(name)):
            facts_ = host.before or host.after
            return f"host {facts_.label}" if facts_ else name
        if change.type.startswith("pulumi:providers:"):
            host = self.hosts.get(name)
            facts_ = (host.before or host.after) if host else None
            where = facts_.label if facts_ else name
            return f"the {change.type.rpartition(':')[2]} provider of {where}"
        if change.type == SYSTEM_TYPE:
            return f"system {name}"
        return f"{types.spoken(change.type)} {name}"


_MACHINE = types.Nature.MACHINE


def _marks(facts: ServiceFacts) -> Iterator[object]:
    """Give what makes a service the same one, whatever it is called; the surest first."""
    for volume in facts.volumes:
        if volume.writes:
            yield facts.host, volume.volume
    if facts.parts:
        yield facts.host, facts.image, tuple(sorted(facts.parts.items()))


def _physical(change: Change) -> str:
    """Give the name in Docker: the one that was, where it changes."""
    for state in (change.old, change.new):
        inputs = state.inputs if state else {}
        if "name" not in (inputs.get("__defaults") or ()) and (name := plain(inputs.get("name"))):
            return name
    return change.name


def _what(change: Change) -> str | None:
    """Give what a command of ours says that it does: behind the # in its text."""
    state = change.state
    text = state.inputs.get("create") if state else None
    if not isinstance(text, str) or " # " not in text or "\n" in text:
        return None
    return text.rpartition(" # ")[2]
