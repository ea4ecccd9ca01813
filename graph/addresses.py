"""Addresses that Docker's own allocation leaves alone: for names that are held back."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from config.compose.model import Network


def spare_addresses(network: Network) -> Iterator[str]:
    """Give a network's addresses outside of its ``ip_range``, the highest first.

    Only a network whose owner gave both a subnet and a range has any: see docs/adr/0003.
    """
    for pool in network.ipam.config:
        if pool.ip_range is None:
            continue
        subnet = ipaddress.ip_network(pool.subnet)
        allocated = ipaddress.ip_network(pool.ip_range)
        # Docker takes the first address for the gateway where none is given.
        gateway = pool.gateway or str(subnet.network_address + 1)
        for number in range(int(subnet.broadcast_address) - 1, int(subnet.network_address), -1):
            address = ipaddress.ip_address(number)
            if address not in allocated and str(address) != gateway:
                yield str(address)
