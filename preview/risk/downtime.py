"""Downtime: what others use, and cannot while something is replaced, restarted or gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from graph.summary.model import IngressFacts, ServiceFacts
from preview.change import Change, Operation
from preview.risk import types
from preview.risk.callers import Affected, Callers
from preview.risk.chains import chain, evidence_of, own, told
from preview.risk.model import Family, Risk
from preview.risk.situation import ENDING, GONE, Pair, Situation
from preview.risk.words import listed, number

_risk = partial(Risk, family=Family.DOWNTIME)


def risks(situation: Situation) -> Iterator[Risk]:
    """Give what is down for a while, a risk for each thing that stops by itself.

    Who is down only with something else is named there. What hands over while the old one serves
    is none, and neither is what nobody uses.
    """
    callers = {name: Callers(view) for name, view in situation.views.items()}
    machines = dict(_machines(situation, callers))
    yield from (risk for risk in machines.values() if risk)
    yield from _networks(situation, callers, machines)
    for pair in situation.services.values():
        yield from _of_service(situation, callers[pair.system], pair, machines)
    for proxy in situation.ingresses.values():
        yield from _of_proxy(situation, callers[proxy.system], proxy, machines)
    yield from _untold(situation)


def _machines(
    situation: Situation, callers: Mapping[str, Callers]
) -> Iterator[tuple[tuple[str, str], Risk | None]]:
    """Give hosts whose machine goes, by system and label, each with who is down with it."""
    for name, host in situation.hosts.items():
        change = next((each for t in types.INSTANCES if (each := situation.find(t, name))), None)
        if change is None or change.operation not in ENDING or host.before is None:
            continue
        key = (host.system, host.before.label)
        before = situation.views[host.system].before
        on_it = [each.label for each in before.services.values() if each.host == host.before.label]
        found = callers[host.system].of(*on_it)
        own_routes = callers[host.system].routes_of(host.before.ingress)
        affected = Affected(
            services=tuple(sorted({*on_it, *found.services})),
            routes=tuple(sorted({*found.routes, *own_routes})),
            ports=found.ports,
            soft=found.soft,
        )
        risk = None
        if affected:
            verb = "is replaced" if change.operation is Operation.REPLACE else "goes"
            risk = _risk(
                subject=situation.label(change),
                fact=f"{verb}, and all that runs on it: {affected.told()}",
                chain=chain(situation, change),
                urns=(change.urn,),
                evidence=affected.names,
            )
        yield key, risk


def _of_service(
    situation: Situation,
    callers: Callers,
    pair: Pair[ServiceFacts],
    machines: Mapping[tuple[str, str], Risk | None],
) -> Iterator[Risk]:
    before, after = pair.before, pair.after
    if before is None or (pair.system, before.host) in machines:
        return
    if after is None:
        yield from _missed(situation, callers, pair, before)
        return
    found = _stops(situation, pair, before, after)
    if found is None:
        return
    how, why, changes = found
    affected = callers.of(before.label)
    if affected:
        yield _risk(
            subject=before.label,
            fact=f"{how}: {affected.told()}",
            chain=why,
            urns=tuple(dict.fromkeys(each.urn for each in changes)),
            evidence=(*evidence_of(before, after), *affected.names),
        )


def _stops(
    situation: Situation, pair: Pair[ServiceFacts], before: ServiceFacts, after: ServiceFacts
) -> tuple[str, tuple[str, ...], tuple[Change, ...]] | None:
    """Tell how a service stops, what leads there, and which changes do it; None: it does not."""
    if before.order is None or after.order is None:
        return _starts_anew(situation, pair, before, after)
    container = situation.find(types.CONTAINER, pair.name)
    handover = situation.command(f"{pair.name}-handover")
    if container is None:
        return _restarts(situation, handover) if handover else None
    if container.operation is not Operation.REPLACE:
        return None
    if after.order == "start-first" or replaced_network(situation, container) is not None:
        return None
    how = f"is replaced, stopped first ({after.because})"
    behind = tuple(each for each in (container, handover) if each)
    return how, chain(situation, container), behind


def _networks(
    situation: Situation,
    callers: Mapping[str, Callers],
    machines: Mapping[tuple[str, str], Risk | None],
) -> Iterator[Risk]:
    """Give networks that are replaced, each with all that goes before there is another one."""
    on_it: dict[str, list[tuple[Change, Pair[ServiceFacts]]]] = {}
    for container in situation.of_type(types.CONTAINER):
        pair = situation.services.get(container.name)
        if container.operation is not Operation.REPLACE or not (pair and pair.before):
            continue
        network = replaced_network(situation, container)
        if network is not None and (pair.system, pair.before.host) not in machines:
            on_it.setdefault(network.urn, []).append((container, pair))
    for urn, found in on_it.items():
        network = situation.changes.by_urn[urn]
        system = found[0][1].system
        labels = sorted(pair.before.label for _, pair in found if pair.before and pair.after)
        more = callers[system].of(*labels)
        affected = replace(more, services=tuple(sorted({*labels, *more.services})))
        if not more and not any(callers[system].of(each) for each in labels):
            continue  # nobody uses any of them
        why = dict.fromkeys(chain(situation, network))
        why.update(dict.fromkeys(sorted(filter(None, (own(situation, c) for c, _ in found)))))
        evidence = [each for _, pair in found for each in evidence_of(pair.before, pair.after)]
        yield _risk(
            subject=situation.label(network),
            fact=f"is replaced, and what is on it goes before: {affected.told()}",
            chain=tuple(why),
            urns=(urn, *sorted(each.urn for each, _ in found)),
            evidence=(*sorted(set(evidence)), *affected.names),
        )


def replaced_network(situation: Situation, container: Change) -> Change | None:
    """Give the network for which the engine removes a container before there is another one.

    Networks are deleted before they are made anew, as their names are fixed, and with them, before
    them, whatever is attached: no handover takes place.
    """
    if container.old is None:
        return None
    for urn in container.old.property_dependencies.get("networksAdvanced", ()):
        found = situation.changes.by_urn.get(urn)
        if found and found.type == types.NETWORK and found.operation is Operation.REPLACE:
            return found
    return None


def _restarts(
    situation: Situation, handover: Change
) -> tuple[str, tuple[str, ...], tuple[Change, ...]] | None:
    """Tell of a service that is restarted because one that it depends on is replaced."""
    state = handover.new
    if handover.operation is not Operation.REPLACE or state is None:
        return None
    for urn in state.property_dependencies.get("triggers", ()):
        found = situation.changes.by_urn.get(urn)
        if found and found.type == types.CONTAINER and found.operation is Operation.REPLACE:
            how = f"is restarted, as {situation.label(found)} is replaced"
            return how, chain(situation, found), (found, handover)
    return None


def _starts_anew(
    situation: Situation, pair: Pair[ServiceFacts], before: ServiceFacts, after: ServiceFacts
) -> tuple[str, tuple[str, ...], tuple[Change, ...]] | None:
    """Tell of a process whose host starts it anew, and cannot do that without a gap."""
    if before.order is not None or after.order is not None or not after.gap:
        return None
    host = next(
        (
            name
            for name, each in situation.hosts.items()
            if each.system == pair.system and each.after and each.after.label == after.host
        ),
        "",
    )
    commands = [
        each
        for suffix in ("environments", "started")
        if (each := situation.command(f"{host}-processes-{suffix}"))
    ]
    said = told(before, after)
    if not said and before.secrets:
        # Of one of the host's processes: which one, nothing tells.
        said = "its environment may have another secret value"
        if not any(each.name.endswith("-environments") for each in commands):
            said = ""
    if not said:
        return None
    how = "starts anew, with a gap"
    return how, (f"{after.label}: {said}",), (*commands,)


def _missed(
    situation: Situation, callers: Callers, pair: Pair[ServiceFacts], before: ServiceFacts
) -> Iterator[Risk]:
    """Tell of a service that goes, and is still needed."""
    after = callers.view.after
    if any(each.label == before.label for each in after.services.values()):
        return
    waiting = sorted(each.label for each in after.services.values() if before.label in each.needs)
    routes = sorted(address for address, route in after.routes.items() if route.to == before.label)
    if names := (*waiting, *routes):
        verb = number(len(names), "needs", "need")
        container = situation.find(types.CONTAINER, pair.name)
        yield _risk(
            subject=before.label,
            fact=f"goes, and {listed(names)} still {verb} it",
            urns=(container.urn,) if container else situation.system_urns(pair.system),
            evidence=names,
        )


def _of_proxy(
    situation: Situation,
    callers: Callers,
    pair: Pair[IngressFacts],
    machines: Mapping[tuple[str, str], Risk | None],
) -> Iterator[Risk]:
    before = pair.before
    change = situation.find(types.CONTAINER, pair.name)
    if before is None or change is None or (pair.system, before.host) in machines:
        return
    routes = callers.routes_of(pair.name)
    if not routes or change.operation not in (Operation.REPLACE, *GONE):
        return
    how = "is replaced" if change.operation is Operation.REPLACE else "goes"
    if pair.after and pair.after.kind != before.kind:
        how = f"is replaced by {pair.after.kind}"
    why = chain(situation, change)
    if (network := replaced_network(situation, change)) is not None:
        why = (*chain(situation, network), *why)
    yield _risk(
        subject=f"the proxy of {before.host}",
        fact=f"{how}: {listed(routes)} {number(len(routes), 'is', 'are')} down meanwhile",
        chain=tuple(dict.fromkeys(why)),
        urns=tuple(each.urn for each in (network, change) if each),
        evidence=routes,
    )


def _untold(situation: Situation) -> Iterator[Risk]:
    """Tell of containers of which no summary says who uses them, nor that they hand over."""
    for change in situation.of_type(types.CONTAINER):
        if change.operation in ENDING and not situation.told(change):
            verb = "is replaced" if change.operation is Operation.REPLACE else "is deleted"
            yield _risk(
                subject=situation.label(change),
                fact=f"{verb}; who uses it is not known",
                chain=chain(situation, change),
                urns=(change.urn,),
            )
