"""Case files: the inputs of a test and the text it expects, side by side in one file.

A file is a sentence on what it shows, options (``name: value``), an empty line, and sections
``-- name --`` with the lines of a file each. What a test says is in the sections that
`Case.expect` names; ``--update-golden`` writes them, nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"^-- (?P<name>.+) --\n", re.MULTILINE)
_OPTION = re.compile(r"^(?P<name>[a-z]+): (?P<value>.+)$", re.MULTILINE)
ESCAPED = " (escaped)"
"""Ends the name of a section whose bytes are written as in a Python string."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case file: its options and its sections by name."""

    file: Path
    head: str
    sections: Mapping[str, str]

    def __str__(self) -> str:
        return self.file.stem

    @property
    def options(self) -> dict[str, str]:
        """The options above the first section."""
        return {match["name"]: match["value"] for match in _OPTION.finditer(self.head)}

    def inputs(self, *expected: str) -> Iterator[tuple[str, bytes]]:
        """Give the files it holds, all but the ``expected`` sections."""
        for name, text in self.sections.items():
            if name.endswith(ESCAPED):
                raw = text.strip("\n").encode("latin-1").decode("unicode_escape")
                yield name.removesuffix(ESCAPED), raw.encode("latin-1")
            elif not name.startswith(expected):
                yield name, text.encode()

    def expect(self, found: Mapping[str, str], *, update: bool) -> None:
        """Compare the expected sections with what was found; or write them."""
        expected = {name: text for name, text in self.sections.items() if name in found}
        if update:
            kept = {n: t for n, t in self.sections.items() if not n.startswith(_kinds(found))}
            whole = "".join(f"-- {name} --\n{text}" for name, text in {**kept, **found}.items())
            self.file.write_text(self.head + whole, encoding="utf-8")
        else:
            assert found == expected, f"{self.file}: run pytest with --update-golden if it is right"


def _kinds(found: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name.partition(" ")[0] for name in found)


def read_case(file: Path) -> Case:
    """Read a case file."""
    head, *parts = _SECTION.split(file.read_text(encoding="utf-8"))
    names, texts = parts[::2], parts[1::2]
    assert len(set(names)) == len(names), f"{file}: two sections have one name"
    return Case(file, head, dict(zip(names, texts, strict=True)))


def cases(folder: Path) -> list[Case]:
    """Read the case files of a folder."""
    files = sorted(folder.glob("*.txt"))
    assert files, f"{folder} holds no cases"
    return [read_case(file) for file in files]
