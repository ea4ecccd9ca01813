"""Data: what is lost, or left behind where nothing uses it any more."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from graph.summary.model import HostFacts, ServiceFacts
from preview.change import Change, Operation
from preview.risk import types
from preview.risk.chains import chain, own
from preview.risk.model import Family, Risk
from preview.risk.mounts import Mount, changed_mounts, fate, mounts_of
from preview.risk.situation import ENDING, Pair, Situation
from preview.risk.stores import doubts
from preview.risk.types import Nature, nature
from preview.risk.words import listed, number, plain

_risk = partial(Risk, family=Family.DATA)

REFUSED = "; it is protected, so the engine refuses as long as it is"


def risks(situation: Situation) -> Iterator[Risk]:
    """Give what may lose data: machines, services, volumes, and what others keep data in."""
    machines = {
        change.urn: change
        for change in situation.changes.changes
        if change.operation in ENDING and nature(change.type) is Nature.MACHINE
    }
    for change in machines.values():
        yield _machine(situation, change, situation.hosts.get(change.name))
    told: set[str] = set()
    for pair in situation.services.values():
        yield from _of_service(situation, pair, told)
    for change in situation.of_type(types.VOLUME):
        if change.operation in ENDING and change.name not in told:
            yield from _volume(situation, change)
    for change in situation.changes.changes:
        if change.type != types.VOLUME and nature(change.type) is Nature.DATA:
            yield from _foreign(situation, change)


def protected(change: Change) -> str:
    """Say that the engine refuses, where it does."""
    return REFUSED if change.old is not None and change.old.protect else ""


def _machine(situation: Situation, change: Change, host: Pair[HostFacts] | None) -> Risk:
    lost: list[str] = []
    if host is not None and host.before is not None:
        services = situation.views[host.system].before.services.values()
        lost = list(
            dict.fromkeys(
                each.label
                for facts in services
                if facts.host == host.before.label
                for each in mounts_of(facts)
                if each.writes and not each.disposable
            )
        )
    verb = {Operation.REPLACE: "is replaced", Operation.DELETE: "is deleted"}.get(change.operation)
    if verb is None:
        fact = "is no longer managed; it runs on, with all that is on its disk"
    elif lost:
        fact = f"{verb}, with its disk: {listed(lost)} {number(len(lost), 'is', 'are')} lost"
    else:
        fact = f"{verb}, with its disk"
    return _risk(
        subject=situation.label(change),
        fact=fact + protected(change),
        chain=chain(situation, change),
        urns=(change.urn,),
        evidence=tuple(lost),
    )


def _of_service(situation: Situation, pair: Pair[ServiceFacts], told: set[str]) -> Iterator[Risk]:
    before, after = pair.before, pair.after
    if before is None or after is None:
        return
    container = situation.find(types.CONTAINER, pair.name)
    urns = (container.urn,) if container else situation.system_urns(pair.system)
    if situation.moved(pair):
        yield from _moved(situation, pair, before, after, told)
    else:
        known = situation.mounted_before
        for mount, fact, successor in changed_mounts(before, after, known):
            change = situation.find(types.VOLUME, mount.name) if mount.volume else None
            if change is not None and change.operation is not Operation.REPLACE:
                told.add(mount.name)
            more = fate(mount, successor, change, before.host) + (
                protected(change) if change else ""
            )
            yield _risk(
                subject=before.label,
                fact=f"{fact}{more}{_excuse(mount)}",
                urns=(*urns, *([change.urn] if change else ())),
                evidence=(f"before: {mount.label}", f"after: {successor}"),
            )
    for fact in doubts(before, after):
        yield _risk(
            subject=before.label,
            fact=fact,
            urns=urns,
            evidence=(f"image: {before.image} > {after.image}",),
        )
    for database in sorted(set(before.databases).difference(after.databases)):
        yield _risk(
            subject=f"database {database}",
            fact=f"is no longer declared; it stays in {before.label}, and nothing uses or saves it",
            urns=situation.system_urns(pair.system),
        )


def _moved(
    situation: Situation,
    pair: Pair[ServiceFacts],
    before: ServiceFacts,
    after: ServiceFacts,
    told: set[str],
) -> Iterator[Risk]:
    """Tell of a service on another host: what it has written does not come along."""
    written = [each for each in mounts_of(before) if each.writes]
    if not written:
        return
    for mount in written:
        if mount.volume:
            told.add(mount.name)
    names = listed(each.label for each in written)
    kept = number(len(written), "stays", "stay")
    reasons = [each for each in written if each.disposable]
    excuse = _excuse(reasons[0]) if len(reasons) == len(written) else ""
    found = [situation.find(types.VOLUME, each.name) for each in written if each.volume]
    container = situation.find(types.CONTAINER, pair.name)
    yield _risk(
        subject=before.label,
        fact=f"starts without data on {after.host}; {names} {kept} on {before.host}{excuse}",
        urns=tuple(
            dict.fromkeys(
                (
                    *(each.urn for each in (container, *found) if each),
                    *situation.system_urns(pair.system),
                )
            )
        ),
        evidence=tuple(each.label for each in written),
    )


def _excuse(mount: Mount) -> str:
    return f" (no backup needed, says its owner: {mount.disposable})" if mount.disposable else ""


def _volume(situation: Situation, change: Change) -> Iterator[Risk]:
    if situation.machine_of(change.old):
        return  # it goes with the machine, where it is told
    if (
        change.name.endswith("-config")
        and change.name.removesuffix("-config") in situation.ingresses
    ):
        return  # the proxy's configuration, which every deployment writes
    mount, host = situation.mounted_before.get(change.name, (None, ""))
    where = f" on {host}" if host else ""
    retained = change.old is not None and change.old.retain_on_delete
    if change.operation is Operation.FORGET:
        fact = f"is no longer managed; its data stays{where}, and nothing uses it"
    elif change.operation is Operation.DELETE:
        fact = "is deleted, with what it holds"
    else:
        old, new = _name(change.old and change.old.inputs), _name(change.new and change.new.inputs)
        renamed = bool(old and new and old != new)
        anew = f"gives way to {new}, which is empty" if renamed else "is made anew"
        if not retained:
            fact = f"{anew}; what it holds is lost"
        elif renamed:
            fact = f"{anew}; its data stays in {old}{where}, and nothing uses it"
        else:
            fact = f"{anew}; as it is retained, Docker finds the old one, with its old settings"
    reason = own(situation, change)
    yield _risk(
        subject=situation.label(change),
        fact=f"{fact}{_excuse(mount) if mount else ''}{protected(change)}",
        chain=chain(situation, change) if change.operation is Operation.REPLACE else (),
        urns=(change.urn,),
        evidence=(reason,) if reason else (),
    )


def _name(inputs: object) -> str | None:
    return plain(inputs.get("name")) if isinstance(inputs, dict) else None


def _foreign(situation: Situation, change: Change) -> Iterator[Risk]:
    """Tell of what holds data by its type: buckets, databases, disks."""
    facts = {
        Operation.REPLACE: "is replaced; what it holds is lost",
        Operation.DELETE: "is deleted, with what it holds",
        Operation.FORGET: "is no longer managed; its data stays, and nothing here uses it",
    }
    if change.operation in facts:
        retained = change.old is not None and change.old.retain_on_delete
        fact = facts[change.operation]
        if change.operation is Operation.REPLACE and retained:
            fact = "gives way to another one, which is empty; its data stays where it is"
        yield _risk(
            subject=situation.label(change),
            fact=fact + protected(change),
            chain=chain(situation, change),
            urns=(change.urn,),
        )
