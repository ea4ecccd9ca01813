"""Baselines from documents: a stack's exported state, or what `stackgraph plan --json` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from preview.against.baseline import Baseline, Old, is_default_provider
from preview.against.transport import valued
from preview.document import from_json
from preview.existing import Met, Settled, StandIn
from preview.plan import Plan, State
from preview.reader import At
from preview.resource import Resource
from preview.urn import PROVIDER_PREFIX, split
from preview.value import MASK, SECRET, SIGNATURE, Json, Secret, Value, masked

REMEDY: Final = "give what `pulumi stack export` or `stackgraph plan --json` wrote"
_SHARED: Final = {each.name for each in fields(State)} & {each.name for each in fields(Resource)}
_FIRST: Final = frozenset({"create", "import", "read"})
_SECRETS_EQUAL: Final = (
    "it does not tell secrets: they are taken for unchanged as long as there is one in the same "
    "place"
)


class DocumentError(ValueError):
    """A document can't be compared with; the message is `path: fact; remedy`, or `fact; remedy`."""


def read_baseline(
    data: bytes, stand_ins: Mapping[str, StandIn], stack: str, project: str
) -> Baseline:
    """What a document says is there.

    Args:
        data: The document.
        stand_ins: By resource type, outputs of what has none in the document.
        stack: The stack's name, which the document has to be of.
        project: The project's, likewise.

    Raises:
        DocumentError: It is neither of the two, or of another stack.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise DocumentError(f"is no JSON document, or not all of one; {REMEDY}") from None
    if not isinstance(document, dict):
        raise DocumentError(f"is a JSON {type(document).__name__}, not an object; {REMEDY}")
    if not {"deployment", "steps"} & document.keys():
        raise DocumentError(f"has neither a deployment nor steps; {REMEDY}")
    try:
        if "deployment" in document:
            made = _of_state(At(document)["deployment"], stand_ins)
        else:
            made = _of_plan(from_json(document), stand_ins)
    except DocumentError:
        raise
    except (ValueError, TypeError) as error:
        raise DocumentError(f"{str(error).partition('; ')[0]}; {REMEDY}") from None
    for old in made.olds:
        parts = split(old.resource.urn)
        if (parts.stack, parts.project) != (stack, project):
            raise DocumentError(
                f"is of stack {parts.stack} of {parts.project}, not of {stack} of {project}; "
                "give one of the same stack"
            )
    return made


# A plan


def _of_plan(plan: Plan, stand_ins: Mapping[str, StandIn]) -> Baseline:
    if any(step.op not in _FIRST for step in plan.steps):
        raise DocumentError(
            "holds a change, not all that is there; give what `stackgraph plan --json` wrote "
            "without --against"
        )
    settled = Settled(stand_ins)
    return Baseline(
        olds=tuple(_planned(step.new, settled) for step in plan.steps if step.new),
        secrets_known=False,
        notes=(_SECRETS_EQUAL,),
    )


def _planned(state: State, settled: Settled) -> Old:
    resource = _resource(state)
    return Old(
        resource=resource,
        met=settled.meet(resource),
        digests=state.input_digests,
        external=state.external,
    )


def _resource(state: State) -> Resource:
    shared = {name: getattr(state, name) for name in _SHARED}
    provider = state.type.startswith(PROVIDER_PREFIX)
    return Resource(
        **{
            **shared,
            "inputs": _own(valued(state.inputs), provider=provider),
            "outputs": None,
            "replacement_trigger": valued(state.replacement_trigger),
        },
        name=split(state.urn).name,
        hide_diffs=state.hide_diff,
        hooks=state.resource_hooks,
        read_id=state.id if state.external else None,
    )


# A state


def _of_state(deployment: At, stand_ins: Mapping[str, StandIn]) -> Baseline:
    olds = tuple(_deployed(deployment, stand_ins))
    return Baseline(olds=olds, secrets_known=False, deployed=True, notes=(_SECRETS_EQUAL,))


def _deployed(deployment: At, stand_ins: Mapping[str, StandIn]) -> Iterator[Old]:
    if deployment["resources"].value is None:
        return
    settled = Settled(stand_ins)
    for each in deployment["resources"].items():
        state = _state(each)
        # What is still to be deleted is no part of what is compared.
        if each["delete"].want(bool) or is_default_provider(state.urn):
            continue
        resource = _resource(state)
        outputs = {
            key: value
            for key, value in valued(each["outputs"].want(dict) or {}).items()
            if not key.startswith("__")
        }
        made_up = settled.meet(resource)
        known = {key: _told(value, made_up.outputs.get(key)) for key, value in outputs.items()}
        yield Old(
            resource=resource,
            met=Met(id=state.id, outputs={**resource.inputs, **known}),
            external=state.external,
            id=state.id,
            outputs=masked(outputs),
        )


def _state(each: At) -> State:
    """One resource of a state: written as previews write it, but for secrets."""
    inner = {
        key: value
        for key, value in each.need(dict).items()
        if key not in ("inputs", "outputs", "replacementTrigger")
    }
    step: dict[str, Json] = {"op": "same", "urn": each["urn"].need(str), "newState": inner}
    try:
        (read,) = from_json({"steps": [step]}).steps
    except ValueError as error:
        said = str(error).replace("steps[0].newState", each.path).replace("steps[0]", each.path)
        raise ValueError(said) from None
    if read.new is None:
        raise DocumentError(f"{each.path}: is no resource; {REMEDY}")
    return replace(
        read.new,
        inputs=each["inputs"].want(dict) or {},
        replacement_trigger=each["replacementTrigger"].value,
    )


def _told(value: Value, stand_in: Value) -> Value:
    """An output as the program reads it: one that is encrypted has its stand-in's value."""
    match value:
        case Secret(value=None):
            return stand_in if isinstance(stand_in, Secret) else Secret(MASK)
        case Mapping():
            return {key: _told(item, None) for key, item in value.items()}
        case list():
            return [_told(item, None) for item in value]
        case _:
            return value


def _own(inputs: Value, *, provider: bool = False) -> dict[str, Any]:
    """Inputs without what their provider, or the engine, has added."""
    found = _without_defaults(inputs)
    if provider:
        found = {key: value for key, value in found.items() if key != "version"}
    return dict(found)


def _without_defaults(value: Value) -> Value:
    match value:
        case Mapping():
            if SIGNATURE in value and value[SIGNATURE] != SECRET:
                return value
            added = value.get("__defaults") or ()
            return {
                key: _without_defaults(item)
                for key, item in value.items()
                if not key.startswith("__") and key not in added
            }
        case list():
            return [_without_defaults(item) for item in value]
        case Secret(value=None):
            return Secret(MASK)
        case Secret():
            return Secret(_without_defaults(value.value))
        case _:
            return value
