"""Where a host's Docker takes subnets from for networks that name none."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final, TypeAlias

from config.host import AddressPool
from graph.model import Host, StackGraph

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

SUBNET_SIZE: Final = 24
# 172.17.0.0/16 is Docker's own first choice, 172.31.0.0/16 and the lower tens those of clouds.
_CANDIDATES: Final = (
    *(f"172.{second}.0.0/16" for second in range(30, 17, -1)),
    *(f"10.{second}.0.0/16" for second in range(240, 199, -1)),
)


def address_pools(graph: StackGraph, host: Host) -> tuple[AddressPool, ...]:
    """Give the pools that the owner declares, else one clear of all that is declared.

    That is the subnets of the machine's networks, the meshes and all networks that are named as
    callers. ``ValueError`` when nothing is clear.
    """
    if host.docker.address_pools:
        return host.docker.address_pools
    taken = [ipaddress.ip_network(cidr) for cidr in _taken(graph, host)]
    for candidate in map(ipaddress.ip_network, _CANDIDATES):
        if not any(_overlap(candidate, each) for each in taken):
            return (AddressPool(base=str(candidate), size=SUBNET_SIZE),)
    msg = f"{host.id}: no subnet is left for Docker's networks; state docker.address_pools"
    raise ValueError(msg)


def _overlap(one: _Network, other: _Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _taken(graph: StackGraph, host: Host) -> Iterator[str]:
    for network in graph.networks.values():
        if graph.hosts[network.host].machine == host.machine:
            yield from (pool.subnet for pool in network.spec.ipam.config)
    yield from (mesh.cidr for mesh in graph.meshes.values())
    everywhere = {"0.0.0.0/0", "::/0"}
    for sources in (host.ssh, *(port.access for port in graph.host_ports)):
        yield from (cidr for cidr in sources.allow or () if cidr not in everywhere)
