"""Docker networks, and the names that containers, networks and volumes have on a host."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from config.finding import Source
from graph.apps import DEFAULT_NETWORK
from graph.model import Flow, Network, Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.judged import host_of, listed, spoken
from graph.rules.scope import ours

NO_NETWORK = "none"


@rule("N02")
def on_the_default_network(graph: StackGraph) -> Iterator[Breach]:
    """Every service of an app that declares networks names its own."""
    by_app: dict[str, list[Network]] = defaultdict(list)
    for network in graph.networks.values():
        by_app[network.app].append(network)
    for app in graph.apps.values():
        declared = [n for n in by_app[app.id] if n.key != DEFAULT_NETWORK]
        services = graph.services_of(app)
        if (
            app.managed_by is not None
            or not declared
            or _default_is_meant(by_app[app.id], services)
        ):
            continue
        names = listed([network.key for network in declared])
        for service in services:
            if not service.spec.networks and service.spec.network_mode is None:
                yield Breach(
                    service.source,
                    f"{service.key} names no network, so it lands on the default one, apart from "
                    f"what is on {names}",
                    "name its networks; networks: [default] if it is meant to be apart",
                )


def _default_is_meant(networks: list[Network], services: tuple[Service, ...]) -> bool:
    # A default network that is declared without options looks like one that is not declared.
    if any(n.key == DEFAULT_NETWORK and n.spec.model_fields_set for n in networks):
        return True
    return any(DEFAULT_NETWORK in service.spec.networks for service in services)


@rule("N03", absence=True)
def no_way_out(graph: StackGraph) -> Iterator[Breach]:
    """A service that calls something outside of its host is on a network that is not internal."""
    for service in ours(graph):
        flows = [f for f in graph.flows_from(service.id) if _leaves(graph, service, f)]
        where = _closed_in(graph, service) if flows else None
        if where is not None:
            called = dict.fromkeys(flow.via or spoken(flow.called) for flow in flows)
            yield Breach(
                service.source,
                f"{service.key} calls {listed(called)} but is {where}, from where nothing "
                "leaves the host",
                "put it on a network that is not internal",
            )


def _leaves(graph: StackGraph, service: Service, flow: Flow) -> bool:
    """Whether a call needs a way out: by a public name it does even to the next container."""
    if flow.via is not None or flow.called.partition(":")[0] in ("external", "internet", "bucket"):
        return True
    host = host_of(graph, flow.called)
    return host is not None and host != service.host


def _closed_in(graph: StackGraph, service: Service) -> str | None:
    if service.spec.network_mode == NO_NETWORK:
        return "on no network"
    networks = [graph.networks[a.network] for a in service.attachments]
    if networks and all(network.spec.internal for network in networks):
        return f"only on internal networks ({', '.join(network.key for network in networks)})"
    return None


@rule("N04", absence=True)
def internal_with_ports(graph: StackGraph) -> Iterator[Breach]:
    """A service that publishes ports is on a network that is not internal."""
    for service in graph.services.values():
        networks = [graph.networks[a.network] for a in service.attachments]
        if service.spec.ports and networks and all(n.spec.internal for n in networks):
            names = ", ".join(network.key for network in networks)
            yield Breach(
                service.source,
                f"{service.key} publishes {service.spec.ports[0]} but is only on internal "
                f"networks ({names}), where Docker publishes nothing",
                "put it on a network that is not internal, or publish no port",
            )


@rule("N10", also=("N14",))
def duplicate_names(graph: StackGraph) -> Iterator[Breach]:
    """A name is given once per host: containers, networks, volumes."""
    named: dict[tuple[str, str, str], list[tuple[str, Source]]] = defaultdict(list)
    for service in graph.services.values():
        machine = graph.hosts[service.host].machine
        named[machine, "container", service.container_name].append((service.id, service.source))
        if service.alias != service.container_name:
            named[machine, "container", service.alias].append((service.id, service.source))
    for ingress in graph.ingresses.values():
        machine = graph.hosts[ingress.host].machine
        named[machine, "container", ingress.logical_name].append((ingress.id, ingress.source))
    for network in graph.networks.values():
        if not network.spec.external:
            machine = graph.hosts[network.host].machine
            named[machine, "network", network.name].append((network.id, network.source))
    for volume in graph.volumes.values():
        if not volume.spec.external:
            machine = graph.hosts[volume.host].machine
            named[machine, "volume", volume.name].append((volume.id, volume.source))
    for (_, kind, name), owners in named.items():
        for id_, source in owners[1:]:
            first, where = owners[0]
            yield Breach(
                source,
                f"{kind} name {name!r} of {id_} is taken by {first} ({where.file}:{where.line})",
                f"give one of the two {kind}s another name",
            )
