"""Identity: a host, address, name, service or certificate that is another one than before."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import partial

from graph.summary.model import HostFacts
from preview.change import Change, Operation
from preview.risk import types
from preview.risk.chains import chain
from preview.risk.model import Family, Risk
from preview.risk.situation import ENDING, Pair, Situation, View
from preview.risk.words import listed, plain

_risk = partial(Risk, family=Family.IDENTITY)


def risks(situation: Situation) -> Iterator[Risk]:
    """Give what others know by a name, an address or a key, and is another one."""
    for pair in situation.hosts.values():
        yield from _host(situation, pair)
    for view in situation.views.values():
        yield from _services(situation, view)
        yield from _routes(situation, view)
        yield from _names(situation, view)
        yield from _certificates(situation, view)
    for change in situation.changes.changes:
        yield from _resource(situation, change)


def _host(situation: Situation, pair: Pair[HostFacts]) -> Iterator[Risk]:
    before, after = pair.before, pair.after
    if before is None:
        return
    subject = f"host {before.label}"
    machine = next((each for t in types.INSTANCES if (each := situation.find(t, pair.name))), None)
    urns = (*([machine.urn] if machine else ()), *situation.system_urns(pair.system))
    if after is None:
        yield _risk(subject=subject, fact="is no longer described", urns=urns)
        return
    facts = []
    if machine and machine.operation is Operation.REPLACE:
        known = after.address or before.address
        facts.append(
            "is another machine" + ("" if known else ", with another address and host key")
        )
    keys = (_fingerprint(before.host_key), _fingerprint(after.host_key))
    for word, old, new in (
        ("kind", before.kind, after.kind),
        ("platform", before.platform, after.platform),
        ("address", before.address, after.address),
        ("SSH host key", *keys),
        ("provisioner", before.managed_by, after.managed_by),
    ):
        if old != new:
            facts.append(f"has another {word}: {new or 'none'}, and had {old or 'none'}")
    for fact in facts:
        yield _risk(
            subject=subject,
            fact=fact,
            chain=chain(situation, machine) if machine and fact == facts[0] else (),
            urns=urns,
        )


def _fingerprint(key: str) -> str:
    """Give a public key as ``ssh-keygen -l`` shows it."""
    try:
        digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    except (IndexError, ValueError):
        return key
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _services(situation: Situation, view: View) -> Iterator[Risk]:
    """Tell of services that go, are called otherwise, or run elsewhere."""
    stay = {facts.label for facts in view.after.services.values()}
    apps = {label.partition("/")[0] for label in stay}
    gone: dict[str, list[tuple[str, str]]] = {}
    successors = {old: new for new, old in situation.successors.items()}
    for name, facts in view.before.services.items():
        after = view.after.services.get(name)
        if after is not None and situation.moved(Pair(view.system, name, facts, after)):
            yield _risk(
                subject=facts.label,
                fact=f"runs on {after.host}, and ran on {facts.host}",
                urns=_urns(situation, view, name),
            )
        if facts.label in stay:
            continue
        if facts.label in successors:
            yield _risk(
                subject=facts.label,
                fact=f"goes; {successors[facts.label]} takes its place, under another name",
                urns=_urns(situation, view, name),
            )
            continue
        app = facts.label.partition("/")[0]
        gone.setdefault(facts.label if app in apps else f"app {app}", []).append(
            (name, facts.label)
        )
    for subject, services in sorted(gone.items()):
        whole = subject.startswith("app ") and "/" in services[0][1]
        labels = listed(label for _, label in services)
        yield _risk(
            subject=subject if whole else services[0][1],
            fact=f"goes, with {labels}" if whole else "goes",
            urns=tuple(urn for name, _ in services for urn in _urns(situation, view, name)),
            evidence=tuple(label for _, label in services),
        )


def _urns(situation: Situation, view: View, name: str) -> tuple[str, ...]:
    container = situation.find(types.CONTAINER, name)
    return (container.urn,) if container else situation.system_urns(view.system)


def _routes(situation: Situation, view: View) -> Iterator[Risk]:
    for address, before in view.before.routes.items():
        after = view.after.routes.get(address)
        if after is None:
            fact = "is no longer served"
        elif after.to != before.to and situation.successors.get(after.to) != before.to:
            fact = f"leads to {after.to or 'a redirect'}, and led to {before.to or 'a redirect'}"
        elif after.ingress != before.ingress and before.ingress and not after.ingress:
            fact = "is no longer served by anybody here"
        else:
            continue
        ingress = situation.command(f"{before.ingress}-routes")
        yield _risk(
            subject=address,
            fact=fact,
            urns=(*([ingress.urn] if ingress else ()), *situation.system_urns(view.system)),
        )


def _names(situation: Situation, view: View) -> Iterator[Risk]:
    """Tell of DNS names; those of routes that go are told with the route."""
    routed = {
        each.partition("/")[0] for each in view.before.routes if each not in view.after.routes
    }
    for name, host in view.before.names.items():
        now = view.after.names.get(name)
        if now == host or (now is None and name in routed):
            continue
        other = next(
            (
                each.system
                for each in situation.views.values()
                if each is not view and name in each.after.names
            ),
            None,
        )
        if now is not None:
            fact = f"leads to {now}, and led to {host}"
        elif other is not None:
            fact = f"leads to a host of {other}, and led to {host}"
        else:
            fact = f"leads nowhere, and led to {host}"
        yield _risk(subject=name, fact=fact, urns=situation.system_urns(view.system))


def _certificates(situation: Situation, view: View) -> Iterator[Risk]:
    for name, before in view.before.ingresses.items():
        after = view.after.ingresses.get(name)
        if after is not None and after.certificates != before.certificates:
            yield _risk(
                subject=f"the proxy of {before.host}",
                fact=(
                    f"shows other certificates: from {after.certificates}, before from "
                    f"{before.certificates}"
                ),
                urns=situation.system_urns(view.system),
            )
        if after is not None and after.tunnel != before.tunnel:
            fact = "is reached through a tunnel" if after.tunnel else "is reached past its tunnel"
            yield _risk(
                subject=f"the proxy of {before.host}",
                fact=fact,
                urns=situation.system_urns(view.system),
            )


def _resource(situation: Situation, change: Change) -> Iterator[Risk]:
    facts: list[str] = []
    if change.type == types.RECORD:
        facts += _record(situation, change)
    elif change.type in (types.ORIGIN_CERTIFICATE, types.TUNNEL) and change.operation in ENDING:
        if change.operation is Operation.REPLACE:
            facts.append("is made anew: hosts and the edge have to agree on the next one")
        elif not situation.told(change):
            facts.append("goes")
    elif change.type.startswith("pulumi:providers:") and change.operation is Operation.REPLACE:
        if not situation.machine_of(change.new):
            facts.append("is another one: what it manages is taken to be elsewhere")
    elif change.type in (types.NETWORK, types.CONTAINER) and change.operation is Operation.REPLACE:
        facts += _physical(change)
    elif (
        change.operation is Operation.REPLACE
        and not situation.told(change)
        and types.nature(change.type) is types.Nature.MACHINE
    ):
        facts.append("is another machine")
    facts += _provider(situation, change)
    for fact in facts:
        yield _risk(
            subject=situation.label(change),
            fact=fact,
            chain=() if change.type == types.RECORD else chain(situation, change),
            urns=(change.urn,),
        )


def _record(situation: Situation, change: Change) -> Iterator[str]:
    state = change.old
    if state is None:
        return
    name = plain(state.inputs.get("name")) or change.name
    if change.operation in ENDING and change.operation is not Operation.REPLACE:
        if not any(name in view.before.names for view in situation.views.values()):
            yield f"goes: {name} ({plain(state.inputs.get('type'))}) answers no more"
        return
    for each in change.differences:
        old, new = plain(each.old), plain(each.new)
        if each.path in ("content", "name", "type", "priority") and old and new:
            if each.path == "content" and situation.led_elsewhere(name):
                continue
            yield f"says another {each.path}: {new}, and said {old}"


def _physical(change: Change) -> Iterator[str]:
    """Tell of a name in Docker that the program chooses, and chooses otherwise."""
    for each in change.differences:
        if each.path == "name" and change.old and change.new:
            made_up = (
                "name" in (s.inputs.get("__defaults") or ()) for s in (change.old, change.new)
            )
            old, new = plain(each.old), plain(each.new)
            if old and new and not any(made_up):
                yield f"has another name in Docker: {new}, and had {old}"


def _provider(situation: Situation, change: Change) -> Iterator[str]:
    if change.operation is Operation.SAME or change.old is None or change.new is None:
        return
    old, new = (
        state.provider and state.provider.rpartition("::")[0] for state in (change.old, change.new)
    )
    if old and new and old != new and not situation.told(change):
        yield (
            f"is managed by another provider: {new.rpartition('::')[2]}, and was by "
            f"{old.rpartition('::')[2]}"
        )
