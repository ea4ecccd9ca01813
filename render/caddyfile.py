"""Caddyfile syntax: a small tree, and the one place where it is quoted and written.

Grammar: https://caddyserver.com/docs/caddyfile/concepts (tokens, quotes, blocks).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PLAIN = re.compile(r"[^\s\"`{}#\\<]+|\{[\w.:/*-]+\}")
_PLACEHOLDER = re.compile(r"\{[\w.:/*-]+\}")


@dataclass(frozen=True, slots=True)
class Directive:
    """A line of tokens, and what stands in the braces behind it (None: no braces)."""

    tokens: tuple[str, ...]
    block: tuple[Directive | Comment, ...] | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that Caddy does not read."""

    text: str


def line(*tokens: str) -> Directive:
    """Make a directive without a block."""
    return Directive(tokens)


def block(*tokens: str, of: Sequence[Directive | Comment]) -> Directive:
    """Make a directive with a block."""
    return Directive(tokens, tuple(of))


def marshal(directives: Sequence[Directive | Comment]) -> str:
    """Write directives as a Caddyfile, formatted as ``caddy fmt`` does."""
    lines: list[str] = []
    for index, directive in enumerate(directives):
        if index and isinstance(directive, Directive):
            previous = directives[index - 1]
            if not isinstance(previous, Comment):
                lines.append("")
        _write(directive, 0, lines)
    return "\n".join(lines) + "\n"


def _write(directive: Directive | Comment, depth: int, lines: list[str]) -> None:
    if isinstance(directive, Comment):
        lines += ["\t" * depth + f"# {text}" for text in directive.text.splitlines()]
        return
    head = "\t" * depth + " ".join(_quote(token) for token in directive.tokens)
    if directive.block is None:
        lines.append(head)
        return
    lines.append(f"{head} {{" if directive.tokens else "\t" * depth + "{")
    for child in directive.block:
        _write(child, depth + 1, lines)
    lines.append("\t" * depth + "}")


def _quote(token: str) -> str:
    if _PLAIN.fullmatch(token):
        return token
    braces = set("{}") & set(_PLACEHOLDER.sub("", token))
    if braces or ("`" in token and "\\" in token):
        msg = f"{token!r} cannot be written in a Caddyfile; braces belong to placeholders"
        raise ValueError(msg)
    if '"' not in token and "\\" not in token:
        return f'"{token}"'
    # Between backquotes nothing is special; in double quotes a backslash escapes only them.
    if "`" not in token:
        return f"`{token}`"
    return '"' + token.replace('"', '\\"') + '"'
