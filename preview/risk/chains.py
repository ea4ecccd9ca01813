"""Why something happens, from the first cause to the effect: a sentence each.

They are made of what the files say. What a provider adds, what only a deployment tells and what is
secret is in none, so that an offline plan and a real preview give the same.
"""

from __future__ import annotations

from graph.summary.model import ServiceFacts
from preview.change import Change, Operation
from preview.difference import Difference
from preview.risk import types
from preview.risk.situation import Situation
from preview.risk.words import listed, plain

_VERBS = {
    Operation.CREATE: "is created",
    Operation.IMPORT: "is adopted",
    Operation.UPDATE: "changes",
    Operation.REPLACE: "is replaced",
    Operation.DELETE: "is deleted",
    Operation.FORGET: "is no longer managed",
    Operation.READ: "is read",
    Operation.SAME: "stays",
}

_WORDS = {
    "envs": "environment",
    "uploads": "files",
    "mounts": "mounts",
    "healthcheck": "health check",
    "networksAdvanced": "networks",
    "ports": "published ports",
    "capabilities": "rights",
    "securityOpts": "rights",
    "readOnly": "rights",
    "user": "rights",
    "labels": "labels",
    "command": "command",
    "entrypoints": "command",
    "stdin": "script",
    "ipamConfigs": "addresses",
    "sshOpts": "SSH options",
    "driverOpts": "options",
}

_LEAVES = {"ipRange": "range of addresses", "sourceIp": "source"}

_OURS = frozenset({"name"})
"""Inputs that a provider makes up, where the program leaves them out."""


def chain(situation: Situation, change: Change) -> tuple[str, ...]:
    """Give what leads to a change: the first cause first, last what it has of its own."""
    sentences: list[str] = []
    seen: set[str] = set()
    found: Change | None = change
    while found is not None and found.urn not in seen:
        seen.add(found.urn)
        sentence = own(situation, found)
        if sentence is not None:
            sentences.append(sentence)
        causes = [each for each in situation.changes.causes(found) if each.urn not in seen]
        # What is only made or adjusted on the way there is no cause of an end.
        found = next((each for each in causes if each.operation is Operation.REPLACE), None)
    return tuple(reversed(sentences))


def own(situation: Situation, change: Change) -> str | None:
    """Say what changes in a resource itself; None where nothing does that the files tell."""
    label = situation.label(change)
    pair = situation.services.get(change.name) if change.type == types.CONTAINER else None
    if pair and pair.before and pair.after:
        said = told(pair.before, pair.after)
        if said:
            return f"{label}: {said}"
    said = "; ".join(differing(change))
    if not said:
        return None
    return f"{label} {_VERBS[change.operation]}: {said}"


def told(before: ServiceFacts, after: ServiceFacts) -> str:
    """Say what a service is made from anew."""
    parts = []
    if before.host != after.host:
        parts.append(f"it moves from {before.host} to {after.host}")
    if before.image != after.image and before.image and after.image:
        parts.append(f"its image {before.image} becomes {after.image}")
    if changed := changed_parts(before, after):
        one = len(changed) == 1 and not changed[0].endswith("s")
        parts.append(f"its {listed(changed)} {'changes' if one else 'change'}")
    return "; ".join(parts)


def changed_parts(before: ServiceFacts, after: ServiceFacts) -> tuple[str, ...]:
    """Give what a service is made from and is not the same."""
    words = sorted({*before.parts, *after.parts})
    return tuple(word for word in words if before.parts.get(word) != after.parts.get(word))


def evidence_of(before: ServiceFacts | None, after: ServiceFacts | None) -> tuple[str, ...]:
    """Give what an acceptance is bound to when a service is made anew."""
    if before is None or after is None:
        return tuple(f"{each.label}: {each.image}" for each in (before, after) if each)
    found = [
        f"{word}: {before.parts.get(word, '')} > {after.parts.get(word, '')}"
        for word in changed_parts(before, after)
    ]
    return (f"image: {before.image} > {after.image}", *found)


def differing(change: Change, most: int = 3) -> list[str]:
    """Say what inputs of a resource change; what may not be shown, only that it does."""
    found: dict[str, None] = {}
    for each in change.differences:
        if each.path not in _OURS or _says_its_name(change):
            found.setdefault(_said(each))
    sentences = list(found)
    if len(sentences) > most:
        return [*sentences[:most], f"{len(sentences) - most} more changes"]
    return sentences


def _says_its_name(change: Change) -> bool:
    for state in (change.old, change.new):
        if state is None or "name" not in state.inputs:
            return False
        if "name" in (state.inputs.get("__defaults") or ()):
            return False
    return True


def _said(difference: Difference) -> str:
    top = difference.path.partition(".")[0].partition("[")[0]
    leaf = difference.path.rpartition(".")[2].partition("[")[0]
    old, new = plain(difference.old), plain(difference.new)
    if top in ("envs", "uploads", "stdin", "triggers", "environment", "mounts") or None in (
        old,
        new,
    ):
        return f"its {_WORDS.get(top, _split(top))} {_changes(top)}"
    return f"its {_LEAVES.get(leaf) or _WORDS.get(leaf) or _split(leaf)} {old} becomes {new}"


def _changes(top: str) -> str:
    word = _WORDS.get(top, top)
    return "change" if word.endswith("s") and not word.endswith("ss") else "changes"


def _split(name: str) -> str:
    """Write a property's name as words: ``userData`` is ``user data``."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
