"""Docker networks, and the names that containers, networks and volumes have on a host."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from config.finding import Source
from graph.model import StackGraph
from graph.rules.base import Breach, rule


@rule("N07")
def overlapping_subnets(graph: StackGraph) -> Iterator[Breach]:
    """Subnets of one host do not overlap."""
    by_machine = defaultdict(list)
    for network in graph.networks.values():
        for pool in network.spec.ipam.config:
            subnet = ipaddress.ip_network(pool.subnet)
            by_machine[graph.hosts[network.host].machine].append((subnet, network))
    for subnets in by_machine.values():
        for (one, first), (other, second) in combinations(subnets, 2):
            if one.version == other.version and one.overlaps(other):
                yield Breach(
                    second.source,
                    f"subnet {other} overlaps {one} of network {first.name} "
                    f"({first.source.file}:{first.source.line})",
                    "choose a subnet that no other network of the host uses",
                )


@rule("N04")
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
