"""What the command prints: results to standard output, messages to standard error."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from config.finding import Finding, Severity

if TYPE_CHECKING:
    from preview.report import Line

FINE, FOUND, FAILED = 0, 1, 2
"""Exit codes: nothing found, findings, could not do it."""

UNREADABLE = {"file", "yaml"}
"""Rules whose findings mean that something could not be read at all."""

_TONES: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True},
    "good": {"fg": typer.colors.GREEN},
    "warning": {"fg": typer.colors.YELLOW},
    "bad": {"fg": typer.colors.RED},
    "faint": {"dim": True},
}
"""How the tones of a report's lines look."""

_COLOURS = {Severity.ERROR: typer.colors.RED, Severity.WARNING: typer.colors.YELLOW}


def exit_code(findings: Sequence[Finding]) -> int:
    """Give the exit code that findings mean."""
    if any(finding.rule in UNREADABLE for finding in findings):
        return FAILED
    return FOUND if findings else FINE


def show_findings(findings: Sequence[Finding], *, to_stderr: bool = False) -> None:
    """Print findings, a line each; coloured on a terminal only."""
    for finding in findings:
        severity = typer.style(finding.severity, fg=_COLOURS[finding.severity])
        typer.echo(f"{severity} {finding.rule} {finding}", err=to_stderr)


def findings_json(findings: Sequence[Finding]) -> str:
    """Give findings as JSON, for other programs."""
    rows = [
        {
            "rule": finding.rule,
            "severity": finding.severity,
            "file": finding.source.file,
            "line": finding.source.line,
            "path": finding.source.path,
            "fact": finding.fact,
            "remedy": finding.remedy,
        }
        for finding in findings
    ]
    return json.dumps({"version": 1, "findings": rows}, indent=2)


def show_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as wide as its texts are: on a terminal and in a file the same lines."""
    widths = [max(len(row[index]) for row in (head, *rows)) for index in range(len(head))]
    for row in (head, *rows):
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        typer.echo("  ".join(cells).rstrip())


def show_lines(lines: Iterable[Line]) -> None:
    """Print a report's lines; coloured on a terminal only, and not where ``NO_COLOR`` is set."""
    colour = False if os.environ.get("NO_COLOR") else None
    for line in lines:
        typer.echo(typer.style(line.text, **_TONES.get(line.tone, {})), color=colour)


def terminal_width() -> int | None:
    """Give the columns of the terminal; None where standard output is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def note(text: str) -> None:
    """Print a message for people to standard error."""
    typer.echo(text, err=True)


def write_atomically(file: Path, text: str) -> bool:
    """Replace a file's text all at once; tell whether it changed."""
    if file.exists() and file.read_bytes() == text.encode():
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True
