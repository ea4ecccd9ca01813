"""What a rule is, and how a function becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias

from config.finding import Finding, Severity, Source
from graph.model import StackGraph


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a graph breaks a rule: the place, the fact, the remedy."""

    source: Source
    fact: str
    remedy: str


Check: TypeAlias = Callable[[StackGraph], Iterator[Breach]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its stable id, its family (the module's name), a title, a severity, its function.

    Ids of the incident catalogue (``R01``, ``N07``…) are kept; ids that begin with ``G`` are
    the graph's own. ``also`` lists further catalogue rows that the rule covers. ``absence``: a
    breach is that something is not there, so in a system that could not be read as a whole nobody
    knows of one.
    """

    id: str
    family: str
    title: str
    severity: Severity
    also: tuple[str, ...]
    absence: bool
    check: Check

    def findings(self, graph: StackGraph) -> Iterator[Finding]:
        """Give the findings of this rule in a graph."""
        for breach in self.check(graph):
            yield Finding(
                rule=self.id,
                source=breach.source,
                fact=breach.fact,
                remedy=breach.remedy,
                severity=self.severity,
            )


def rule(
    id_: str,
    *,
    severity: Severity = Severity.ERROR,
    also: tuple[str, ...] = (),
    absence: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of a function that yields breaches; its docstring's first line is the title."""

    def make(function: Check) -> Rule:
        family = function.__module__.rpartition(".")[2]
        title = (function.__doc__ or "").partition("\n")[0].rstrip(".")
        return Rule(
            id=id_,
            family=family,
            title=title,
            severity=severity,
            also=also,
            absence=absence,
            check=function,
        )

    return make


def rules_of(family: ModuleType) -> list[Rule]:
    """Give the rules that a module defines."""
    return [value for value in vars(family).values() if isinstance(value, Rule)]
