"""Errors that a test expects, by file, line and fact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from config.finding import Finding, FindingsError, Severity, Source
from stackgraph_testing.duplicates import DuplicateNamesError

_FINDING: Final = re.compile(r"(?P<file>\S.*?):(?P<line>\d+): (?P<text>.+)")


@dataclass(slots=True)
class Expected:
    """The error that came, once the block is left."""

    text: str = ""
    """All of its message."""
    findings: tuple[Finding, ...] = ()
    """The findings in it; of a program's own error, those that have a file and a line."""


@contextmanager
def expect_error(
    fact: str, *, file: str | None, line: int | None, rule: str | None
) -> Iterator[Expected]:
    """See that what runs within is refused, with a finding as described."""
    import pulumi

    __tracebackhide__ = True
    expected = Expected()
    try:
        yield expected
    except FindingsError as error:
        expected.text, expected.findings = str(error), error.findings
    except (pulumi.RunError, DuplicateNamesError) as error:
        expected.text = str(error).strip()
        expected.findings = tuple(_read(expected.text))
    else:
        raise AssertionError(f"nothing was refused; expected {_told(fact, file, line, rule)}")
    if file is None and line is None and rule is None:
        fits = fact in expected.text
    else:
        fits = any(_fits(each, fact, file, line, rule) for each in expected.findings)
    if not fits:
        wanted = _told(fact, file, line, rule)
        raise AssertionError(f"expected {wanted}; it was refused with\n{expected.text}")


def _fits(
    finding: Finding, fact: str, file: str | None, line: int | None, rule: str | None
) -> bool:
    at = finding.source
    return (
        fact in str(finding)
        and (file is None or f"/{at.file}".endswith(f"/{file}"))
        and line in (None, at.line)
        and rule in (None, finding.rule)
        and finding.severity is Severity.ERROR
    )


def _read(text: str) -> Iterator[Finding]:
    for row in text.splitlines():
        if match := _FINDING.fullmatch(row):
            fact, _, remedy = match["text"].partition("; ")
            source = Source(match["file"], int(match["line"]), "")
            yield Finding(rule="", source=source, fact=fact, remedy=remedy)


def _told(fact: str, file: str | None, line: int | None, rule: str | None) -> str:
    place = ":".join(str(each) for each in (file, line) if each is not None)
    parts = (fact and repr(fact), place and f"at {place}", rule and f"by rule {rule}")
    return " ".join(part for part in parts if part) or "an error"
