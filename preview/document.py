"""Plans as JSON documents, in the shape of `pulumi preview --json`, and back.

What is empty is left out, as Pulumi does. Some things are written that Pulumi doesn't write:
`deleteBeforeReplace`, the aliases of resources that don't exist yet, `cannotTell`, and where they
aren't as usual `operation`, `outcome` and `policyViolations`. Of what Pulumi writes, a plan leaves
out what says nothing about the change: source positions, stack traces, timestamps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from preview.plan import Diagnostic, Plan, PropertyDiff, State, Step, Violation
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


def _kind(name: str, default: object) -> type | None:
    """What a value may be that is kept as it is; None if each is another one."""
    if name in _LIST_MAPS or name in _OPTIONAL or default == ():
        return None
    return bool if default is False else str if default is None else dict


_STATE_FIELDS: Final = {
    _STATE_KEYS[field.name]: (field.name, field.default, _kind(field.name, field.default))
    for field in fields(State)
}


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
        **({"operation": plan.operation} if plan.operation != "preview" else {}),
        **({"outcome": plan.outcome} if plan.outcome != "succeeded" else {}),
        **(
            {"policyViolations": [_violation(each) for each in plan.violations]}
            if plan.violations
            else {}
        ),
    }


def _violation(violation: Violation) -> dict[str, Json]:
    document = {
        "pack": violation.pack,
        "policy": violation.policy,
        "level": violation.level,
        "message": violation.message,
    }
    return document | ({"urn": violation.urn} if violation.urn else {})


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
    if step.uncertain:
        document["cannotTell"] = list(step.uncertain)
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
    return read_plan(top, tuple(read_step(step) for step in top["steps"].items()))


def read_plan(top: At, steps: tuple[Step, ...]) -> Plan:
    """The plan with these steps and with what a document tells beside its steps.

    Raises:
        ValueError: It isn't such a document. The message is `path: fact; remedy`.
    """
    return Plan(
        config={key: each.need(str) for key, each in top["config"].members()},
        steps=steps,
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
        operation=top["operation"].want(str) or "preview",
        outcome=top["outcome"].want(str) or "succeeded",
        violations=tuple(
            Violation(
                pack=each["pack"].need(str),
                policy=each["policy"].need(str),
                level=each["level"].need(str),
                message=each["message"].want(str) or "",
                urn=each["urn"].want(str),
            )
            for each in top["policyViolations"].items()
        ),
    )


def read_step(step: At) -> Step:
    """One step of a document.

    Raises:
        ValueError: It isn't a step. The message is `path: fact; remedy`.
    """
    diff = step["detailedDiff"]
    return Step(
        op=step["op"].need(str),
        urn=_urn(step["urn"]),
        provider=step["provider"].want(str),
        old=_read_state(step["oldState"]),
        new=_read_state(step["newState"]),
        diff_reasons=step["diffReasons"].texts(),
        replace_reasons=step["replaceReasons"].texts(),
        uncertain=step["cannotTell"].texts(),
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
    for key, value in state.value.items():
        name, default, kind = _STATE_FIELDS.get(key, ("", None, None))
        if name and value is not None and name not in _ALWAYS:
            # Most are as they should be, and a large preview has millions of them.
            as_is = type(value) is kind
            found[name] = value if as_is else _read(name, default, At(value, f"{state.path}.{key}"))
    return State(**found)


def _read(name: str, default: object, at: At) -> Json:
    if name == "replacement_trigger":
        return at.value
    if name in _LIST_MAPS:
        return at.text_lists()
    if name == "delete_before_replace" or default is False:
        return at.need(bool)
    if default == ():
        return at.texts()
    return at.need(str if default is None else dict)


def _urn(at: At) -> str:
    text = at.need(str)
    try:
        split(text)
    except ValueError:
        raise ValueError(f"{at.path}: is no URN; {REMEDY}") from None
    return text
