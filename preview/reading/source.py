"""Where a change is read from, as a stream of UTF-8: a file, standard input, or bytes."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias

from preview.reader import REMEDY

Source: TypeAlias = Path | Literal["-"] | bytes

LARGEST: Final = 1024**3
"""Bytes that are read at most: about 40,000 replaced containers, each with both its states."""
BLOCK: Final = 1 << 22

_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_FOREIGN: Final = {
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"PK\x03\x04": "is a zip archive; unpack it first",
}


def name_of(source: Source) -> str:
    """What messages call it."""
    if isinstance(source, bytes):
        return "preview"
    return "standard input" if source == "-" else str(source)


@contextmanager
def opened(source: Source) -> Iterator[Text]:
    """Open it for reading.

    Raises:
        ValueError: There is no such file, or it can't be one of ours; `fact; remedy`.
    """
    if isinstance(source, bytes):
        yield Text(BytesIO(source))
    elif source == "-":
        yield Text(sys.stdin.buffer)
    else:
        try:
            stream = Path(source).open("rb")  # noqa: SIM115 — closed below
        except OSError as error:
            fact = (error.strerror or "can't be opened").lower()
            raise ValueError(f"{fact}; {REMEDY}") from None
        with stream:
            yield Text(stream)


@dataclass(slots=True)
class Text:
    """A stream of text as UTF-8, without a byte order mark. PowerShell's `>` writes UTF-16."""

    _stream: BinaryIO
    _decoder: codecs.IncrementalDecoder | None = None
    _read: int = 0

    def read(self) -> bytes:
        """The next block; empty at the end.

        Raises:
            ValueError: It is too large, or no text; `fact; remedy`.
        """
        first = self._read == 0
        block = self._stream.read(BLOCK)
        self._read += len(block)
        if self._read > LARGEST:
            limit = LARGEST >> 30
            raise ValueError(
                f"is larger than {limit} GiB; leave --show-sames out, or --target less"
            )
        if first:
            block = self._recognised(block)
        if self._decoder is None:
            return block
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            raise ValueError(f"is no text; {REMEDY}") from None
        # An odd byte may be left over, which is not the end.
        return text.encode() if text or not block else self.read()

    def _recognised(self, block: bytes) -> bytes:
        for magic, problem in _FOREIGN.items():
            if block.startswith(magic):
                raise ValueError(problem)
        for mark, encoding in _MARKS.items():
            if block.startswith(mark):
                if encoding != "utf-8":
                    self._decoder = codecs.getincrementaldecoder(encoding)()
                return block[len(mark) :]
        if block[:1] in b"{[" and block[1:2] == b"\0":
            self._decoder = codecs.getincrementaldecoder("utf-16-le")()
        elif b"\0" in block[:1000]:
            raise ValueError(f"is no text; {REMEDY}")
        return block
