"""Places from where something is reached, as summaries write them: which holds which."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from graph.reach import PlaceKind

ASKED: Final = ", with a password"

_NARROW: Final = (PlaceKind.NETWORK, PlaceKind.HOST)


@dataclass(frozen=True, slots=True)
class Where:
    """A place of a summary; ``kind`` is its first word, also one that this version doesn't know."""

    kind: str
    name: str
    password: bool

    @property
    def wide(self) -> bool:
        """Whether it is more than a host and its networks."""
        return self.kind not in _NARROW

    def within(self, other: Where) -> bool:
        """Tell whether whoever is here is there, too, and is asked for no less."""
        if other.password and not self.password:
            return False
        if (self.kind, self.name) == (other.kind, other.name) or other.kind == PlaceKind.INTERNET:
            return True
        if other.kind == PlaceKind.LAN:
            # Whoever reaches the machine of a dev stack: all but the internet.
            return self.kind not in (PlaceKind.INTERNET, PlaceKind.CLOUDFLARE)
        if self.kind == other.kind == PlaceKind.ADDRESSES:
            return _subnet(self.name, other.name)
        return False


@lru_cache(maxsize=65536)
def where(text: str) -> Where:
    """Read a place: ``addresses 192.0.2.0/24, with a password``."""
    place = text.removesuffix(ASKED)
    kind, _, name = place.partition(" ")
    return Where(kind, name, place != text)


def wider(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """Give the places of ``after`` that no place of ``before`` holds.

    Addresses and a mesh in the place of Cloudflare are fewer callers; beside it they are a way past
    it.
    """
    were, are = [where(each) for each in before], [where(each) for each in after]
    edge = PlaceKind.CLOUDFLARE
    open_before = [each for each in were if each.kind == edge]
    closed = bool(open_before) and not any(each.kind == edge for each in are)
    return tuple(
        text
        for text, place in zip(after, are, strict=True)
        if not any(place.within(each) for each in were)
        and not (
            closed
            and place.kind in (PlaceKind.ADDRESSES, PlaceKind.MESH, *_NARROW)
            and any(place.password or not each.password for each in open_before)
        )
    )


@lru_cache(maxsize=65536)
def _subnet(inner: str, outer: str) -> bool:
    try:
        one, two = ipaddress.ip_network(inner, False), ipaddress.ip_network(outer, False)
    except ValueError:
        return False
    if isinstance(one, ipaddress.IPv4Network) and isinstance(two, ipaddress.IPv4Network):
        return one.subnet_of(two)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(two, ipaddress.IPv6Network):
        return one.subnet_of(two)
    return False
