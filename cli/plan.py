"""``stackgraph plan``: the real program, run against a recording monitor."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.against import AgainstError, change_against
from cli.output import FAILED, FOUND, note, show_findings
from cli.page import write_page
from cli.program import Prepared, answers, settled_answers
from cli.project import Project, today
from config.settings import PLACEHOLDER
from graph.judge import judge
from graph.model import StackGraph

if TYPE_CHECKING:
    from preview.plan import Plan
    from preview.record import Recording

_COLOURS = {
    "create": typer.colors.GREEN,
    "import": typer.colors.GREEN,
    "read": typer.colors.CYAN,
    "update": typer.colors.YELLOW,
    "replace": typer.colors.MAGENTA,
    "delete": typer.colors.RED,
}


def show_plan(
    project: Project,
    stack: str,
    systems: Sequence[str],
    *,
    as_json: bool,
    html: Path | None = None,
) -> None:
    """Print the resources that the program declares, as a tree or as Pulumi's JSON."""
    import pulumi

    prepared = Prepared.of(project, stack, systems)
    graph = _checked_graph(prepared)
    try:
        plan, recording = comparable_plan(prepared) if as_json else first_plan(prepared)
    except pulumi.RunError as error:
        raise _failed(error) from None
    if as_json:
        _print_json(plan)
    else:
        _print_tree(plan)
        _print_handovers(graph)
    _print_notes(recording)
    _print_missing(prepared)
    note("note: no host was looked at; this is what a first `pulumi up` would create")
    if html is not None:
        write_page(html, plan, compared=False)


def show_change(
    project: Project,
    stack: str,
    systems: Sequence[str],
    against: str,
    *,
    as_json: bool,
    html: Path | None = None,
) -> None:
    """Print what changes between a revision, or a document, and the files as they are now."""
    import pulumi

    prepared = Prepared.of(project, stack, systems)
    _checked_graph(prepared)
    try:
        change = change_against(prepared, systems, against)
    except AgainstError as error:
        note(str(error))
        raise typer.Exit(FAILED) from None
    except pulumi.RunError as error:
        raise _failed(error) from None
    if as_json:
        _print_json(only_changes(change.plan))
    else:
        _print_tree(with_parents(change.plan))
        _print_refusals(change.plan)
    _print_notes(change.recording)
    _print_missing(prepared)
    for text in change.notes:
        note(f"note: {against}: {text}")
    for step in change.plan.steps:
        for text in step.uncertain:
            note(f"cannot tell: {step.urn.rpartition('::')[2]}: {text}")
    note(f"note: no host was looked at; this is what changes where all is as {against} has it")
    if html is not None:
        write_page(html, change.plan, compared=True)


def only_changes(plan: Plan) -> Plan:
    """Give a plan without what stays the same, as ``pulumi preview --json`` writes it.

    Systems are kept: they tell what the change means to them.
    """
    from preview.change import SYSTEM_TYPE
    from preview.urn import STACK_TYPE, split

    kept = tuple(
        step
        for step in plan.steps
        if step.op != "same" or step.uncertain or split(step.urn).type in (STACK_TYPE, SYSTEM_TYPE)
    )
    return replace(plan, steps=kept)


def with_parents(plan: Plan) -> Plan:
    """Give a plan without what stays the same, but with what is above what does not."""
    steps = {step.urn: step for step in plan.steps}
    kept = {step.urn for step in only_changes(plan).steps}
    for urn in tuple(kept):
        state = steps[urn].state
        while state and state.parent and state.parent not in kept and state.parent in steps:
            kept.add(state.parent)
            state = steps[state.parent].state
    return replace(plan, steps=tuple(step for step in plan.steps if step.urn in kept))


def first_plan(prepared: Prepared) -> tuple[Plan, Recording]:
    """Give the plan of a first deployment, and the recording that it is made of."""
    from preview.plan import Plan
    from preview.record import record

    root = prepared.project.root
    recording = record(prepared.run, root=root, answers=answers(), **prepared.settings)
    return Plan.of(recording), recording


def comparable_plan(prepared: Prepared) -> tuple[Plan, Recording]:
    """Give `first_plan`, and with it what a later ``--against`` its document needs to know."""
    from components.stand_ins import STAND_INS
    from preview.against.digests import with_digests
    from preview.existing import Settled
    from preview.record import record

    plan, recording = first_plan(prepared)
    settled = record(
        prepared.run,
        root=prepared.project.root,
        answers=settled_answers(),
        existing=Settled(STAND_INS),
        **prepared.settings,
    )
    return with_digests(plan, recording, settled), recording


def _failed(error: Exception) -> typer.Exit:
    note(str(error).strip())
    return typer.Exit(FOUND)


def _print_json(plan: Plan) -> None:
    from preview.document import to_json

    typer.echo(json.dumps(to_json(plan), indent=2))


def _print_tree(plan: Plan) -> None:
    from preview.tree import lines, rows

    text = lines(plan)
    ops = [row.op for row in rows(plan)]
    for index, line in enumerate(text):
        # The header comes first; what comes after the rows are the counts.
        op = ops[index - 1] if 0 < index <= len(ops) else ""
        typer.echo(typer.style(line, fg=_COLOURS[op]) if op in _COLOURS else line)


def _print_refusals(plan: Plan) -> None:
    """Say what the engine will refuse."""
    errors = [each for each in plan.diagnostics if each.severity == "error"]
    if errors:
        typer.echo("\nPulumi refuses this:")
    for error in errors:
        typer.echo("    " + " ".join(error.message.removeprefix("error: ").split()))


def _print_notes(recording: Recording) -> None:
    for notes in recording.outputs.values():
        for text in notes.get("notes", ()) if isinstance(notes, Mapping) else ():
            note(f"note: {text}")


def _print_missing(prepared: Prepared) -> None:
    if prepared.missing:
        note(
            f"note: {prepared.missing} secrets have no value on stack {prepared.stack} and read "
            f"{PLACEHOLDER}; stackgraph check --stack {prepared.stack} lists them"
        )


def _checked_graph(prepared: Prepared) -> StackGraph:
    """Show findings with their colours and ids before the program would tell them as one text."""
    project = prepared.project
    settings = project.settings_of(prepared.stack, prepared.values)
    directories = settings.directories(project.root)
    judgement = judge(directories, settings, relative_to=project.root, today=today()).accepted()
    show_findings(judgement.findings, to_stderr=True)
    return judgement.graph


def _print_handovers(graph: StackGraph) -> None:
    """Say in which order each service is replaced when it changes, and why."""
    typer.echo("\nWhen a service changes:")
    for service in sorted(graph.services.values(), key=lambda s: (s.handover.order, s.id)):
        name = service.id.partition(":")[2]
        typer.echo(f"    {service.handover.order}  {name}: {service.handover.reason}")
