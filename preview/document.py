"""Plans as JSON documents, in the shape of `pulumi preview --json`, and back.

What is empty is left out, as Pulumi does. Two things are written that Pulumi doesn't write:
`deleteBeforeReplace`, and the aliases of resources that don't exist yet. Of what Pulumi writes, a
plan leaves out what says nothing about the change: source positions, stack traces, timestamps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from preview.plan import Diagnostic, Plan, PropertyDiff, State, Step
from preview.reader import REMEDY, At
from preview.urn import split
from preview.value import Json

_ALWAYS: Final = frozenset({"urn", "custom", "type"})
_OPTIONAL: Final = frozenset({"delete_before_replace", "replacement_trigger"})  # false, 0: a value
_LIST_MAPS: Final = frozenset({"property_dependencies", "resource_hooks"})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join("ID" if part == "id" else part.capitalize() for part in rest)


_STATE_KEYS: Final = {field.name: _camel(field.name) for field in fields(State)}


def to_json(plan: Plan) -> dict[str, Json]:
    """The document. The same plan gives the same document, keys in the same order."""
    return {
        "config": dict(plan.config),
        "steps": [_step(step) for step in plan.steps],
        "diagnostics": [
            {
                **({"urn": each.urn} if each.urn else {}),
                "message": each.message,
                "severity": each.severity,
            }
            for each in plan.diagnostics
        ],
        "duration": plan.duration,
        "changeSummary": dict(plan.change_summary),
    }


def _step(step: Step) -> dict[str, Json]:
    document: dict[str, Json] = {"op": step.op, "urn": step.urn}
    if step.provider:
        document["provider"] = step.provider
    if step.old:
        document["oldState"] = _state(step.old)
    if step.new:
        document["newState"] = _state(step.new)
    if step.diff_reasons:
        document["diffReasons"] = list(step.diff_reasons)
    if step.replace_reasons:
        document["replaceReasons"] = list(step.replace_reasons)
    document["detailedDiff"] = step.detailed_diff and {
        path: {"kind": diff.kind, "inputDiff": diff.input_diff}
        for path, diff in step.detailed_diff.items()
    }
    return document


def _state(state: State) -> dict[str, Json]:
    document = {}
    for name, key in _STATE_KEYS.items():
        value = getattr(state, name)
        if name in _ALWAYS or value or (name in _OPTIONAL and value is not None):
            document[key] = _listed(value)
    return document


def _listed(value: Json) -> Json:
    match value:
        case Mapping():
            return {key: _listed(item) for key, item in value.items()}
        case tuple() | list():
            return [_listed(item) for item in value]
        case _:
            return value


def from_json(document: Json) -> Plan:
    """The plan that a document holds; what it has beyond a plan is passed over.

    Raises:
        ValueError: It isn't such a document. The message is `path: fact; remedy`.
    """
    top = At(document)
    if not {"steps", "changeSummary"} & top.need(dict).keys():
        raise ValueError(f"document: has neither steps nor changeSummary; {REMEDY}")
    return Plan(
        config={key: each.need(str) for key, each in top["config"].members()},
        steps=tuple(_read_step(step) for step in top["steps"].items()),
        diagnostics=tuple(
            Diagnostic(
                severity=each["severity"].need(str),
                message=(each["prefix"].want(str) or "") + (each["message"].want(str) or ""),
                urn=each["urn"].want(str),
            )
            for each in top["diagnostics"].items()
        ),
        change_summary={op: each.need(int) for op, each in top["changeSummary"].members()},
        duration=top["duration"].want(int) or 0,
    )


def _read_step(step: At) -> Step:
    diff = step["detailedDiff"]
    return Step(
        op=step["op"].need(str),
        urn=_urn(step["urn"]),
        provider=step["provider"].want(str),
        old=_read_state(step["oldState"]),
        new=_read_state(step["newState"]),
        diff_reasons=step["diffReasons"].texts(),
        replace_reasons=step["replaceReasons"].texts(),
        detailed_diff=None
        if diff.value is None
        else {
            path: PropertyDiff(
                kind=each["kind"].need(str), input_diff=each["inputDiff"].want(bool) or False
            )
            for path, each in diff.members()
        },
    )


def _read_state(state: At) -> State | None:
    if state.value is None:
        return None
    found: dict[str, Any] = {
        "urn": _urn(state["urn"]),
        "type": state["type"].need(str),
        "custom": state["custom"].want(bool) or False,
    }
    for field in fields(State):
        at = state[_STATE_KEYS[field.name]]
        if at.value is not None and field.name not in _ALWAYS:
            found[field.name] = _read(field.name, field.default, at)
    return State(**found)


def _read(name: str, default: object, at: At) -> Json:
    if name == "replacement_trigger":
        return at.value
    if name in _LIST_MAPS:
        return {key: each.texts() for key, each in at.members()}
    if name == "delete_before_replace" or default is False:
        return at.need(bool)
    if default == ():
        return at.texts()
    return at.need(str if default is None else dict)


def _urn(at: At) -> str:
    text = at.need(str)
    try:
        split(text)
    except ValueError as error:
        raise ValueError(f"{at.path}: {error}; {REMEDY}") from None
    return text
