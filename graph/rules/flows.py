"""Rules on who calls whom: that it can, that it calls the right one, that it is declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from config.finding import Severity, Source
from graph.apps import DEFAULT_NETWORK
from graph.model import (
    Choice,
    Database,
    Flow,
    Message,
    Network,
    Process,
    Scenario,
    Service,
    StackGraph,
)
from graph.nodes import INTERNET
from graph.rules.base import Breach, rule
from graph.rules.judged import host_of, listed, spoken
from graph.rules.scope import at

ON_THE_HOST = "host"


@rule("A07")
def other_data(graph: StackGraph) -> Iterator[Breach]:
    """Data goes only where data of its kind is kept."""
    served: dict[str, list[Database]] = defaultdict(list)
    for database in graph.databases.values():
        served[database.server].append(database)
    for flow in graph.flows:
        if flow.data is None:
            continue
        for name, kinds in _kept_by(graph, flow, served.get(flow.called, [])):
            if flow.data not in kinds:
                yield Breach(
                    flow.source,
                    f"{spoken(flow.caller)} sends {flow.data} to {name}, which is for "
                    f"{listed(sorted(kinds))}",
                    "call the one that is for it, or correct the label",
                )


def _kept_by(
    graph: StackGraph, flow: Flow, served: list[Database]
) -> Iterator[tuple[str, set[str]]]:
    """Give what a flow leads to with the kinds of data it is for, where all are told."""
    external = graph.externals.get(flow.called)
    if external is not None and external.data is not None:
        yield external.key, {external.data}
    own = [each for each in served if flow.caller in each.used_by] or served
    kinds = {each.data for each in own if each.data is not None}
    if own and all(each.data is not None for each in own):
        yield listed([each.key for each in own]), kinds


@rule("G06", absence=True)
def unreachable(graph: StackGraph) -> Iterator[Breach]:
    """Who calls another without the ingress shares a network with it, or a port of its host."""
    for flow in graph.flows:
        if flow.via is not None or flow.caller == flow.called:
            continue
        caller = graph.services.get(flow.caller) or graph.processes.get(flow.caller)
        service, process = graph.services.get(flow.called), graph.processes.get(flow.called)
        if caller is None:
            continue
        if service is not None:
            yield from _to_service(graph, flow, caller, service)
        elif process is not None and _closed(graph, caller, process):
            yield Breach(
                flow.source,
                f"{spoken(caller.id)} calls {process.key}, which listens on the loopback address "
                f"of {spoken(process.host)} only",
                "let it listen on an address that the caller reaches, with access for it, or call "
                "it by a route",
            )


def _to_service(
    graph: StackGraph, flow: Flow, caller: Service | Process, called: Service
) -> Iterator[Breach]:
    if called.spec.network_mode == ON_THE_HOST:
        return
    near = caller.host == called.host
    inside = isinstance(caller, Service) and caller.spec.network_mode != ON_THE_HOST
    if isinstance(caller, Service) and networks_of(graph, caller) & networks_of(graph, called):
        return
    ports = graph.ports_of(called.id)
    if any(not port.loopback or (near and not inside) for port in ports):
        return
    names = sorted({route.declared_name for route in graph.routes_to(called.id)})
    by_name = f"give the flow via: {names[0]}" if names else "route a name to it, and give it via"
    if near and inside:
        yield Breach(
            flow.source,
            f"{spoken(caller.id)} calls {spoken(called.id)}, and they share no network",
            f"put both on one network; or, if it calls by a public name, {by_name}",
        )
    else:
        yield Breach(
            flow.source,
            f"{spoken(caller.id)} calls {spoken(called.id)} on {spoken(called.host)}, which "
            f"publishes no port{' beyond its host' if ports else ''}",
            f"publish the port with access for the caller; or, if it calls by a public name, "
            f"{by_name}",
        )


def _closed(graph: StackGraph, caller: Service | Process, process: Process) -> bool:
    """Whether a process listens, and only where its caller is not."""
    ports = graph.ports_of(process.id)
    if not ports or any(not port.loopback for port in ports):
        return False
    on_host = isinstance(caller, Process) or caller.spec.network_mode == ON_THE_HOST
    return caller.host != process.host or not on_host


def networks_of(graph: StackGraph, service: Service) -> set[tuple[str, str]]:
    """Give a service's networks by host and name: what one app makes, others join as external."""
    return {_known_as(graph, graph.networks[a.network]) for a in service.attachments}


def _known_as(graph: StackGraph, network: Network) -> tuple[str, str]:
    """Give host and declared name of a network: the dev stack puts the system before a name."""
    prefix = ""
    if graph.target == "dev" and not network.spec.external and network.spec.name is None:
        prefix = f"{graph.apps[network.app].system}-"
    return network.host, network.name.removeprefix(prefix)


@rule("G07", severity=Severity.WARNING, absence=True)
def needless_membership(graph: StackGraph) -> Iterator[Breach]:
    """A service is only on networks where it meets somebody that it calls or is called by."""
    systems = {flow.system for flow in graph.flows}
    partners = _partners(graph)
    for service in graph.services.values():
        app = graph.apps[service.app]
        networks = [graph.networks[a.network] for a in service.attachments]
        if app.system not in systems or app.managed_by is not None or len(networks) < 2:
            continue  # the only network of a service is needed to be on any
        met = {each for other in partners[service.id] for each in _where(graph, other)}
        idle = [
            network
            for network in networks
            if _known_as(graph, network) not in met
            and not network.spec.external
            and network.key != DEFAULT_NETWORK
        ]
        outside = [network for network in networks if not network.spec.internal]
        if _goes_out(graph, service) and all(network in idle for network in outside):
            idle = [network for network in idle if network not in outside[:1]]
        for network in idle:
            yield Breach(
                at(service.source, "networks"),
                f"{service.key} is on {network.key}, where it calls nobody and nobody calls it",
                f"take it off {network.key}, or declare the flow that needs it",
            )


def _partners(graph: StackGraph) -> dict[str, set[str]]:
    """Give for each service what it calls, is called by or waits for, by id."""
    found: dict[str, set[str]] = defaultdict(set)
    pairs = [(flow.caller, flow.called) for flow in graph.flows]
    pairs += [(each.prober, each.service) for each in graph.monitors.values() if each.service]
    for service in graph.services.values():
        pairs += [(service.id, each.service) for each in service.dependencies]
    for route in graph.routes.values():
        if route.service is not None and route.ingress is not None:
            pairs.append((route.service, route.ingress))
    for one, other in pairs:
        found[one].add(other)
        found[other].add(one)
    return found


def _where(graph: StackGraph, node: str) -> set[tuple[str, str]]:
    """Give the networks that a service is on or an ingress joins."""
    if node in graph.services:
        return networks_of(graph, graph.services[node])
    ingress = graph.ingresses.get(node)
    return {_known_as(graph, graph.networks[id_]) for id_ in (ingress.networks if ingress else ())}


def _goes_out(graph: StackGraph, service: Service) -> bool:
    """Whether something of it needs a way out of the host, or in."""
    if service.spec.ports:
        return True
    flows = graph.flows_from(service.id)
    return any(
        flow.via is not None
        or flow.called not in graph.services
        or host_of(graph, flow.called) != service.host
        for flow in flows
    )


@rule("G14", absence=True)
def undeclared_calls(graph: StackGraph) -> Iterator[Breach]:
    """Every call of a scenario is a flow, a route or another thing that the system declares."""
    known: set[tuple[str, str]] = set()
    if any(scenario.steps for scenario in graph.scenarios.values()):
        known = _known_calls(graph)
    for scenario in graph.scenarios.values():
        for source, message in _messages(scenario):
            if message.answer or message.caller == message.called:
                continue
            if scenario.actors and {message.caller, message.called} & set(scenario.actors):
                continue
            # Anyone may call an ingress: what it then does is told by its routes.
            if message.called in graph.ingresses or (message.caller, message.called) in known:
                continue
            yield Breach(
                source,
                f"nothing in the system says that {_named(message.caller)} calls "
                f"{_named(message.called)} ({message.text!r})",
                "declare the flow or the route, or correct the step",
            )


def _named(node: str) -> str:
    return f"{spoken(node)}/ingress" if node.startswith("ingress:") else spoken(node)


def _messages(scenario: Scenario) -> Iterator[tuple[Source, Message]]:
    for index, step in enumerate(scenario.steps):
        where = f"steps[{index}]"
        if isinstance(step, Choice):
            for condition, messages in step.branches:
                for number, message in enumerate(messages):
                    yield at(scenario.source, f"{where}.either.{condition}[{number}]"), message
        else:
            yield at(scenario.source, where), step


def _known_calls(graph: StackGraph) -> set[tuple[str, str]]:
    known = {(flow.caller, flow.called) for flow in graph.flows}
    for route in graph.routes.values():
        target = route.service or route.process
        if target is not None and route.ingress is not None:
            known.add((route.ingress, target))
            known.add((INTERNET, target))
    for backup in graph.backups.values():
        known.update((backup.host, capture.of) for capture in backup.captures)
        known.update((copy.by, copy.to) for copy in backup.copies)
        if backup.heartbeat is not None:
            known.add((backup.host, backup.heartbeat))
    for monitor in graph.monitors.values():
        asked = graph.routes.get(monitor.route or "")
        target = monitor.service or (asked.service or asked.process if asked else None)
        if target is not None:
            known.add((monitor.prober, target))
        known.update((monitor.prober, each) for each in monitor.notify)
    return known
