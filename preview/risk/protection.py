"""Weaker protection: a guard that goes, a grant that comes, an option that no longer keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from graph.summary.guards import KEEPS
from graph.summary.limits import limit_of
from preview.change import Change, Operation
from preview.difference import Difference
from preview.risk import types
from preview.risk.model import Family, Risk
from preview.risk.situation import Situation, View
from preview.risk.words import plain

_risk = partial(Risk, family=Family.PROTECTION)


def risks(situation: Situation) -> Iterator[Risk]:
    """Give what protects less than before, of what is still there, and what may do more."""
    for view in situation.views.values():
        yield from _guards(situation, view)
        yield from _grants(situation, view)
    for change in (*situation.changes.changes, *situation.changes.options):
        yield from _options(situation, change)
        if not (change.type == types.SETTING and situation.told(change)):
            yield from _inputs(situation, change)


def _guards(situation: Situation, view: View) -> Iterator[Risk]:
    for subject, before in view.before.guards.items():
        after = view.after.guards.get(subject)
        if after is None:
            continue  # it is not there any more
        came = [each for each in after if each not in before]
        for guard in before:
            if guard in after:
                continue
            successor = _successor(guard, came)
            if successor is None:
                fact, now = f"loses protection: {guard}", ""
            else:
                limits = limit_of(guard), limit_of(successor)
                if limits[0] and limits[1] and limits[1][1] <= limits[0][1]:
                    continue  # it lets less pass
                fact, now = f"loses protection: {successor}; before, {guard}", successor
            yield _risk(
                subject=subject,
                fact=fact,
                urns=situation.system_urns(view.system),
                evidence=(f"before: {guard}", f"after: {now}"),
            )


def _successor(guard: str, came: list[str]) -> str | None:
    """Give the guard that has come in the place of one: the same limit, or the same rule."""
    limit = limit_of(guard)
    if limit is not None:
        return next((each for each in came if (new := limit_of(each)) and new[0] == limit[0]), None)
    if guard.startswith("rule "):
        stem = guard.partition(":")[0] + ":"
        return next((each for each in came if each.startswith(stem)), None)
    return None


def _grants(situation: Situation, view: View) -> Iterator[Risk]:
    for subject, after in view.after.grants.items():
        before = view.before.grants.get(subject, ())
        new = subject not in view.before.guards
        for grant in after:
            if grant not in before and not (new and grant.startswith(KEEPS)):
                yield _risk(
                    subject=subject,
                    fact=f"may do more: {grant}",
                    urns=situation.system_urns(view.system),
                    evidence=(f"after: {grant}",),
                )


def _options(situation: Situation, change: Change) -> Iterator[Risk]:
    """Tell of options of a resource that stays, which no longer keep it from harm."""
    old, new = change.old, change.new
    if old is None or new is None or (change.type == types.VOLUME and situation.told(change)):
        return
    facts = []
    if old.protect and not new.protect:
        facts.append("is no longer protected from being deleted (protect)")
    if old.retain_on_delete and not new.retain_on_delete:
        facts.append("is no longer kept when it is removed from the program (retainOnDelete)")
    more = sorted(set(new.ignore_changes).difference(old.ignore_changes))
    if more and not situation.told(change):
        facts.append(f"is no longer corrected in {', '.join(more)} (ignoreChanges)")
    for fact in facts:
        yield _risk(subject=situation.label(change), fact=fact, urns=(change.urn,))


_ON: Final = frozenset(
    {"encrypted", "storageEncrypted", "deletionProtection", "deletionProtectionEnabled"}
    | {"disableApiTermination", "disableApiStop", "blockPublicAcls", "blockPublicPolicy"}
    | {"ignorePublicAcls", "restrictPublicBuckets", "multiFactorAuthDelete"}
    | {"enableKeyRotation", "isPvEncryptionInTransitEnabled", "readOnly", "internal"}
)
"""Inputs that protect where they are true, whatever the type of the resource."""

_OFF: Final = frozenset({"privileged", "skipFinalSnapshot", "forceDestroy", "forceDelete"})
"""Inputs that protect where they are not true."""

_GRADES: Final[Mapping[str, tuple[str, ...]]] = {
    "httpTokens": ("optional", "required"),
    "ssl": ("off", "flexible", "full", "strict"),
    "min_tls_version": ("1.0", "1.1", "1.2", "1.3"),
    "always_use_https": ("off", "on"),
    "tls_client_auth": ("off", "on"),
    "security_level": ("off", "essentially_off", "low", "medium", "high", "under_attack"),
}
"""Values from the weakest on: of inputs, and of a zone's settings by Cloudflare's ids."""


def _inputs(situation: Situation, change: Change) -> Iterator[Risk]:
    if change.operation not in (Operation.UPDATE, Operation.REPLACE):
        return
    skip = situation.told(change) and change.type in (types.CONTAINER, types.NETWORK)
    for each in () if skip else change.differences:
        if _weaker(change, each):
            leaf = each.path.rpartition(".")[2]
            if change.type == types.SETTING and change.new:
                leaf = str(change.new.inputs.get("settingId"))
            old, new = plain(each.old) or "not set", plain(each.new) or "not set"
            yield _risk(
                subject=situation.label(change),
                fact=f"loses protection: {leaf} is {new}, and was {old}",
                urns=(change.urn,),
                evidence=(f"{each.path}: {old} > {new}",),
            )


def _weaker(change: Change, difference: Difference) -> bool:
    leaf = difference.path.rpartition(".")[2].partition("[")[0]
    if leaf in _ON:
        return difference.old is True and difference.new is not True
    if leaf in _OFF:
        return difference.new is True and difference.old is not True
    if change.type == types.SETTING and leaf == "value" and change.new:
        leaf = str(change.new.inputs.get("settingId"))
    grades = _GRADES.get(leaf)
    if grades is None or difference.old not in grades:
        return False
    return difference.new not in grades or grades.index(difference.new) < grades.index(
        difference.old
    )
