"""``stackgraph plan``: the real program, run against a recording monitor."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from cli.output import FOUND, note, show_findings
from cli.project import PROJECT_FILE, Project, today
from config.document import read_document
from config.finding import FindingsError
from config.load import SYSTEM_FILE
from config.settings import PLACEHOLDER
from config.stack import NAMESPACE, SYSTEMS_DIRECTORY
from graph.judge import judge
from graph.model import StackGraph

PROGRAM_FILE = "__main__.py"
_COLOURS = {"create": typer.colors.GREEN, "import": typer.colors.GREEN, "read": typer.colors.CYAN}


def show_plan(project: Project, stack: str, systems: Sequence[str], *, as_json: bool) -> None:
    """Print the resources that the program declares, as a tree or as Pulumi's JSON."""
    import pulumi

    from components.instance import LOOKUPS
    from preview.document import to_json
    from preview.plan import Plan
    from preview.record import record
    from preview.value import UNKNOWN

    _, values = project.values(stack, systems)
    missing = _fill_secrets(project, values)
    graph = _checked_graph(project, stack, values)
    config = {key: v if isinstance(v, str) else json.dumps(v) for key, v in values.items()}
    try:
        recording = record(
            _program(project),
            project=_name(project),
            stack=stack,
            config=config,
            secret_keys=[key for key in config if PLACEHOLDER in config[key]],
            root=project.root,
            # No provider runs here: what a cloud would answer is not known.
            answers=dict.fromkeys(LOOKUPS, UNKNOWN),
        )
    except pulumi.RunError as error:
        note(str(error).strip())
        raise typer.Exit(FOUND) from None
    plan = Plan.of(recording)
    if as_json:
        typer.echo(json.dumps(to_json(plan), indent=2))
    else:
        _print_tree(plan)
        _print_handovers(graph)
    for notes in recording.outputs.values():
        for text in notes.get("notes", ()) if isinstance(notes, Mapping) else ():
            note(f"note: {text}")
    if missing:
        note(
            f"note: {missing} secrets have no value on stack {stack} and read {PLACEHOLDER}; "
            f"stackgraph check --stack {stack} lists them"
        )
    note("note: no host was looked at; this is what a first `pulumi up` would create")


def _print_tree(plan: Any) -> None:
    from preview.tree import lines, rows

    text = lines(plan)
    ops = [row.op for row in rows(plan)]
    for index, line in enumerate(text):
        # The header comes first; what comes after the rows are the counts.
        op = ops[index - 1] if 0 < index <= len(ops) else ""
        typer.echo(typer.style(line, fg=_COLOURS[op]) if op in _COLOURS else line)


def _fill_secrets(project: Project, values: dict[str, object]) -> int:
    """Give placeholders to secrets that have no value: a plan needs none. Tell how many."""
    if values.get(f"{NAMESPACE}:target") != "prod":
        return 0
    filled = 0
    systems = values.get(f"{NAMESPACE}:systems")
    for name in systems if isinstance(systems, list) else []:
        directory = project.root / (name if "/" in name else f"{SYSTEMS_DIRECTORY}/{name}")
        key = f"{NAMESPACE}:{directory.name}"
        settings = dict(_mapping(values.get(key)))
        secrets = dict(_mapping(settings.get("secrets")))
        for secret in _declared_secrets(directory):
            if secret not in secrets:
                secrets[secret] = PLACEHOLDER
                filled += 1
        if secrets:
            values[key] = {**settings, "secrets": secrets}
    return filled


def _declared_secrets(directory: Path) -> list[str]:
    try:
        data = read_document(directory / SYSTEM_FILE, SYSTEM_FILE).data
    except FindingsError:
        return []  # said, with everything else, when the system is loaded
    return list(_mapping(_mapping(data).get("secrets")))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _checked_graph(project: Project, stack: str, values: Mapping[str, object]) -> StackGraph:
    """Show findings with their colours and ids before the program would tell them as one text."""
    settings = project.settings_of(stack, values)
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


def _program(project: Project) -> Callable[[], None]:
    file = project.root / PROGRAM_FILE
    if file.is_file() and (project.root / PROJECT_FILE).is_file():
        # Not as `__main__`: what it does there is for a process of its own.
        return lambda: _discard(runpy.run_path(str(file), run_name="stackgraph_plan"))

    def run() -> None:
        from components.program import run as declare

        declare(project.root)

    return run


def _discard(_: object) -> None:
    return None


def _name(project: Project) -> str:
    file = project.root / PROJECT_FILE
    if not file.is_file():
        return NAMESPACE
    name = _mapping(read_document(file, PROJECT_FILE).data).get("name")
    return name if isinstance(name, str) else NAMESPACE
