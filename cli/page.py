"""``stackgraph plan --html``: a plan as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.output import FAILED, note, write_atomically

if TYPE_CHECKING:
    from preview.plan import Plan


def write_page(file: Path, plan: Plan, *, compared: bool) -> None:
    """Write the page of a plan; the file is there whole, or as it was.

    ``compared``: the plan tells a change, not a whole system.
    """
    from preview.change import changes_of
    from preview.page import page
    from preview.risk import assess

    text = page(plan, assess(changes_of(plan)), compared=compared)
    try:
        write_atomically(file.resolve(), text)
    except OSError as error:
        note(f"{file}: {(error.strerror or 'cannot be written').lower()}; name another file")
        raise typer.Exit(FAILED) from None
    note(f"note: the page is in {file}; a browser shows it, also offline")
