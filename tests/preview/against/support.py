"""Two versions of a small program, compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.stand_ins import ANSWERS, STAND_INS
from preview.against import compare
from preview.existing import Settled
from preview.plan import Plan, Step
from preview.record import Recording
from tests.preview.programs import CONFIG, SECRET_KEYS, run

Program = Callable[[], object]


def settled(program: Program) -> Recording:
    """Record a program on a stack where it is deployed already."""
    return run(program, existing=Settled(STAND_INS), answers=ANSWERS)


def change(old: Program, new: Program, **changed: Any) -> Plan:
    """Give the plan of a change from one version to another."""
    settings: dict[str, Any] = {
        "project": "small",
        "stack": "dev",
        "config": CONFIG,
        "secret_keys": SECRET_KEYS,
        "answers": ANSWERS,
        "stand_ins": STAND_INS,
    }

    def program() -> None:
        new()

    return compare(settled(old), program, **(settings | changed))


def ops(plan: Plan) -> dict[str, str]:
    """Give what happens, by `Type name`, to all that doesn't stay the same."""
    return {short(step): step.op for step in plan.steps if step.op != "same"}


def short(step: Step) -> str:
    """Give a step's own type and its resource's name."""
    type_, _, name = step.urn.rpartition("::")
    return f"{type_.rpartition(':')[2]} {name}"


def step_of(plan: Plan, name: str) -> Step:
    """Give the step of the only resource that has such a type and name."""
    (found,) = (step for step in plan.steps if short(step) == name)
    return found
