"""Subnets and addresses as numbers: thousands of them are compared."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

IPV4_BITS = 32


@dataclass(frozen=True, slots=True)
class Span:
    """The addresses from ``start`` up to, and without, ``stop``, of an IP version."""

    version: int
    start: int
    stop: int

    def overlaps(self, other: Span) -> bool:
        """Whether both have an address."""
        return self.version == other.version and self.start < other.stop and other.start < self.stop

    def covers(self, other: Span) -> bool:
        """Whether it has all addresses of the other."""
        return (
            self.version == other.version and self.start <= other.start and other.stop <= self.stop
        )


@lru_cache(maxsize=8192)
def span(cidr: str) -> Span:
    """Read a network as the models write it, or an address."""
    address, _, length = cidr.partition("/")
    if ":" in address:
        network = ipaddress.ip_network(cidr)
        start = int(network.network_address)
        return Span(6, start, start + network.num_addresses)
    start = number(address)
    return Span(4, start, start + (1 << (IPV4_BITS - int(length or IPV4_BITS))))


def number(address: str) -> int:
    """Read a good IPv4 address."""
    first, second, third, fourth = address.split(".")
    return int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)
