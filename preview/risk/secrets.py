"""Secrets: which change, go, are shown, or are given to somebody else. Never what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from preview.change import Change, Operation
from preview.risk import types
from preview.risk.chains import changed_parts
from preview.risk.model import Family, Risk
from preview.risk.situation import Situation, View
from preview.risk.words import listed
from preview.value import MASK, UNKNOWN, Json, holds

_risk = partial(Risk, family=Family.SECRETS)

_MOVING = (Operation.CREATE, Operation.REPLACE, Operation.UPDATE, Operation.IMPORT)


def risks(situation: Situation) -> Iterator[Risk]:
    """Give what happens to secrets: by their names where a system tells them, else by resource."""
    for view in situation.views.values():
        yield from _gone(situation, view)
        yield from _given(situation, view)
    for change in situation.changes.changes:
        if change.type == types.PRIVATE_KEY or change.type.startswith("random:"):
            yield from _made_anew(situation, change)
        elif change.operation in (Operation.UPDATE, Operation.REPLACE):
            yield from _of_resource(situation, change)


def _gone(situation: Situation, view: View) -> Iterator[Risk]:
    gone = sorted(set(view.before.secrets).difference(view.after.secrets))
    if not gone:
        return
    one = len(gone) == 1
    verb, it = ("is", "it is") if one else ("are", "each is")
    # One for all: whoever takes a system down answers once. What it is bound to has every name.
    yield _risk(
        subject=f"secret {gone[0]}" if one else f"secrets {listed(gone)}",
        fact=f"{verb} no longer declared; {it} good where it was issued until it is revoked there",
        urns=situation.system_urns(view.system),
        evidence=tuple(gone),
    )


def _given(situation: Situation, view: View) -> Iterator[Risk]:
    """Tell of secrets that were there, and that somebody gets who did not have them."""
    were: dict[str, set[str]] = {}
    for facts in view.before.services.values():
        for secret in facts.secrets:
            were.setdefault(secret, set()).add(facts.label)
    known = set(view.before.secrets) | set(were)
    renamed = situation.successors
    for name, facts in view.after.services.items():
        for secret in facts.secrets:
            holders = were.get(secret, set())
            if secret not in known or {facts.label, renamed.get(facts.label)} & holders:
                continue
            container = situation.find(types.CONTAINER, name)
            yield _risk(
                subject=f"secret {secret}",
                fact=f"is given to {facts.label}, which did not have it",
                urns=(container.urn,) if container else situation.system_urns(view.system),
                evidence=tuple(sorted(holders)),
            )


def _made_anew(situation: Situation, change: Change) -> Iterator[Risk]:
    if change.operation is Operation.REPLACE:
        yield _risk(
            subject=situation.label(change),
            fact="is made anew: who has the old one is no longer believed",
            urns=(change.urn,),
        )


def _of_resource(situation: Situation, change: Change) -> Iterator[Risk]:
    for each in change.differences:
        top = each.path.partition(".")[0].partition("[")[0]
        if _shown(each.old, each.new):
            if top in _LISTS and not _fewer_secrets(situation, change, top):
                continue
            yield _risk(
                subject=situation.label(change),
                fact=f"shows in {each.path} what was secret",
                urns=(change.urn,),
            )
            return
    tops = {
        top
        for each in change.differences
        if each.old == each.new
        and holds(each.new, MASK)
        and (top := each.path.partition(".")[0].partition("[")[0]) not in _WAYS
    }
    for top in sorted(tops):
        if not _follows(situation, change, top) and not _explained(situation, change, top):
            label, word = situation.label(change), _IN.get(top)
            verb = "get" if label.partition(" ")[0] in _MANY else "gets"
            yield _risk(
                subject=label,
                fact=f"{verb} another secret value" + (f" ({word})" if word else ""),
                urns=(change.urn,),
            )
            return


_IN = {"envs": "environment", "uploads": "files"}
_WAYS = ("connection", "sshOpts", "environment", "triggers")
"""How a command or a provider gets somewhere, which `identity` tells, and what follows from it."""
_MANY = ("users", "files", "environments", "processes")
_LISTS = ("envs", "uploads")
_PARTS: Mapping[str, str] = {"envs": "environment", "uploads": "files"}


def _shown(old: Json, new: Json) -> bool:
    return (
        old == MASK and new is not None and not holds(new, MASK) and not holds(new, UNKNOWN.value)
    )


def _fewer_secrets(situation: Situation, change: Change, top: str) -> bool:
    """Tell whether a list has fewer secrets, and none has gone: its places may only have moved."""
    pair = situation.services.get(change.name)
    if pair and pair.before and pair.after and pair.before.secrets != pair.after.secrets:
        return False
    old = change.old.inputs.get(top) if change.old else None
    new = change.new.inputs.get(top) if change.new else None
    if not isinstance(old, list) or not isinstance(new, list):
        return old == MASK and bool(new)
    return len(new) >= len(old) and _secrets(new) < _secrets(old)


def _secrets(values: list[Json]) -> int:
    return sum(holds(each, MASK) for each in values)


def _follows(situation: Situation, change: Change, top: str) -> bool:
    """Tell whether a secret text is another one because something in it is made anew."""
    states = (state for state in (change.new, change.old) if state)
    for state in states:
        for urn in state.property_dependencies.get(top, ()):
            found = situation.changes.by_urn.get(urn)
            if found and found.operation in _MOVING:
                return True
    return False


def _explained(situation: Situation, change: Change, top: str) -> bool:
    """Tell whether the files say what changes there: then a preview cannot tell of the value."""
    pair = situation.services.get(change.name) if change.type == types.CONTAINER else None
    if pair is None or pair.before is None or pair.after is None:
        return False
    return _PARTS.get(top) in changed_parts(pair.before, pair.after)
