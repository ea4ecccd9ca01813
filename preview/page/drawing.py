"""What is drawn: nodes in the lanes of hosts and apps, and the edges between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from preview.change import Change, Operation


class Kind(StrEnum):
    """What a node is, in words for its details."""

    PLACE = "place"
    ZONE = "zone"
    ROUTE = "route"
    PORT = "published ports"
    INGRESS = "ingress"
    SERVICE = "service"
    PROGRAM = "program"
    SITE = "site"
    VOLUME = "volume"
    NETWORK = "network"
    APP = "app"
    HOST = "host"
    SYSTEM = "system"


class Line(StrEnum):
    """What an edge means."""

    REACHES = "reaches"
    ROUTES = "routes to"
    NEEDS = "needs"
    USES = "uses"
    STORES = "stores in"
    JOINS = "is on"
    """A network: told in the details, not drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is known of a node, before and after; lists have one text an item."""

    term: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A horizontal strip of the drawing: an app on a host, or what else a host has.

    ``app`` is empty for a host's own things; both are empty for what is outside.
    """

    host: str = ""
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One thing: ``label`` is how people call it, ``note`` the line below.

    ``operation`` is None for what stays. ``changes`` are those of its resources.
    """

    id: str
    kind: Kind
    label: str
    note: str = ""
    lane: Lane = Lane()
    operation: Operation | None = None
    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    facts: tuple[Fact, ...] = ()
    uncertain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One node needs, uses, reaches or fills another; ``operation`` None where it stays."""

    start: str
    end: str
    line: Line
    operation: Operation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A system's drawing. ``titles`` are the nodes of hosts, apps and the system, without a place.

    ``owner`` tells for a resource's URN which node it belongs to, ``known_as`` for a label of the
    system's summary (``n8n/postgres``, ``automation.dyniq.ai``) which node that is.
    """

    system: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    owner: Mapping[str, str] = field(default_factory=dict)
    known_as: Mapping[str, str] = field(default_factory=dict)
    compared: bool = True
    """Whether there was something before; if not, nothing in it is a change."""
    causes: Callable[[Change], Sequence[Change]] = field(default=lambda _: ())
    """What a change follows from."""
