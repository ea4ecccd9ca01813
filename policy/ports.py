"""The ports that a container publishes, as ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from config.compose.model import Protocol
from config.units import MAX_PORT, parse_ip
from graph.apps import ANY_ADDRESS
from policy.resources import holds_unknown, objects, text, whole

_PROTOCOLS: Final[Mapping[str, Protocol]] = {"tcp": "tcp", "udp": "udp"}


@dataclass(frozen=True, slots=True)
class PortMap:
    """Consecutive ports of a container on an address of its host.

    ``outside`` is empty where Docker chooses the port.
    """

    ip: str
    protocol: Protocol
    outside: range
    inside: range


def published_ports(value: object) -> Iterator[PortMap]:
    """Give the published ports, those that follow each other as one range."""
    last: PortMap | None = None
    for each in sorted(set(_single_ports(value)), key=_order):
        if last is not None and each.outside and _follows(last, each):
            outside = range(last.outside.start, each.outside.stop)
            inside = range(last.inside.start, each.inside.stop)
            last = PortMap(last.ip, last.protocol, outside, inside)
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def _single_ports(value: object) -> Iterator[PortMap]:
    for each in objects(value):
        inside, outside = whole(each.get("internal")), whole(each.get("external"))
        protocol = _PROTOCOLS.get(text(each.get("protocol")) or "tcp")
        ip = _address(text(each.get("ip")) or ANY_ADDRESS)
        if inside is None or not 0 < inside <= MAX_PORT or holds_unknown(each):
            continue
        if protocol is not None and ip is not None:
            given = outside is not None and 0 < outside <= MAX_PORT
            published = range(outside, outside + 1) if given and outside else range(0)
            yield PortMap(ip, protocol, published, range(inside, inside + 1))


def _order(port: PortMap) -> tuple[str, str, int, int]:
    return port.ip, port.protocol, port.outside.start, port.inside.start


def _follows(one: PortMap, other: PortMap) -> bool:
    where = (one.ip, one.protocol, one.outside.stop, one.inside.stop)
    return where == (other.ip, other.protocol, other.outside.start, other.inside.start)


def _address(value: str) -> str | None:
    try:
        return parse_ip(value)
    except ValueError:
        return None
