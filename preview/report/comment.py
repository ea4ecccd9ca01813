"""Markdown of comments on GitHub and GitLab: the one place that escapes texts for them.

A comment does more than a page: it calls people and teams, links issues, commits and labels, and
shows emoji and formulas. Nobody who names a service may cause any of that.
"""

from __future__ import annotations

import re
from typing import Final

from preview.report.words import visible

_SIGNS: Final = re.compile(r"""[!-/:-@\[-`{-~]""")
_KEPT: Final = frozenset(".,:;'\"/?%^()-+=")
"""Signs that mean nothing to Markdown within a line. Every other of ASCII's may be escaped, and is.
"""

_FIRST: Final = re.compile(r"[-+=]|[0-9]+(?=[.)])")
"""What begins a list or underlines a title where it begins a line."""

_BREAK: Final = "&#8203;"
"""A break of no width: what stands before it and what follows are no reference any more."""

_REFERENCES: Final = re.compile(
    r"[@#!~$%&^](?=\S)"  # people, issues, merge requests, labels, snippets, milestones, epics
    r"|:(?=[A-Za-z0-9_+-]+:)"  # emoji
    r"|:(?=//)"  # addresses
    r"|\bwww(?=\.)"
    r"|\bGH-(?=[0-9])",
    re.IGNORECASE,
)


def text(value: str) -> str:
    """Write a text so that a comment reads nothing in it; its lines become one."""
    pieces = []
    start = 0
    seen = visible(value).strip() or "(empty)"
    for match in _REFERENCES.finditer(seen):
        pieces.append(_escaped(seen[start : match.end()]))
        start = match.end()
    pieces.append(_escaped(seen[start:]))
    first = _FIRST.match(seen)
    return (_BREAK if first else "") + _BREAK.join(pieces)


def _escaped(value: str) -> str:
    return _SIGNS.sub(lambda sign: sign[0] if sign[0] in _KEPT else f"\\{sign[0]}", value)


def code(value: str) -> str:
    """Write a text as code; its lines become one."""
    line = visible(value).strip()
    if not line:
        return ""
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(language: str, lines: list[str], *, indent: str = "") -> str:
    """Write lines as a block of code."""
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return "\n".join(f"{indent}{line}" for line in (f"{fence}{language}", *lines, fence))


def folded(summary: str, content: str) -> str:
    """Write what is shown after a click; nothing of nothing."""
    if not content:
        return ""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def marker(name: str, *parts: str) -> str:
    """Write a comment that no reader sees, and by which a program finds its own."""
    known = (re.sub(r"(?:-{2,}|[^A-Za-z0-9_./-])+", "_", part) for part in parts)
    return f"<!-- {' '.join([name, *filter(None, known)])} -->"


def _longest_run(value: str) -> int:
    return max((len(run) for run in re.findall("`+", value)), default=0)
