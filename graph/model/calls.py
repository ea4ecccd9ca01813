"""Nodes: who calls whom; and the edges between all nodes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from config.calls import Tls
from config.finding import Source
from config.host import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A service run by others: what it is for, and what is known of its endpoint."""

    id: str
    system: str
    key: str
    purpose: str
    integration: str | None
    endpoint: str | None
    behind: str | None
    tls: Tls | None
    environment: Environment | None
    data: str | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Who calls whom: the ids of both ends, or ``internet``.

    ``via`` is the name that the caller calls, as the owner wrote it; None where it reaches the
    called without the ingress.
    """

    system: str
    caller: str
    called: str
    protocol: str | None
    purpose: str | None
    soft: bool
    via: str | None
    data: str | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A call, or an ``answer`` to one, between two nodes by id (``actor:…`` for an actor)."""

    caller: str
    called: str
    text: str
    answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Messages that take one of several ways, each with its condition."""

    branches: tuple[tuple[str, tuple[Message, ...]], ...]


Step: TypeAlias = Message | Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An ordered account of who calls whom; ``actors`` by id, with the names people know."""

    id: str
    system: str
    key: str
    purpose: str
    kind: Literal["request", "call", "job"]
    actors: tuple[str, ...]
    steps: tuple[Step, ...]
    source: Source

    def messages(self) -> tuple[Message, ...]:
        """Give all messages, of every branch, in order."""
        found: list[Message] = []
        for step in self.steps:
            if isinstance(step, Message):
                found.append(step)
            else:
                found += [message for _, messages in step.branches for message in messages]
        return tuple(found)


class EdgeKind(StrEnum):
    """What an edge says of its two ends."""

    RUNS_ON = "runs on"
    ATTACHED_TO = "attached to"
    MOUNTS = "mounts"
    WAITS_FOR = "waits for"
    SERVED_BY = "served by"
    ROUTES_TO = "routes to"
    NAMED_IN = "named in"
    CALLS = "calls"
    JOINS = "joins"
    MEMBER_OF = "member of"
    SAVES = "saves"
    COPIES_TO = "copies to"
    WATCHES = "watches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A directed, labelled connection between two nodes."""

    source: str
    target: str
    kind: EdgeKind
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """A name that refers to nothing: what kind of thing it should be, and what there is.

    The name is empty where one is needed and none was given.
    """

    name: str
    kind: str
    valid: tuple[str, ...]
    source: Source
