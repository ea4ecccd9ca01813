"""Ids and texts of Mermaid diagrams: the one place that knows what Mermaid would read in them."""

from __future__ import annotations

import re
from collections.abc import Iterable

INDENT = "    "

_PLAIN = re.compile(r"[A-Za-z0-9 .,/@()'?!=:|+-]|[^\x00-\x7f]")
_INNER_UNDERSCORE = re.compile(r"(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])")
_LIST_MARK = re.compile(r"(?P<number>[0-9]*)(?P<mark>[.)+-])(?= |$)")
_READ_AS_CODE = ("style", "classDef", "wrap:", ":fa-", "http:", "https:", "www.")


def node_id(node: str) -> str:
    """Give the id of a node in a diagram: ``service:shop/web/db`` is ``service__shop__web__db``.

    Every other character that an id may not hold has a number of its own (``-`` is ``_2d_``): no
    two ids become one.
    """
    return "".join(_in_id(character) for character in node)


def _in_id(character: str) -> str:
    if character in ":/":
        return "__"
    plain_one = character.isascii() and character.isalnum()
    return character if plain_one else f"_{ord(character):x}_"


def plain(*texts: str) -> str:
    """Write texts so that Mermaid reads nothing in them, each of their lines on a line of its own.

    Beside Mermaid's own signs (``;``, ``#``, ``%%``, quotes) these are HTML's, and Markdown's,
    which labels may hold. Entity codes (``#35;``) stand for them, as Mermaid documents it.
    """
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    return "<br/>".join(_line(line.strip()) for line in lines)


def quoted(*texts: str) -> str:
    """Write texts as a label of a flowchart."""
    return f'"{plain(*texts)}"'


def block(kind: str, lines: Iterable[str]) -> str:
    """Give the text of a diagram: its kind, and its lines, indented."""
    return "\n".join([kind, *(f"{INDENT}{line}" for line in lines)]) + "\n"


def indented(lines: Iterable[str]) -> list[str]:
    """Give lines one level deeper."""
    return [f"{INDENT}{line}" for line in lines]


def _line(text: str) -> str:
    inner = {match.start() for match in _INNER_UNDERSCORE.finditer(text)}
    escaped = {i for i, c in enumerate(text) if not _PLAIN.match(c) and i not in inner}
    if mark := _LIST_MARK.match(text):
        escaped.add(mark.start("mark"))  # a list, where a label is Markdown
    for word in _READ_AS_CODE:
        # Mermaid looks for some words wherever they stand; Markdown makes links of others.
        found = text.lower().find(word.lower())
        while found >= 0:
            escaped.add(found + len(word) - 1)
            found = text.lower().find(word.lower(), found + 1)
    return "".join(f"#{ord(c)};" if i in escaped else c for i, c in enumerate(text))
