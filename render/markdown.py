"""Markdown as GitHub reads it: the one place that escapes texts for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Code:
    """A text to be shown as it is typed."""

    text: str


Cell: TypeAlias = "str | Code | Sequence[Cell]"
"""What stands in a table: a text, code, or several of either."""

_SIGNS = re.compile(r"[\\`*\[\]~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_FIRST = re.compile(r"(?P<before>[0-9]*)(?P<sign>#+|[+.)=-])(?=[ =-]|$)")


def text(value: str) -> str:
    """Write a text so that Markdown reads nothing in it; its lines become one."""
    line = " ".join(value.split())
    escaped = _SIGNS.sub(lambda match: f"\\{match[0]}", line).translate(_HTML)
    first = _FIRST.match(escaped)
    return f"{first['before']}\\{escaped[first.start('sign') :]}" if first else escaped


def code(value: str) -> str:
    """Write a text as code; its lines become one."""
    line = " ".join(value.split())
    if not line:
        return ""
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def cell(value: Cell) -> str:
    """Write what stands in a table."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Code):
        # A table is cut at its bars before anything else is read: in code too.
        return code(value.text).replace("|", "\\|")
    return ", ".join(filter(None, (cell(each) for each in value)))


def table(head: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> str:
    """Give a table; nothing without rows. Columns that have nothing in any row are left out."""
    written = [[cell(each) for each in row] for row in rows]
    if not written:
        return ""
    kept = [index for index in range(len(head)) if any(row[index] for row in written)]
    lines = [[cell(head[index]) for index in kept], ["---" for _ in kept]]
    lines += [[row[index] for index in kept] for row in written]
    return "\n".join(
        f"|{'|'.join(f' {each} ' if each else ' ' for each in line)}|" for line in lines
    )


def heading(level: int, title: str) -> str:
    """Give a heading."""
    return f"{'#' * level} {text(title)}"


def link(title: str, to: str) -> str:
    """Give a link."""
    return f"[{text(title)}]({to})"


def mermaid(diagram: str) -> str:
    """Give a diagram, drawn where the page is shown; nothing for none."""
    return f"```mermaid\n{diagram}```" if diagram else ""


def section(level: int, title: str, *blocks: str) -> str:
    """Give a section; nothing when it has nothing to show."""
    kept = [block for block in blocks if block]
    return "\n\n".join([heading(level, title), *kept]) if kept else ""
