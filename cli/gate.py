"""``stackgraph gate``: what a change would do to the running system, and whether that is accepted.

It deploys nothing and asks nobody. What it cannot tell never passes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from cli.arguments import GateFormat
from cli.output import FAILED, note, show_lines, terminal_width, write_atomically
from cli.project import Project
from config.finding import FindingsError
from config.gate import POLICY_FILE, Policy, read_policy
from preview.change import changes_of
from preview.gate import Verdict, judge, unreadable, worst
from preview.plan import Plan
from preview.reading import CannotRead, problems, read_change
from preview.reading.source import Source
from preview.report import Line, junit, lines, markdown, to_data
from preview.report.words import visible
from preview.risk import assess

DEFAULT_STACK: Final = "dev"
"""The stack that is compared where none is named."""

FORMATS: Final = tuple(GateFormat)

_MOST_SAID: Final = 20
"""Reasons of one stack that are said to standard error; reports have them all."""


class _CannotTellError(Exception):
    """Why nothing can be told, a line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is judged, by which policy: ``files`` (``-`` is standard input), or ``against``.

    ``stack``: which one it has to be; with ``against``, which one is planned. ``policy``: another
    file than the project's ``gate.yaml``.
    """

    files: Sequence[str] = ()
    against: str | None = None
    stack: str | None = None
    policy: Path | None = None
    today: date


def show_gate(project: Project, question: Question, format_: str, reports: Sequence[str]) -> int:
    """Print the verdicts, write the reports, and give the exit code of the worst."""
    wrong = _misuse(question) or _misused_reports(reports)
    if wrong:
        note(wrong)
        return FAILED
    verdicts = _together(list(_verdicts(project, question)))
    shown = _policy_file(project, question)[1]
    for verdict in verdicts:
        for why in verdict.unclear[:_MOST_SAID]:
            note(visible(why))
        if len(verdict.unclear) > _MOST_SAID:
            note(f"and {len(verdict.unclear) - _MOST_SAID} more reasons")
    if format_ == "text":
        # Why something cannot be told stands on standard error already.
        show_lines(_text(verdicts, shown, terminal_width(), unclear=False))
    else:
        show_lines([Line(_report(format_, project, verdicts, shown).removesuffix("\n"))])
    code = worst(verdict.outcome for verdict in verdicts).exit_code
    for report in reports:
        name, _, file = report.partition("=")
        try:
            write_atomically(Path(file).resolve(), _report(name, project, verdicts, shown))
        except FileExistsError:
            note(f"{file}: its folder is a file; name another file")
            code = FAILED
        except OSError as error:
            note(f"{file}: {(error.strerror or 'cannot be written').lower()}; name another file")
            code = FAILED
    return code


def _misuse(question: Question) -> str | None:
    if question.files and question.against is not None:
        return "a FILE and --against are two changes; give one of both"
    if not question.files and question.against is None:
        return "no change is given; name a FILE that `pulumi preview --json` wrote, or --against"
    if question.files.count("-") > 1:
        return "standard input is given twice; name it once"
    if question.stack is not None and len(question.files) > 1:
        return "--stack is for one FILE; leave it out, or judge one at a time"
    return None


def _misused_reports(reports: Sequence[str]) -> str | None:
    for report in reports:
        name, _, file = report.partition("=")
        if name not in FORMATS:
            return f"--report {report}: {name!r} is no format; valid: {', '.join(FORMATS)}"
        if not file:
            return f"--report {report}: no file is named; write {name}=FILE"
    return None


def _verdicts(project: Project, question: Question) -> Iterator[Verdict]:
    policy, wrong = _policy(project, question)
    try:
        own = project.name
    except FindingsError as error:
        own, wrong = "", [*wrong, *map(str, error.findings)]
    if question.against is not None:
        make = partial(_compared, project, question)
        yield _verdict(make, question, policy, wrong, "the comparison")
    for file in question.files:
        name = "standard input" if file == "-" else file
        make = partial(_read, file, own, question.stack)
        yield _verdict(make, question, policy, wrong, name)


def _together(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Leave out of each verdict's unused acceptances what another one uses."""
    used = {each.digest for verdict in verdicts for each in verdict.accepted}
    return [
        replace(verdict, unused=tuple(each for each in verdict.unused if each.risk not in used))
        for verdict in verdicts
    ]


def _policy_file(project: Project, question: Question) -> tuple[Path, str]:
    """Give the policy's file, and what messages call it."""
    if question.policy is not None:
        return question.policy, str(question.policy)
    return project.root / POLICY_FILE, POLICY_FILE


def _policy(project: Project, question: Question) -> tuple[Policy, Sequence[str]]:
    """Give the policy, and what is wrong with it; then nothing is judged by it."""
    file, display = _policy_file(project, question)
    if question.policy is None and not file.exists():
        return Policy(), ()
    try:
        return read_policy(file, display, question.today), ()
    except FindingsError as error:
        return Policy(), [str(finding) for finding in error.findings]


def _verdict(
    plan_of: Callable[[], tuple[Plan, str]],
    question: Question,
    policy: Policy,
    wrong: Sequence[str],
    name: str,
) -> Verdict:
    """Judge what is read or compared; whatever stops that is why nothing can be told."""
    stack = question.stack or (DEFAULT_STACK if question.against is not None else "")
    try:
        plan, basis = plan_of()
        changes = changes_of(plan)
        assessment = assess(changes)
        said = (f"{name}: {problem}" for problem in problems(plan))
        assessment = replace(assessment, unclear=(*said, *assessment.unclear))
        verdict = judge(assessment, policy, question.today, basis=basis)
    except _CannotTellError as error:
        return unreadable((*wrong, *error.args), question.today, stack=stack)
    except CannotRead as error:
        return unreadable((*wrong, str(error)), question.today, stack=stack)
    except ValueError as error:
        return unreadable((*wrong, f"{name}: {error}"), question.today, stack=stack)
    if not changes.stack:
        wrong = (*wrong, f"{name}: it tells of no resource, so of no stack; preview again")
    if wrong:
        known = (changes.project, changes.stack or stack)
        return unreadable(wrong, question.today, project=known[0], stack=known[1])
    return verdict


def _read(file: str, project: str, stack: str | None) -> tuple[Plan, str]:
    source: Source = "-" if file == "-" else Path(file)
    return read_change(source, project=project, stack=stack), ""


def _compared(project: Project, question: Question) -> tuple[Plan, str]:
    """Make the plan of a comparison, and say on what it stands."""
    from pulumi import RunError

    from cli.against import AgainstError, change_against
    from cli.program import Prepared

    against = question.against or ""
    try:
        prepared = Prepared.of(project, question.stack or DEFAULT_STACK, ())
        change = change_against(prepared, (), against)
    except (AgainstError, RunError) as error:
        raise _CannotTellError(*str(error).strip().splitlines()) from None
    except FindingsError as error:
        raise _CannotTellError(*map(str, error.findings)) from None
    for text in change.notes:
        note(f"note: {against}: {text}")
    return change.plan, f"Compared offline with {against}; no host was looked at."


def _report(name: str, project: Project, verdicts: Sequence[Verdict], policy: str) -> str:
    match name:
        case "markdown":
            return markdown(verdicts, policy)
        case "json":
            return json.dumps(to_data(verdicts), indent=2) + "\n"
        case "sarif":
            from cli.gate_sarif import gate_sarif

            return gate_sarif(project, verdicts, policy) + "\n"
        case "junit":
            return junit(verdicts, policy)
    return "".join(f"{line.text}\n" for line in _text(verdicts, policy, None, unclear=True))


def _text(
    verdicts: Sequence[Verdict], policy: str, width: int | None, *, unclear: bool
) -> Iterator[Line]:
    for index, verdict in enumerate(verdicts):
        if index:
            yield Line("")
        yield from lines(verdict, policy, width, unclear=unclear)
