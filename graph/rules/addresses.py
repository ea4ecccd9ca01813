"""Subnets and IP addresses of Docker networks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from config.compose.model import IpamPool
from config.finding import Source
from config.text import Template
from graph.model import Network, Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.judged import listed
from graph.rules.scope import at, ours
from graph.rules.subnets import Span, number, span

DEFAULT_BRIDGE = "172.17.0.0/16"
"""Where Docker's own bridge takes its addresses from, unless it is told otherwise."""

_LITERAL = re.compile(
    r"(?<![\w.])(?P<address>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?:/(?P<length>\d{1,3}))?(?!\w|\.\d)"
)


@dataclass(frozen=True, slots=True)
class _Subnet:
    number: int
    cidr: str
    span: Span
    network: Network

    def __str__(self) -> str:
        source = self.network.source
        return f"{self.cidr} of network {self.network.name} ({source.file}:{source.line})"


def _subnets(graph: StackGraph) -> Iterator[_Subnet]:
    """Give the declared subnets, in the order of their networks, each network's once."""
    seen: set[tuple[str, str, str]] = set()
    for network in graph.networks.values():
        for pool in network.spec.ipam.config:
            key = (graph.hosts[network.host].machine, network.name, pool.subnet)
            if key not in seen:
                seen.add(key)
                yield _Subnet(len(seen), pool.subnet, span(pool.subnet), network)


@rule("N07")
def overlapping_subnets(graph: StackGraph) -> Iterator[Breach]:
    """Subnets of one host overlap neither each other nor the mesh's."""
    by_machine: dict[str, list[_Subnet]] = defaultdict(list)
    for subnet in _subnets(graph):
        by_machine[graph.hosts[subnet.network.host].machine].append(subnet)
        for mesh in graph.meshes.values():
            if subnet.network.host in mesh.members and subnet.span.overlaps(span(mesh.cidr)):
                yield Breach(
                    subnet.network.source,
                    f"subnet {subnet.cidr} overlaps {mesh.cidr} of the mesh "
                    f"({mesh.source.file}:{mesh.source.line})",
                    "choose a subnet outside of the mesh's, or the host does not reach its members",
                )
    for subnets in by_machine.values():
        for pair in _overlapping(subnets):
            first, second = sorted(pair, key=lambda subnet: subnet.number)
            yield Breach(
                second.network.source,
                f"subnet {second.cidr} overlaps {first}",
                "choose a subnet that no other network of the host uses",
            )


def _overlapping(subnets: list[_Subnet]) -> Iterator[tuple[_Subnet, _Subnet]]:
    """Give each subnet that lies in another, with the smallest one around it."""
    subnets = sorted(subnets, key=lambda s: (s.span.version, s.span.start, -s.span.stop, s.number))
    around: list[_Subnet] = []
    for subnet in subnets:
        # Of two networks, one holds the other, or they have nothing in common.
        while around and not around[-1].span.overlaps(subnet.span):
            around.pop()
        if around:
            yield around[-1], subnet
        around.append(subnet)


@rule("N08")
def pool_over_subnet(graph: StackGraph) -> Iterator[Breach]:
    """Docker's address pools leave out what is declared: subnets, and the mesh's."""
    by_host: dict[str, list[_Subnet]] = defaultdict(list)
    for subnet in _subnets(graph):
        by_host[subnet.network.host].append(subnet)
    for host in graph.hosts.values():
        meshes = [mesh for mesh in graph.meshes.values() if host.id in mesh.members]
        for index, pool in enumerate(host.docker.address_pools):
            whole = span(pool.base)
            found = [str(s) for s in by_host[host.id] if whole.overlaps(s.span)]
            found += [
                f"{mesh.cidr} of the mesh ({mesh.source.file}:{mesh.source.line})"
                for mesh in meshes
                if whole.overlaps(span(mesh.cidr))
            ]
            if found:
                yield Breach(
                    at(host.source, f"docker.address_pools[{index}]"),
                    f"pool {pool.base} overlaps {listed(found)}: Docker may give it to a network "
                    "that names no subnet",
                    "choose a pool apart from all that is declared",
                )


@rule("N13")
def fixed_address(graph: StackGraph) -> Iterator[Breach]:
    """A fixed address is one that its network can give, and gives to nobody else."""
    pools: dict[tuple[str, str], Sequence[IpamPool]] = {}
    for network in graph.networks.values():
        if network.spec.ipam.config:
            key = (graph.hosts[network.host].machine, network.name)
            pools.setdefault(key, network.spec.ipam.config)
    taken: dict[tuple[tuple[str, str], str], Service] = {}
    for service, network, name, address in _fixed(graph):
        key = (graph.hosts[network.host].machine, network.name)
        source = at(service.source, f"networks.{network.key}.{name}")
        if fault := _fault(address, network, pools.get(key)):
            fact, remedy = fault
            yield Breach(source, f"address {address} of {service.key} {fact}", remedy)
        first = taken.setdefault((key, address), service)
        if first is not service:
            yield Breach(
                source,
                f"address {address} of {service.key} is taken by {first.key} on network "
                f"{network.name} ({first.source.file}:{first.source.line})",
                "give one of the two another address",
            )


def _fixed(graph: StackGraph) -> Iterator[tuple[Service, Network, str, str]]:
    """Give each fixed address: who has it, where, the key that says so, and the address."""
    for service in graph.services.values():
        for attachment in service.attachments:
            network = graph.networks[attachment.network]
            for name in ("ipv4_address", "ipv6_address"):
                address = getattr(attachment, name)
                if address:
                    yield service, network, name, address


def _fault(
    address: str, network: Network, pools: Sequence[IpamPool] | None
) -> tuple[str, str] | None:
    if pools is None:
        if network.spec.external:  # whoever owns it knows its subnet
            return None
        fact = f"is none that network {network.key} can give, which declares no subnet"
        return fact, "give the network a subnet that holds it"
    one = span(address)
    pool = next((p for p in pools if _hosts(span(p.subnet)).covers(one)), None)
    if pool is None:
        subnets = ", ".join(pool.subnet for pool in pools)
        fact = f"is none that network {network.key} can give, whose subnet is {subnets}"
        return fact, "choose an address of its subnet"
    gateway = span(pool.gateway).start if pool.gateway else span(pool.subnet).start + 1
    if one.start == gateway:
        return f"is the gateway's of network {network.key}", "choose another address of its subnet"
    if pool.ip_range and span(pool.ip_range).covers(one):
        fact = f"lies in ip_range {pool.ip_range}, from where Docker may give it away first"
        return fact, "choose an address of the subnet outside of ip_range"
    return None


def _hosts(subnet: Span) -> Span:
    """Give the addresses of a subnet that a container can have."""
    last = subnet.stop - 1 if subnet.version == 4 else subnet.stop
    return Span(subnet.version, subnet.start + 1, last)


@rule("R15")
def address_of_a_container(graph: StackGraph) -> Iterator[Breach]:
    """Nobody relies on an address that Docker gives out anew at each start."""
    known = _Known(graph)
    for service in ours(graph):
        for source, what, text in _texts(service):
            found = known.first(service.host, text)
            if found is not None:
                address, where = found
                yield Breach(
                    source,
                    f"{what} names {address}, which Docker gives out {where}: after a restart "
                    "it may be another's",
                    "use the service's name, or host-gateway for the host; or give the "
                    "address with ipv4_address",
                )


def _texts(service: Service) -> Iterator[tuple[Source, str, str]]:
    """Give the texts of a service that can name an address: where, what it is, and the text."""
    for name, value in service.environment.items():
        text = value
        if isinstance(value, Template):
            text = " \0 ".join(part for part in value.parts if isinstance(part, str))
        if str(text).count(".") > 2:
            inline = name in service.spec.environment
            path = f"environment.{name}" if inline else "env_file"
            yield at(service.source, path), name, str(text)
    for name, address in service.spec.extra_hosts.items():
        yield at(service.source, f"extra_hosts.{name}"), name, address
    for key in ("command", "entrypoint"):
        words = getattr(service.spec, key) or ()
        yield at(service.source, key), f"the {key} of {service.key}", " ".join(words)


class _Known:
    """Of each host the addresses that Docker gives out, and those that are fixed."""

    def __init__(self, graph: StackGraph) -> None:
        self.fixed: set[tuple[str, int]] = set()
        self.subnets: dict[str, list[_Subnet]] = defaultdict(list)
        for _, network, name, address in _fixed(graph):
            if name == "ipv4_address":
                self.fixed.add((network.host, number(address)))
        for subnet in sorted(_subnets(graph), key=lambda s: (s.span.start, -s.span.stop)):
            if subnet.span.version == 4:
                ordered = self.subnets[subnet.network.host]
                if not (ordered and ordered[-1].span.covers(subnet.span)):
                    ordered.append(subnet)
            for pool in subnet.network.spec.ipam.config:
                if pool.gateway and ":" not in pool.gateway:
                    self.fixed.add((subnet.network.host, number(pool.gateway)))

    def first(self, host: str, text: str) -> tuple[str, str] | None:
        """Give the first address in a text that is not to be relied on, and whose it is."""
        for match in _LITERAL.finditer(text):
            address, length = match["address"], match["length"]
            octets = [int(octet) for octet in address.split(".")]
            # A whole network is what one trusts or listens to, not whom one calls.
            if max(octets) > 255 or length not in (None, "32"):
                continue
            where = self._whose(host, number(address))
            if where is not None:
                return address, where
        return None

    def _whose(self, host: str, address: int) -> str | None:
        if (host, address) in self.fixed:
            return None
        subnets = self.subnets[host]
        index = bisect_right(subnets, address, key=lambda subnet: subnet.span.start) - 1
        if index >= 0 and address < subnets[index].span.stop:
            return f"in network {subnets[index].network.name}"
        bridge = span(DEFAULT_BRIDGE)
        if bridge.start <= address < bridge.stop:
            return "on its own bridge"
        return None
