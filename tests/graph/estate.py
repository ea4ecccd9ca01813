"""Systems of many kinds for tests of the graph: a system's text in, its graph out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from config.document import parse
from config.finding import Finding, Source
from graph.model import StackGraph
from graph.rules import check
from tests.workspace import graph_of, shop

HOST = "platform: linux/amd64, cpus: 2, memory: 2GiB"
WEB = """\
services:
  front: {image: a, expose: ["8080"]}
"""
FILE = "systems/shop/system.yaml"


def estate(
    root: Path, system: str, compose: str = WEB, *, stack: str = "dev", **settings: Any
) -> StackGraph:
    """Build the graph of a system with one compose file; prod has all values that it asks for.

    ``settings`` are further settings of its hosts on the stack, by host.
    """
    return graph_of(write(root, system, compose, stack=stack, **settings), stack)


def write(
    root: Path, system: str, compose: str = WEB, *, stack: str = "dev", **settings: Any
) -> Path:
    """Write the project of a system with one compose file, and give its folder."""
    data = parse(system, FILE).data
    hosts = {
        name: {
            "address": f"192.0.2.{number}",
            **({} if host.get("managed_by") else {"host_key": "ssh-ed25519 AAAA"}),
            **settings.get(name, {}),
        }
        for number, (name, host) in enumerate(data["hosts"].items(), 10)
    }
    values: dict[str, Any] = {"stackgraph:target": stack, "stackgraph:systems": ["shop"]}
    if stack == "prod":
        secrets = dict.fromkeys(data.get("secrets", {}), "x" * 32)
        zones = {
            name: {"zone_id": "0" * 32, "account": "f" * 32}
            for name, zone in (data.get("zones") or {}).items()
            if zone.get("provider") == "cloudflare"
        }
        values["stackgraph:shop"] = {"hosts": hosts, "secrets": secrets, "zones": zones}
    files = {
        "system.yaml": system,
        "web.compose.yaml": compose,
        f"Pulumi.{stack}.yaml": json.dumps({"config": values}),
    }
    return shop(root, files)


STRUCTURE = {"G01", "G02", "G04", "N04", "N07", "N10", "P01", "R01", "R02", "R09", "R14"}
"""Rules on what holds a system together; others ask for more than small systems here give."""


def broken(graph: StackGraph) -> list[Finding]:
    """Give what the rules on structure say of a graph."""
    return [finding for finding in check(graph) if finding.rule in STRUCTURE]


def at(line: int, path: str) -> Source:
    """Give a place in the system's own file."""
    return Source(FILE, line, path)
