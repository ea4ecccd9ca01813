"""Whether an offline plan and a preview of the real engine say the same of a change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.against import change_against
from cli.program import Prepared
from cli.project import Project
from preview.plan import Plan
from rehearsal.stack import Stack


def previewed(stack: Stack) -> Any:
    """Give the document of the real preview, with what stays the same."""
    result = stack.run("preview", "--json", "--show-sames")
    # What stands before and after it are the tools' own messages.
    start, end = result.text.index("{\n"), result.text.rindex("\n}") + 2
    return json.loads(result.text[start:end])


def previewed_ops(document: Any) -> dict[str, str]:
    """Give the operation on every resource of a real preview."""
    return {step["urn"]: step["op"] for step in document["steps"]}


def planned_ops(plan: Plan) -> dict[str, str]:
    """Give the operation on every resource of an offline plan."""
    return {step.urn: step.op for step in plan.steps}


def planned(stack: Stack, against: Path) -> Plan:
    """Give the offline plan of a stack's files, compared with a document or another checkout."""
    prepared = Prepared.of(Project(root=stack.folder), stack.name, ())
    return change_against(prepared, (), str(against)).plan
