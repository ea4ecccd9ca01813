"""Why nothing can be concluded from a plan, although it could be read."""

from __future__ import annotations

from collections import Counter
from typing import Final

from preview.plan import Plan
from preview.urn import split

_COUNTED: Final = ("create", "update", "delete", "replace", "import")
_AGAIN: Final = "mend what it says, and preview again"


def problems(plan: Plan) -> tuple[str, ...]:
    """Why nothing can be concluded from a plan: `fact; remedy`, a line each; none if it can.

    The lines hold no message of the preview, since what programs and providers say may be secret.
    """
    return tuple(_problems(plan))


def _problems(plan: Plan) -> list[str]:
    found = []
    if plan.operation == "update":
        found.append("tells what was deployed already; give the preview of what is to come")
    broken = [each for each in plan.violations if each.mandatory]
    errors = [each for each in plan.diagnostics if each.severity == "error"]
    if broken and [each.message.strip() for each in errors] == ["error: preview failed"]:
        pass  # for this alone
    elif plan.outcome == "canceled":
        found.append("the preview was cancelled; preview again")
    elif plan.outcome == "unfinished":
        found.append("the preview didn't reach its end; preview again")
    elif plan.outcome != "succeeded" or errors:
        found.append(_failed(plan))
    found += [
        f"{_name(each.urn)}: breaks the mandatory policy {each.policy} of {each.pack}; "
        "change the resource, or the policy"
        for each in broken
    ]
    if not found:
        found += _missing(plan)
    return found


def _failed(plan: Plan) -> str:
    errors = [each for each in plan.diagnostics if each.severity == "error"]
    count = f" with {len(errors)} errors" if len(errors) > 1 else " with an error" if errors else ""
    names = sorted({_name(each.urn) for each in errors if each.urn})
    at = f" (at {', '.join(names[:3])}{', …' if len(names) > 3 else ''})" if names else ""
    return f"the preview ended{count}{at}; {_AGAIN}"


def _missing(plan: Plan) -> list[str]:
    """What the summary counts and the steps don't show: the file was cut or filtered."""
    shown = Counter(step.op for step in plan.steps)
    return [
        f"counts {plan.change_summary[op]} of {op}, but shows {shown[op]}; give the whole preview"
        for op in _COUNTED
        if plan.change_summary.get(op, 0) > shown[op]
    ]


def _name(urn: str | None) -> str:
    if not urn:
        return "stack"
    try:
        return split(urn).name
    except ValueError:
        return "a resource"
