"""Plans as trees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi import ResourceOptions

from preview.plan import Plan, State, Step
from preview.tree import lines, rows, summary
from tests.preview.programs import STACK, Box, command, golden, run, small, urn, wide


@pytest.mark.parametrize("program", [small, wide])
def test_the_tree_is_the_same_each_time(program: Any) -> None:
    golden(f"{program.__name__}.txt", "\n".join(lines(Plan.of(run(program)))) + "\n")


def test_rows_tell_depth_and_what_matters_at_a_glance() -> None:
    found = {row.name: row for row in rows(Plan.of(run(wide)))}
    assert [found[name].depth for name in ("small-dev", "outer", "outer-inner")] == [0, 1, 2]
    leaf = found["outer-inner-leaf"]
    assert (leaf.depth, leaf.symbol, leaf.op, leaf.type) == (
        3,
        "+",
        "create",
        "command:local:Command",
    )
    assert leaf.note == "protected; retained"
    assert (found["bridge"].symbol, found["bridge"].note) == (">", "id bridge")


def test_a_change_without_its_parents_stands_below_the_stack() -> None:
    part = urn("a:b:Box$c:d:Leaf", "leaf")
    parent = urn("a:b:Box", "box")
    leaf = State(urn=part, custom=True, type="c:d:Leaf", parent=parent)
    stack = State(urn=STACK, custom=False, type="pulumi:pulumi:Stack")
    steps = (
        Step(op="same", urn=STACK, new=stack),
        Step(op="update", urn=part, old=leaf, new=leaf, diff_reasons=("image", "envs")),
        Step(op="update", urn=part, old=leaf, new=leaf),
        Step(op="invented", urn=urn("c:d:Leaf", "odd"), old=replace(leaf, parent=None)),
    )
    plan = Plan(steps=steps, change_summary={"update": 2, "delete": 1, "same": 3, "read": 4})
    assert [(row.depth, row.symbol, row.name, row.note) for row in rows(plan)] == [
        (0, "", "small-dev", ""),
        (1, "~", "leaf", "[diff: image, envs]"),
        (1, "?", "odd", ""),
    ]
    assert summary(plan) == [
        "Resources:",
        "    - 1 to delete",
        "    ~ 2 to update",
        "    3 changes. 3 unchanged",
    ]
    alone = Plan(steps=steps[1:2])
    assert [(row.depth, row.branch) for row in rows(alone)] == [(0, "")]
    assert lines(Plan(steps=())) == ["     Type  Name  Plan", "", "Resources:"]


def test_each_operation_has_pulumis_sign() -> None:
    steps = tuple(
        Step(op=op, urn=urn("a:b:C", op))
        for op in (
            *("same", "create", "delete", "update", "replace", "create-replacement"),
            *("delete-replaced", "read", "read-replacement", "refresh", "discard"),
            *("discard-replaced", "remove-pending-replace", "import", "import-replacement"),
        )
    )
    plan = Plan(steps=steps, change_summary={step.op: 1 for step in steps})
    assert [row.symbol for row in rows(plan)] == [
        *("", "+", "-", "~", "+-", "++", "--", ">", ">>", "~", "<", "<<", "~", "=", "=>"),
    ]
    assert summary(plan) == [
        "Resources:",
        "    + 1 to create",
        "    - 1 to delete",
        "    ~ 1 to update",
        "    +-1 to replace",
        "    ++1 to create-replacement",
        "    --1 to delete-replaced",
        "    ~ 1 to refresh",
        "    <<1 to discard-replaced",
        "    ~ 1 to remove-pending-replace",
        "    = 1 to import",
        "    =>1 to import-replacement",
        "    11 changes. 1 unchanged",
    ]


def test_notes_tell_messages_and_ids() -> None:
    def program() -> None:
        box = Box("box")
        for number in range(2):
            pulumi.error(f"error {number}", resource=box)
            pulumi.info(f"info {number}")
        pulumi.warn("once", resource=box)
        command("adopted", ResourceOptions(import_="its-id"))

    found = {row.name: row for row in rows(Plan.of(run(program)))}
    assert found["box"].note == "2 errors; 1 warning"
    assert found["small-dev"].note == "2 messages"
    assert (found["adopted"].symbol, found["adopted"].note) == ("=", "id its-id")
    unread = State(urn=STACK, custom=True, type="a:b:C", external=True)
    managed = State(urn=STACK, custom=True, type="a:b:C", id="an-id")
    for state in (unread, managed):
        assert rows(Plan(steps=(Step(op="update", urn=STACK, new=state),)))[0].note == ""
