"""Cuts an indented document into its steps, so that it is never in memory as a whole.

Pulumi and `stackgraph plan` indent what they write, and a JSON text has no line break of its own.
So a line that is a brace, indented twice, ends a step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from preview.reading.parse import AGAIN, CUT_OFF
from preview.reading.source import Text

_INDENTED: Final = re.compile(rb"\s*\{\r?\n([ \t]+)\"")


class Frame:
    """An indented document: its steps one after the other, then what is beside them."""

    def __init__(self, text: Text, head: bytes, indent: bytes) -> None:
        """Begin with what was read already, and the indent of the outermost keys."""
        self._text = text
        self._buffer = head
        self._start = re.compile(rb"\n" + indent + rb'"steps": \[\r?\n')
        # Three times as fast as `find`, which stumbles over indents.
        self._end = re.compile(rb"\n" + indent * 2 + rb"\}")
        self._before = b""

    @staticmethod
    def indent_of(head: bytes) -> bytes | None:
        """The indent of a document that begins so; None if it isn't indented."""
        found = _INDENTED.match(head)
        return found[1] if found else None

    def steps(self) -> Iterator[bytes]:
        """The JSON text of each step.

        Raises:
            ValueError: It ends within one; `fact; remedy`.
        """
        while not (found := self._start.search(self._buffer)):
            if not self._more():
                return
        self._before = self._buffer[: found.end()]
        at = found.end()
        while True:
            end = self._end.search(self._buffer, at)
            if end is None or end.end() == len(self._buffer):
                self._buffer = self._buffer[at:]
                at = 0
                if not self._more():
                    raise ValueError(f"{CUT_OFF}; {AGAIN}")
                continue
            yield self._buffer[at : end.end()]
            at = end.end() + 1
            if self._buffer[end.end() : at] != b",":
                self._buffer = self._buffer[end.end() :]
                return

    def rest(self) -> bytes:
        """What is beside the steps, as a document that has none."""
        while self._more():
            pass
        return self._before + self._buffer

    def _more(self) -> bool:
        block = self._text.read()
        self._buffer += block
        return bool(block)
