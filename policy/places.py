"""A graph with nothing in it, and resources as the places of findings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from config.finding import Source
from graph.model import StackGraph
from policy.resources import Resource

_EMPTY: Final[Mapping[str, Any]] = {
    name: {}
    for name in (
        *("texts", "hosts", "meshes", "ingresses", "apps", "networks", "volumes", "services"),
        *("processes", "sites", "jobs", "variables", "secrets", "routes", "zones", "records"),
        *("databases", "buckets", "backups", "monitors", "externals", "scenarios"),
    )
}
_NONE: Final[Mapping[str, Any]] = dict.fromkeys(
    ("systems", "disposable", "flows", "waivers", "host_ports", "edges", "unresolved"), ()
)
_PLACE = re.compile(r"urn:pulumi:\S*?::([^:\s]+):0")
_ID = re.compile(r"(?:\b(?:host|network|service|volume):)?#\d+/")


def blank(**nodes: Any) -> StackGraph:
    """Give a graph of prod that has only some nodes."""
    return StackGraph(**{**_EMPTY, **_NONE, "stack": "", "target": "prod", **nodes})


def place(resource: Resource) -> Source:
    """Give the place of a resource: its URN stands for a file."""
    return Source(resource.urn, 0, "")


def readable(sentence: str) -> str:
    """Name resources that a sentence places by URN as their owner does."""
    return _ID.sub("", _PLACE.sub(r"\1", sentence))
