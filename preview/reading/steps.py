"""Steps from their serialized form, and the tidying that all sources need."""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from preview.document import read_step
from preview.plan import Plan, Step
from preview.reader import At
from preview.urn import STACK_TYPE, split
from preview.value import Json

OPERATIONS: Final = frozenset(
    {
        "same", "create", "update", "delete", "replace", "create-replacement", "delete-replaced",
        "read", "read-replacement", "refresh", "discard", "discard-replaced",
        "remove-pending-replace", "import", "import-replacement",
    }
)  # fmt: skip
PARTS: Final = frozenset(
    {
        "create-replacement", "delete-replaced", "read-replacement", "discard-replaced",
        "import-replacement", "remove-pending-replace",
    }
)  # fmt: skip
"""The parts of a replacement, which `replace` tells as one."""

_SHARED: Final = ("inputs", "dependencies", "propertyDependencies")
_LONG: Final = 63
"""Characters; the parser itself keeps shorter texts once."""


def step_of(document: Json, path: str) -> Step:
    """The step that a document holds at a place.

    Raises:
        ValueError: It isn't one, or does what isn't known; `path: fact; remedy`.
    """
    if isinstance(document, dict):
        _share(document.get("oldState"), document.get("newState"))
        for reasons in ("diffReasons", "replaceReasons"):
            # Pulumi's order changes from preview to preview.
            if isinstance(document.get(reasons), list):
                document[reasons].sort(key=str)
    step = read_step(At(document, path))
    if step.op not in OPERATIONS:
        named = f" ({step.op})" if re.fullmatch(r"[a-z-]{1,40}", step.op) else ""
        raise ValueError(f"{path}.op: is no operation that is known{named}; update stackgraph")
    return step


def tidied(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps without parts of replacements, and without what a refresh merely looked at.

    Pulumi leaves the parts out, too, unless told `--show-replacement-steps`. A part stays that has
    no `replace`. A look-up stays as `same` where nothing else is told of its resource: Pulumi makes
    it an `update` or a `delete` if it found something.
    """
    kept = tuple(steps)
    replaced = {step.urn for step in kept if step.op == "replace"}
    told = {step.urn for step in kept if step.op != "refresh"}
    return tuple(
        replace(step, op="same") if step.op == "refresh" else step
        for step in kept
        if not (step.op in PARTS and step.urn in replaced)
        and not (step.op == "refresh" and step.urn in told)
    )


def is_refresh(steps: Iterable[Step]) -> bool:
    """Whether they are of `pulumi refresh`: no program ran, so that the stack is only looked up."""
    ops = {step.op for step in steps if split(step.urn).type == STACK_TYPE}
    return ops == {"refresh"}


def outcome(plan: Plan, told: str | None = None) -> str:
    """How a preview ended, as far as it tells: newer event logs say, else its errors do.

    An error is none that a program only says (`pulumi.log.error`) and goes on: documents don't
    tell which it is, so that both are `failed`.
    """
    errors = [each.message for each in plan.diagnostics if each.severity == "error"]
    if any(message.strip() == "error: preview canceled" for message in errors):
        return "canceled"
    if told not in (None, "", "succeeded"):
        return str(told)
    if errors:
        return "failed"
    # Pulumi writes both of these in the end; a recording has no duration.
    return "succeeded" if plan.duration or plan.change_summary else "unfinished"


def _share(old: Json, new: Json) -> None:
    """Keep once what is alike before and after, and no outputs: a change is one of inputs.

    That is most of a large preview.
    """
    before, after = (state if isinstance(state, dict) else {} for state in (old, new))
    for state in (before, after):
        state.pop("outputs", None)
    for key in _SHARED:
        if key in before and key in after and _alike(before[key], after[key]):
            after[key] = before[key]
    texts: dict[str, str] = {}
    for state in (before, after):
        if isinstance(values := state.get("inputs"), dict):
            for name, value in values.items():
                if type(value) is str and len(value) > _LONG:
                    values[name] = texts.setdefault(value, value)


def _alike(one: Json, other: Json) -> bool:
    # 1 is True to Python, and 1.0 is 1, also within lists; not so in its own format.
    return bool(one == other) and marshal.dumps(one, 2) == marshal.dumps(other, 2)
