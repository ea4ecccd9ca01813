"""Generated texts in the repository: written anew, or told where they are stale."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import typer

from cli.output import FOUND, note, write_atomically


def keep_fresh(to: Path, texts: Mapping[str, str], *, only_check: bool, remedy: str) -> None:
    """Write generated texts by their names below a directory; or only tell which are stale.

    The command ends with exit code 1 where one is.
    """
    stale = []
    for name, text in texts.items():
        file = to / name
        shown = os.path.relpath(file)
        if only_check:
            if not file.is_file() or file.read_text(encoding="utf-8") != text:
                stale.append(shown)
        elif write_atomically(file, text):
            typer.echo(shown)
    for name in stale:
        note(f"{name} is stale; {remedy}")
    if stale:
        raise typer.Exit(FOUND)
