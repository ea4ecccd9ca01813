"""Changes and assessments made by hand: what the gate judges, with no engine behind it."""

from __future__ import annotations

import datetime
from typing import Any

from config.gate import Policy, parse_policy
from preview.change import Change, Changes, Operation
from preview.gate import Verdict, judge
from preview.plan import State
from preview.risk import Assessment, Family, Risk
from preview.urn import make

TODAY = datetime.date(2026, 11, 21)
CONTAINER = "docker:index/container:Container"

LOSS = Risk(
    family=Family.DATA,
    subject="n8n/postgres",
    fact="loses its data",
    chain=("the volume n8n_postgres is renamed", "postgres is replaced with an empty one"),
    evidence=("n8n_postgres", "n8n_pg"),
)
DOWN = Risk(family=Family.DOWNTIME, subject="automation.dyniq.ai", fact="is down meanwhile")
PORT = Risk(family=Family.REACH, subject="contabo port 5432", fact="can be reached by the internet")


def change(
    name: str,
    operation: Operation = Operation.UPDATE,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    **more: Any,
) -> Change:
    """Give a change of a container, from some inputs to others."""
    urn = make("dev", "stackgraph", "", more.pop("type", CONTAINER), name)
    states = [
        State(urn=urn, custom=True, type=CONTAINER, inputs=inputs)
        for inputs in (old or {}, new or {})
    ]
    if operation is Operation.DELETE:
        return Change(urn=urn, operation=operation, old=states[0], **more)
    if operation is Operation.CREATE:
        return Change(urn=urn, operation=operation, new=states[1], **more)
    return Change(urn=urn, operation=operation, old=states[0], new=states[1], **more)


ROUTINE = (
    change("dyniq-n8n", old={"image": "n8n:1"}, new={"image": "n8n:2"}),
    change("dyniq-web", Operation.CREATE),
)


def assessment(
    *risks: Risk,
    routine: tuple[Change, ...] = ROUTINE,
    unclear: tuple[str, ...] = (),
    stack: str = "dev",
) -> Assessment:
    """Give an assessment of a change with these risks."""
    changes = Changes(project="stackgraph", stack=stack, changes=routine)
    return Assessment(changes=changes, risks=risks, routine=routine, unclear=unclear)


def policy(text: str = "") -> Policy:
    """Read a policy."""
    return parse_policy(text, "gate.yaml", TODAY)


def accepting(risk: Risk, *, stack: str = "dev", until: str = "2026-12-01", more: str = "") -> str:
    """Give the policy that accepts a risk as it is on a stack."""
    digest = risk.digest(assessment(stack=stack).changes)
    return (
        f'acceptances:\n  - {{risk: "{digest}", reason: empty since May, until: {until}{more}}}\n'
    )


def verdict(*risks: Risk, text: str = "", **more: Any) -> Verdict:
    """Give the verdict on risks by the text of a policy."""
    return judge(assessment(*risks, **more), policy(text), TODAY)
