"""nginx's syntax: a small tree, and the one place where it is quoted and written.

Grammar: src/core/ngx_conf_file.c (tokens, quotes, escapes); variables stand in quotes as well.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

_PLAIN = re.compile(r"[A-Za-z0-9_./:=~^+*@,?|()\[\]<>!&%-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

DOLLAR: Final = "stackgraph_dollar"
"""A variable that holds a dollar sign: nginx has no other way to write one."""


@dataclass(frozen=True, slots=True)
class Text:
    """A token in which ``$`` begins a variable; in a plain string it stands for itself."""

    text: str


Token: TypeAlias = str | Text


@dataclass(frozen=True, slots=True)
class Pattern:
    r"""A regular expression (PCRE), in which ``$`` may not stand.

    ``\z`` is the end; ``$`` would also match before a line break, which ``%0a`` can bring.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive with its tokens, and what stands in the braces behind it (None: no braces)."""

    tokens: tuple[Token | Pattern, ...]
    block: tuple[Node, ...] | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that nginx does not read."""

    text: str


Node: TypeAlias = Directive | Comment


def line(*tokens: Token | Pattern) -> Directive:
    """Make a directive without a block."""
    return Directive(tokens)


def block(*tokens: Token | Pattern, of: Iterable[Node]) -> Directive:
    """Make a directive with a block."""
    return Directive(tokens, tuple(of))


def fixed(text: str) -> str:
    """Give text for a `Text` in which its dollar signs stand for themselves."""
    return text.replace("$", f"${{{DOLLAR}}}")


def marshal(nodes: Sequence[Node]) -> str:
    """Write nodes as a file; a blank line stands before each block at the top."""
    lines: list[str] = []
    for index, node in enumerate(nodes):
        if index and isinstance(node, Directive) and node.block is not None:
            previous = nodes[index - 1]
            if not isinstance(previous, Comment):
                lines.append("")
        _write(node, 0, lines)
    return "\n".join(lines) + "\n"


def _write(node: Node, depth: int, lines: list[str]) -> None:
    indent = "    " * depth
    if isinstance(node, Comment):
        lines += [f"{indent}# {_CONTROL.sub(' ', text)}" for text in node.text.splitlines()]
        return
    head = indent + " ".join(_token(token) for token in node.tokens)
    if node.block is None:
        lines.append(f"{head};")
        return
    lines.append(f"{head} {{")
    for child in node.block:
        _write(child, depth + 1, lines)
    lines.append(f"{indent}}}")


def _token(token: Token | Pattern) -> str:
    if isinstance(token, Pattern):
        return _pattern(token.text)
    if isinstance(token, Text):
        return _quote(token.text, variables=True)
    return _quote(fixed(token), variables="$" in token)


@functools.lru_cache(maxsize=4096)
def _quote(text: str, *, variables: bool) -> str:
    if _CONTROL.search(text):
        msg = f"{text!r} cannot be written in nginx's configuration; leave out control characters"
        raise ValueError(msg)
    if _PLAIN.fullmatch(text):
        return text
    if variables and re.fullmatch(r"[\w./:=@()-]*(\$\w+[\w./:=@()-]*)+", text):
        return text
    return _quoted(text)


def _pattern(text: str) -> str:
    if _CONTROL.search(text) or "$" in text:
        msg = f"{text!r} cannot be written as a pattern; its end is \\z"
        raise ValueError(msg)
    # nginx takes \\, \", \', \t, \r and \n for itself and leaves other backslashes alone
    if re.fullmatch(r"(?:[^\s\"'{};#\\]|\\[^\"'\\trn\s{};])+", text):
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
