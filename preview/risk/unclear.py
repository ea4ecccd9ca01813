"""What nobody can tell from a preview: a line each, with a remedy where there is one."""

from __future__ import annotations

from collections.abc import Iterator

from preview.change import Change, Operation
from preview.risk import reach, types
from preview.risk.situation import ENDING, Situation
from preview.risk.types import Nature, nature
from preview.urn import split


def unclear(situation: Situation) -> Iterator[str]:
    """Give why something of a change cannot be told."""
    for change in situation.changes.changes:
        for reason in change.uncertain:
            yield f"{situation.label(change)}: {reason}"
    for urn, reasons in situation.changes.doubtful.items():
        yield from (f"{split(urn).name}: {reason}" for reason in reasons)
    if situation.changes.unconnected and any(_ends(each) for each in situation.changes.changes):
        yield (
            "no resource tells what it depends on, so not what goes down with another; "
            "give what `pulumi preview --json --show-sames` writes, not an event log"
        )
    yield from _silent(situation)
    yield from reach.undecided(situation)
    for change in situation.changes.changes:
        if _ends(change) and nature(change.type) is Nature.UNKNOWN:
            verb = "replaced" if change.operation is Operation.REPLACE else "deleted"
            yield f"{situation.label(change)} is {verb}: whether it holds data is not known"


def _ends(change: Change) -> bool:
    return change.operation in ENDING and change.state is not None and change.state.custom


def _silent(situation: Situation) -> Iterator[str]:
    """Tell of systems that change, and of which one side or the whole does not tell."""
    changes = situation.changes
    silent = sorted(name for name, meaning in changes.systems.items() if meaning.silent)
    touched = [
        each
        for each in changes.changes
        if types.shared(each.urn) and each.operation in ENDING and not situation.told(each)
    ]
    others = [each for each in touched if not _within(each.name, silent)]
    for name in silent:
        if any(_within(each.name, [name]) or each.name == name for each in changes.changes):
            yield (
                f"system {name}: what is deployed does not tell what it means; deploy it once with "
                "this version, then changes of it can be judged"
            )
    if others:
        yield (
            f"{situation.label(others[0])}: the preview does not show its system; make it with "
            "--show-sames"
        )


def _within(name: str, systems: list[str]) -> bool:
    return any(name == each or name.startswith(f"{each}-") for each in systems)
