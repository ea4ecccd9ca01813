"""What a plan does not tell is no reason to pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from preview.change import changes_of
from preview.plan import Plan, State, Step
from preview.risk import assess
from preview.urn import make


def state(name: str, *needs: str) -> State:
    urn = make("dev", "stackgraph", "", "a:b:C", name)
    dependencies = tuple(make("dev", "stackgraph", "", "a:b:C", need) for need in needs)
    return State(urn=urn, custom=True, type="a:b:C", dependencies=dependencies)


def plan(op: str, *states: State) -> Plan:
    return Plan(steps=tuple(Step(op=op, urn=each.urn, old=each, new=each) for each in states))


def doubts(told: Plan) -> list[str]:
    """Give what cannot be told, but for what each type may hold."""
    return [each for each in assess(changes_of(told)).unclear if "holds data" not in each]


ALONE = (state("a"), state("b"), state("c"))


@pytest.mark.parametrize("op", ["replace", "delete", "create-replacement"])
def test_nobody_knows_what_depends_on_what_is_replaced(op: str) -> None:
    (said,) = doubts(plan(op, *ALONE))
    assert said.startswith("no resource tells what it depends on")


@pytest.mark.parametrize(
    "told",
    [
        plan("update", *ALONE),
        plan("create", *ALONE),
        plan("same", *ALONE),
        plan("replace", *ALONE[:2]),
        plan("replace", *ALONE[:2], state("c", "a")),
        plan("replace", *ALONE[:2], replace(ALONE[2], property_dependencies={"x": ("urn",)})),
        plan("replace", *(replace(each, custom=False) for each in ALONE)),
    ],
)
def test_it_is_known_or_nothing_ends(told: Plan) -> None:
    assert doubts(told) == []


def test_what_may_not_stay_the_same() -> None:
    same = plan("same", state("a"))
    unsure = replace(same, steps=(replace(same.steps[0], uncertain=("its image may be new",)),))
    assert doubts(unsure) == ["a: its image may be new"]
    # What changes is told of by the changes themselves.
    (step,) = unsure.steps
    changed = replace(unsure, steps=(replace(step, op="update"),))
    assert [each.partition(": ")[2] for each in doubts(changed)] == ["its image may be new"]
