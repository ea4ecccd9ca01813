"""The ``stackgraph`` command: its subcommands, their arguments, their exit codes."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.arguments import (
    CheckFormat,
    GateFormat,
    GraphFormat,
    OneSystem,
    RecordsFormat,
    Stack,
    Systems,
    TableFormat,
)
from cli.output import FAILED, exit_code, note, show_findings, show_table, write_atomically
from cli.project import Project, today
from config.finding import FindingsError, Severity

app = typer.Typer(
    name="stackgraph",
    help="Check, plan, draw and render self-hosted systems described in systems/.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command("check")
def check_command(
    systems: Systems = None,
    stack: Stack = "dev",
    format_: Annotated[CheckFormat, typer.Option("--format")] = CheckFormat.TEXT,
    severity: Annotated[
        Severity, typer.Option("--severity", help="The least severity that is told.")
    ] = Severity.WARNING,
    images: Annotated[
        bool,
        typer.Option("--images", help="Ask registries whether the images are for their hosts."),
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Ask DNS and the running stack whether they are as declared."),
    ] = False,
    resolver: Annotated[
        str | None,
        typer.Option("--resolver", metavar="ADDRESS[:PORT]", help="With --live: whom to ask."),
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option("--address", metavar="HOST=ADDRESS", help="With --live: of a host made here."),
    ] = None,
    records: Annotated[
        bool, typer.Option("--records", help="Also list the records that external zones must have.")
    ] = False,
) -> None:
    """Report all findings of the files and the rules."""
    from cli.check import Questions, show_check

    if not live and (resolver or address):
        option = "--resolver" if resolver else "--address"
        note(f"{option} is for --live, which is not given; add --live, or remove {option}")
        raise typer.Exit(FAILED)
    asked = Questions(
        images=images, live=live, resolver=resolver, addresses=address or (), records=records
    )
    code = show_check(_project(), stack, systems or (), asked, format_.value, severity)
    raise typer.Exit(code)


@app.command("plan")
def plan_command(
    systems: Systems = None,
    stack: Stack = "dev",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what pulumi preview --json would.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="REV|FILE",
            help="Show only what changes: since a git revision, a directory with another checkout, "
            "or what pulumi stack export or plan --json wrote.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write a page for a browser there."),
    ] = None,
) -> None:
    """Show the program's resources, with no engine, no credentials and no Docker."""
    from cli.plan import show_change, show_plan

    def show() -> None:
        if against is None:
            show_plan(_project(), stack, systems or (), as_json=as_json, html=html)
        else:
            show_change(_project(), stack, systems or (), against, as_json=as_json, html=html)

    _reporting(show)


@app.command("gate")
def gate_command(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="What pulumi preview --json or --event-log wrote, or plan --against --json; "
            "- is standard input.",
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="REV|FILE", help="Compare with this offline, without a FILE."
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option("--stack", help="The stack that FILE has to be of, or that is compared."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="Another policy than the project's own."),
    ] = None,
    format_: Annotated[GateFormat, typer.Option("--format")] = GateFormat.TEXT,
    report: Annotated[
        list[str] | None,
        typer.Option("--report", metavar="FORMAT=FILE", help="Also write it there; repeatable."),
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--today", formats=["%Y-%m-%d"], help="The day by which acceptances end, in UTC."
        ),
    ] = None,
) -> None:
    """Judge a change: 0 passes, 1 needs acceptance, 2 cannot be told."""
    from cli.gate import Question, show_gate

    def show() -> None:
        question = Question(
            files=files or (),
            against=against,
            stack=stack,
            policy=policy,
            today=day.date() if day else today(),
        )
        raise typer.Exit(show_gate(_project(), question, format_.value, report or ()))

    _reporting(show)


@app.command("graph")
def graph_command(
    system: OneSystem,
    stack: Stack = "dev",
    format_: Annotated[GraphFormat, typer.Option("--format")] = GraphFormat.MERMAID,
) -> None:
    """Print the stack graph of a system."""
    from graph.export import to_data
    from render.mermaid import flowchart

    def show() -> None:
        graph = _project().graph(stack, [system])
        if format_ is GraphFormat.JSON:
            typer.echo(json.dumps(to_data(graph), indent=2))
        else:
            typer.echo(flowchart(graph), nl=False)

    _reporting(show)


@app.command("reach")
def reach_command(
    system: OneSystem,
    stack: Stack = "dev",
    format_: Annotated[TableFormat, typer.Option("--format")] = TableFormat.TABLE,
) -> None:
    """Show who can reach what: every published port, routed path and container port."""
    from cli.reach import reach_json, reach_table

    def show() -> None:
        graph = _project().graph(stack, [system])
        if format_ is TableFormat.JSON:
            typer.echo(reach_json(graph))
        else:
            show_table(("What", "From", "By way of", "Why"), reach_table(graph))

    _reporting(show)


@app.command("records")
def records_command(
    system: OneSystem,
    stack: Stack = "prod",
    zone: Annotated[str | None, typer.Option("--zone", help="Only this zone's records.")] = None,
    format_: Annotated[RecordsFormat, typer.Option("--format")] = RecordsFormat.TABLE,
) -> None:
    """Show the DNS records that each zone must have, and what the mesh's DNS answers."""
    from cli.records import show_records

    _reporting(lambda: show_records(_project().graph(stack, [system]), zone, format_.value))


@app.command("render")
def render_command(
    system: OneSystem,
    to: Annotated[Path, typer.Option("--to", help="The directory to write into.")],
    stack: Stack = "dev",
    host: Annotated[str | None, typer.Option("--host", help="Only this host's files.")] = None,
) -> None:
    """Write every file that a deploy would put on a host."""
    from cli.render import render_files

    def write() -> None:
        for name, text in render_files(_project().deployable(stack, [system]), host).items():
            write_atomically(to / name, text)
            typer.echo(str(to / name))

    _reporting(write)


@app.command("rules")
def rules_command(
    format_: Annotated[TableFormat, typer.Option("--format")] = TableFormat.TABLE,
) -> None:
    """List every rule, and what is done about each row of the incident catalogue."""
    from cli.rules import rules_json, show_rules

    if format_ is TableFormat.JSON:
        typer.echo(rules_json())
    else:
        show_rules()


@app.command("docs")
def docs_command(
    systems: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SYSTEM]...",
            help="Names under systems/, or directories. Default: all, and the rules.",
        ),
    ] = None,
    stack: Stack = "prod",
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; tell whether they are fresh.")
    ] = False,
) -> None:
    """Write the pages of systems into docs/systems/, and the one of the rules."""
    from cli.docs import pages
    from cli.fresh import keep_fresh

    def write() -> None:
        project = _project()
        texts = pages(project, stack, systems or ())
        keep_fresh(project.root, texts, only_check=only_check, remedy="run stackgraph docs")

    _reporting(write)


@app.command("schema")
def schema_command(
    to: Annotated[Path, typer.Option("--to", help="The directory of the schemas.")] = Path(
        "schemas"
    ),
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; tell whether they are fresh.")
    ] = False,
) -> None:
    """Write the JSON Schemas that editors use for system.yaml and compose files."""
    from cli.fresh import keep_fresh
    from config.schema import schemas

    keep_fresh(to, schemas(), only_check=only_check, remedy="run stackgraph schema")


def _project() -> Project:
    return Project.find(Path.cwd())


def _reporting(action: Callable[[], None]) -> None:
    """Run an action; findings that stop it are printed to standard error."""
    try:
        action()
    except FindingsError as error:
        show_findings(error.findings, to_stderr=True)
        raise typer.Exit(exit_code(error.findings)) from None
    except BrokenPipeError:
        # Who read it has had enough. Python would complain again when it flushes in the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAILED) from None
    except OSError as error:
        note(f"{error.filename}: {(error.strerror or 'failed').lower()}")
        raise typer.Exit(FAILED) from None


def main() -> None:
    """Run the command."""
    # What it makes lives to its end, which is soon. Looking through all of it again and again
    # for garbage takes a fifth of the time of a large system, and grows faster than that does.
    gc.disable()
    app()
