"""The rules: small pure functions over the graph, a module a family, one registry."""

from __future__ import annotations

from config.finding import Finding, ordered
from graph.model import StackGraph
from graph.rules import (
    addresses,
    backups,
    data,
    dumps,
    edge,
    files,
    flows,
    health,
    hosts,
    images,
    ingresses,
    literals,
    mesh,
    mesh_dns,
    monitoring,
    names,
    networks,
    ownership,
    permissions,
    ports,
    processes,
    proxying,
    references,
    resources,
    routes,
    sockets,
    start_order,
    tunnels,
    upstreams,
    values,
)
from graph.rules.base import Rule, rules_of

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            rule
            for family in (
                addresses,
                backups,
                data,
                dumps,
                edge,
                files,
                flows,
                health,
                hosts,
                images,
                ingresses,
                literals,
                mesh,
                mesh_dns,
                monitoring,
                names,
                networks,
                ownership,
                permissions,
                ports,
                processes,
                proxying,
                references,
                resources,
                routes,
                sockets,
                start_order,
                tunnels,
                upstreams,
                values,
            )
            for rule in rules_of(family)
        ),
        key=lambda rule: rule.id,
    )
)


def check(graph: StackGraph) -> tuple[Finding, ...]:
    """Run every rule: all findings, sorted by place."""
    return ordered(finding for rule in RULES for finding in rule.findings(graph))


__all__ = ["RULES", "Rule", "check"]
