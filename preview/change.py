"""What changes: a plan as one change for each resource, whoever made the plan.

A preview tells a replacement in up to three steps, repeats what stays the same, and leaves out why
something far away is replaced, too. Here a resource has one change with every difference of its
inputs; what follows from what is in `Changes.causes`. Secrets read `[secret]`, and what only the
deployment will tell is `UNKNOWN`'s mark.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from graph.summary import Summary, read_summary
from graph.summary.model import INPUT
from preview import urn as urns
from preview.difference import Difference, differences
from preview.plan import Plan, State, Step

SYSTEM_TYPE: Final = "stackgraph:index:System"
"""The component of a system, which has its summary among its inputs."""


class Operation(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    IMPORT = "import"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    """Deleted from the state only: what it stands for stays (``retain_on_delete``)."""
    READ = "read"
    SAME = "same"


_OPERATIONS: Final = {
    "create": Operation.CREATE,
    "import": Operation.IMPORT,
    "import-replacement": Operation.REPLACE,
    "update": Operation.UPDATE,
    "refresh": Operation.UPDATE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    "read-replacement": Operation.READ,
    "delete": Operation.DELETE,
    "read": Operation.READ,
    "discard": Operation.READ,
    "discard-replaced": Operation.READ,
    "remove-pending-replace": Operation.REPLACE,
    "same": Operation.SAME,
}
_WEIGHT: Final = {op: weight for weight, op in enumerate(reversed(Operation))}
_WEIGHT[Operation.REPLACE] = len(_WEIGHT)  # told in several steps, and the one that counts


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one resource.

    ``reasons`` are the properties for which it is replaced; empty where it is replaced only because
    something else is. ``uncertain`` tells what an offline comparison could not know of it.
    """

    urn: str
    operation: Operation
    old: State | None = None
    new: State | None = None
    reasons: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    """Paths of which the preview says that they change, also where both values are secret."""

    @cached_property
    def type(self) -> str:
        """Its type: ``docker:index/container:Container``."""
        return urns.split(self.urn).type

    @cached_property
    def name(self) -> str:
        """Its name in the program: ``dyniq-n8n-postgres``."""
        return urns.split(self.urn).name

    @property
    def state(self) -> State | None:
        """The resource after the change, or before it where nothing comes after."""
        return self.new or self.old

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Every input that changes, sorted by path; none where one side is missing."""
        if self.old is None or self.new is None:
            return ()
        return differences(self.old.inputs, self.new.inputs, self.told, self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a system means before and after; None where it is not there, or does not tell."""

    before: Summary | None = None
    after: Summary | None = None
    silent: bool = False
    """Whether a side that is there does not tell: a state of an older version of this program."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Everything that a deployment would change in a stack.

    ``same`` are the URNs of what stays, as far as the plan tells of it.
    """

    project: str
    stack: str
    changes: tuple[Change, ...]
    same: tuple[str, ...] = ()
    options: tuple[Change, ...] = ()
    """What stays, but with other options: it is no longer protected, for instance."""
    systems: Mapping[str, Meaning] = field(default_factory=dict)
    doubtful: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What stays as far as an offline comparison knows: by URN, what it could not know of it."""
    unconnected: bool = False
    """Whether no resource tells what it depends on, as in event logs."""

    @cached_property
    def by_urn(self) -> Mapping[str, Change]:
        """The changes, by URN."""
        return {change.urn: change for change in self.changes}

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], Change]:
        """The changes, by type and name."""
        return {(change.type, change.name): change for change in self.changes}

    def causes(self, change: Change) -> tuple[Change, ...]:
        """The changes that this one directly follows from, the nearest first.

        A replaced resource without a reason of its own is replaced for one that it depends on; an
        updated one with an unknown value gets that from one which is created or replaced.
        """
        if change.operation is Operation.REPLACE and change.reasons:
            return ()
        found = dict.fromkeys(
            urn for state in (change.new, change.old) if state for urn in _leads(state)
        )
        moving = (Operation.REPLACE, Operation.DELETE, Operation.CREATE, Operation.UPDATE)
        causes = [self.by_urn[urn] for urn in found if urn in self.by_urn and urn != change.urn]
        return tuple(each for op in moving for each in causes if each.operation is op)


def changes_of(plan: Plan) -> Changes:
    """Give a plan's changes.

    Raises:
        ValueError: A step's operation is not known.
    """
    changes: dict[str, Change] = {}
    projects: tuple[str, str] = ("", "")
    for step in plan.steps:
        parts = urns.split(step.urn)
        projects = (parts.project, parts.stack)
        if step.op == "delete" and step.old is not None and step.old.delete:
            continue  # a leftover of a former replacement, which the stack has done without
        change = _change(step)
        before = changes.get(step.urn)
        if before is None or _WEIGHT[change.operation] > _WEIGHT[before.operation]:
            changes[step.urn] = change
    found = [each for each in changes.values() if each.operation is not Operation.SAME]
    same = [urn for urn, each in changes.items() if each.operation is Operation.SAME]
    return Changes(
        project=projects[0],
        stack=projects[1],
        changes=tuple(found),
        same=tuple(same),
        options=tuple(
            each
            for each in changes.values()
            if each.operation is Operation.SAME
            and each.old is not None
            and each.new is not None
            and _options(each.old) != _options(each.new)
        ),
        systems={
            each.name: _meaning(each) for each in changes.values() if each.type == SYSTEM_TYPE
        },
        doubtful={
            each.urn: each.uncertain
            for each in changes.values()
            if each.operation is Operation.SAME and each.uncertain
        },
        unconnected=_unconnected(changes.values()),
    )


_FEW: Final = 3
"""Resources below which it may well be that none depends on another."""


def _unconnected(changes: Collection[Change]) -> bool:
    states = [s for each in changes for s in (each.old, each.new) if s is not None and s.custom]
    if len({state.urn for state in states}) < _FEW:
        return False
    return not any(
        s.dependencies or s.replace_with or s.deleted_with or any(s.property_dependencies.values())
        for s in states
    )


def _change(step: Step) -> Change:
    operation = _OPERATIONS.get(step.op)
    if operation is None:
        raise ValueError(f"{step.urn}: {step.op!r} is no operation that this version knows")
    if operation is Operation.DELETE and step.old is not None and step.old.retain_on_delete:
        operation = Operation.FORGET
    details = step.detailed_diff or {}
    told = (*step.diff_reasons, *details)
    reasons = (
        *step.replace_reasons,
        *(path for path, each in details.items() if each.kind.endswith("-replace")),
    )
    return Change(
        urn=step.urn,
        operation=operation,
        old=step.old,
        new=None if operation in (Operation.DELETE, Operation.FORGET) else step.new,
        reasons=tuple(dict.fromkeys(reasons)),
        uncertain=step.uncertain,
        told=tuple(dict.fromkeys(path for path in told if not path.startswith("__"))),
    )


def _options(state: State) -> object:
    return (state.protect, state.retain_on_delete, sorted(state.ignore_changes))


def _meaning(change: Change) -> Meaning:
    # What stays is told once.
    states = (change.old or change.new, change.new or change.old)
    if change.operation in (Operation.CREATE, Operation.IMPORT):
        states = (None, change.new)
    elif change.operation in (Operation.DELETE, Operation.FORGET):
        states = (change.old, None)
    before, after = (read_summary(each.inputs.get(INPUT)) if each else None for each in states)
    silent = any(
        state is not None and summary is None
        for state, summary in zip(states, (before, after), strict=True)
    )
    return Meaning(before=before, after=after, silent=silent)


def _leads(state: State) -> Iterator[str]:
    """Give what a resource depends on: by its inputs first, then by its options.

    In an order of its own: the engine's differs from run to run.
    """
    for _, urns_ in sorted(state.property_dependencies.items()):
        yield from sorted(urns_)
    yield from sorted(state.replace_with)
    if state.deleted_with:
        yield state.deleted_with
    if state.provider:
        yield state.provider.rpartition("::")[0]
    yield from sorted(state.dependencies)
