"""Previews for the gate, made by hand, and the command on them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from preview.change import Changes, Operation
from preview.document import to_json
from preview.plan import Plan, State, Step
from preview.risk import Assessment, Family, Risk
from preview.risk.situation import Situation
from preview.risk.unclear import unclear as unclear_of
from preview.urn import make
from tests.workspace import Answer, stackgraph

DAY = ("--today", "2026-11-21")
ALLOWED = "families: {data: warn, reach: allow, protection: allow, secrets: allow, identity: allow, downtime: allow}\n"  # noqa: E501


def steps(*names: str, op: str = "delete", stack: str = "dev", project: str = "stackgraph") -> Plan:
    """Give a preview that deletes containers; the gate of these tests takes each for lost data."""

    def state(type_: str, name: str, *, custom: bool) -> State:
        urn = make(stack, project, "", type_, name)
        return State(urn=urn, custom=custom, type=type_, inputs={"image": f"{name}:1"})

    top = state("pulumi:pulumi:Stack", f"{project}-{stack}", custom=False)
    olds = [state("docker:index/container:Container", name, custom=True) for name in names]
    return Plan(
        steps=(
            Step(op="same", urn=top.urn, old=top, new=top),
            *(Step(op=op, urn=old.urn, old=old) for old in olds),
        ),
        change_summary={"same": 1, op: len(olds)},
        duration=1,
    )


def assessed(changes: Changes) -> Assessment:
    """Judge what these tests make: what is deleted loses its data."""
    risks = [
        Risk(
            family=Family.DATA,
            subject=change.name,
            fact="loses its data",
            chain=(f"{change.name} is deleted",),
            urns=(change.urn,),
            evidence=(str(change.old.inputs["image"]) if change.old else "",),
        )
        for change in changes.changes
        if change.operation is Operation.DELETE
    ]
    kept = tuple(each for each in changes.changes if each.operation is not Operation.DELETE)
    why = tuple(unclear_of(Situation(changes)))
    return Assessment(changes=changes, risks=tuple(risks), routine=kept, unclear=why)


def unclear(plan: Plan) -> Plan:
    last = replace(plan.steps[-1], uncertain=("its digest is not known",))
    return replace(plan, steps=(*plan.steps[:-1], last), change_summary={"same": 1})


def write(folder: Path, name: str, plan: Plan) -> None:
    (folder / f"{name}.json").write_text(json.dumps(to_json(plan), indent=2))


def gate(root: Path, *arguments: str) -> Answer:
    return stackgraph(root, "gate", *arguments, *DAY)


def digest(root: Path, file: str = "loss.json") -> str:
    found: str = stacks(root, file)[0]["risks"][0]["risk"]
    return found


def stacks(root: Path, *arguments: str) -> list[Any]:
    found: list[Any] = json.loads(gate(root, *arguments, "--format", "json").out)["stacks"]
    return found


def accept(root: Path, digest: str, until: str = "2026-12-01") -> None:
    entry = f'{{risk: "{digest}", reason: copied elsewhere, until: {until}}}'
    (root / "gate.yaml").write_text(f"acceptances:\n  - {entry}\n")
