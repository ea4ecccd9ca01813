"""The plan of a change: the program as it is now, over what another revision left there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from preview.against.baseline import Baseline, Old, is_default_provider
from preview.against.comparison import Comparison
from preview.against.decision import MADE, Decision
from preview.against.dependents import deletion_order
from preview.against.kind import Kind
from preview.existing import StandIn
from preview.plan import Plan, State, Step, counted, messages_of, shown_config, state_of
from preview.record import Recording, record
from preview.value import masked


def compare(
    old: Recording | Baseline | Callable[[], Baseline],
    program: Callable[[], None],
    *,
    stand_ins: Mapping[str, StandIn] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    **settings: Any,
) -> Plan:
    """The plan that a preview would make of a program on a stack where something is there already.

    Args:
        old: What is there. A recording must have been made with `existing.Settled(stand_ins)`. A
            function is called when the program registers its first resource: meanwhile, it can be
            found out elsewhere.
        program: Registers the resources as they are to be.
        stand_ins: By resource type, outputs of a recording's resources.
        kinds: By resource type, what providers do about properties; `kinds.KINDS` by default.
        settings: As for `record.record`: project, stack, config, …

    Raises:
        As `record.record`, and what `old` raises.
    """
    return compared(old, program, stand_ins=stand_ins, kinds=kinds, **settings)[0]


def compared(
    old: Recording | Baseline | Callable[[], Baseline],
    program: Callable[[], None],
    *,
    stand_ins: Mapping[str, StandIn] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    **settings: Any,
) -> tuple[Plan, Recording]:
    """As `compare`, with the recording of the program."""
    comparison = Comparison(
        _baseline(old, stand_ins or {}),
        kinds,
        placeholders=bool(settings.get("secret_keys")),
    )
    recording = record(program, existing=comparison, **settings)
    return _plan(comparison, recording), recording


def _baseline(
    old: Recording | Baseline | Callable[[], Baseline], stand_ins: Mapping[str, StandIn]
) -> Callable[[], Baseline]:
    if isinstance(old, Recording):
        made = Baseline.of(old, stand_ins)
        return lambda: made
    return (lambda: old) if isinstance(old, Baseline) else old


def _plan(comparison: Comparison, recording: Recording) -> Plan:
    gone = [old for old in comparison.gone() if not is_default_provider(old.resource.urn)]
    deleted = deletion_order(gone)
    comparison.refuse_deletes(deleted)
    steps = (
        *(
            # The recording has them in the order of declaration.
            _step(comparison.decisions[resource.urn], state_of(resource))
            for resource in recording.resources
        ),
        *_deletes(deleted),
    )
    return Plan(
        steps=steps,
        config=shown_config(recording),
        diagnostics=(*messages_of(recording), *comparison.diagnostics),
        change_summary=counted(steps),
    )


def _deletes(deleted: tuple[Old, ...]) -> Iterator[Step]:
    for old in deleted:
        state = _old_state(old)
        # What was only read is forgotten.
        op = "discard" if old.external else "delete"
        yield Step(op=op, urn=state.urn, provider=state.provider, old=state)


def _step(decision: Decision, new: State) -> Step:
    old = decision.old
    return Step(
        op=decision.op,
        urn=new.urn,
        provider=new.provider,
        old=None if old is None or decision.op in ("create", "import") else _old_state(old),
        new=new if decision.op in MADE or old is None else _same_id(new, old),
        diff_reasons=decision.changed,
        replace_reasons=decision.because,
        detailed_diff=decision.detailed,
        uncertain=decision.uncertain,
    )


def _old_state(old: Old) -> State:
    return replace(
        state_of(old.resource), id=old.id, outputs=masked(old.outputs), external=old.external
    )


def _same_id(new: State, old: Old) -> State:
    """What stays has its id; in a preview it has no outputs yet."""
    return replace(new, id=new.id or old.id)
