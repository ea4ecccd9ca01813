"""Asks a running stack, for `check --live`: the one place of the command that uses the network.

It stands in `cli` because only somebody's explicit command may ask: no room to the left opens a
connection, and no plan, preview or page does. It asks and times out; what to ask and what the
answers mean is `graph.live`'s, which is pure. Nothing is written, nobody is logged in, and a
machine that is not the stack's is not asked for anything but DNS.
"""

from __future__ import annotations

from collections.abc import Sequence

from cli.output import note
from config.finding import Finding, ordered
from graph.model import StackGraph

__all__ = ["add_live"]


def add_live(
    findings: Sequence[Finding], graph: StackGraph, resolver: str | None, addresses: Sequence[str]
) -> tuple[tuple[Finding, ...], bool]:
    """Add what a running stack answers to the findings; tell whether anything answered at all."""
    from cli.live.run import LiveOptions, live_report

    report = live_report(graph, LiveOptions(resolver=resolver, addresses=addresses))
    for text in report.notes:
        note(f"note: {text}")
    if not report.asked:
        note(f"stack {graph.stack} has no names in public DNS to ask for; see --stack prod")
    else:
        note(f"{report.answered} of {report.asked} names answered")
    return ordered([*findings, *report.findings]), bool(report.answered)
