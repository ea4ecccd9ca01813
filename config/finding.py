"""Findings: what the loader and the rules report, in one shape and one wording."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: an ``error`` stops a deploy, a ``warning`` does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in a file the user wrote: ``file``, 1-based ``line``, and the key ``path`` in it."""

    file: str
    line: int
    path: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}" if self.path else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem: where it is, the fact, and the remedy. Its text never holds a secret."""

    rule: str
    source: Source
    fact: str
    remedy: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.source}: {self.fact}; {self.remedy}"


class FindingsError(Exception):
    """Input that cannot be used: carries all findings, sorted, never only the first."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = ordered(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by place, then rule, then text, without duplicates."""
    return tuple(sorted(set(findings), key=lambda f: (f.source, f.rule, f.fact, f.remedy)))


def one_of(name: str, valid: Collection[str]) -> str:
    """Say which values are valid, the nearest one first: the remedy for a wrong name."""
    if not valid:
        return "none is declared"
    near = difflib.get_close_matches(name, valid, n=1)
    listed = ", ".join(sorted(valid))
    return f"did you mean {near[0]!r}? valid: {listed}" if near else f"valid: {listed}"
