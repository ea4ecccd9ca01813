"""The page of a system: everything that people look up in it, and its diagrams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from config.finding import Finding
from graph.model import StackGraph
from graph.waivers import Waived
from render.markdown import heading, link, mermaid, section, text
from render.mermaid import architecture, networks, start_order
from render.tables import exposure, inventory, operations
from render.tables.records import external_records, mesh_dns


def page(
    graph: StackGraph,
    findings: Iterable[Finding] = (),
    waived: Iterable[Waived] = (),
    *,
    decisions: bool = False,
) -> str:
    """Give the page of a graph's one system as Markdown.

    ``decisions`` tells that the system has a README. What it does not have is left out, and so is
    what would change with time or with the stack's secrets.
    """
    (system,) = graph.systems
    texts = graph.texts[system]
    blocks = [
        heading(1, texts.title or system),
        f"Made by `stackgraph docs` from systems/{system}; changes here are overwritten.",
        text(texts.summary),
    ]
    if decisions:
        to = f"../../systems/{system}/README.md"
        blocks.append(f"What was decided, and why: {link(f'systems/{system}/README.md', to)}.")
    blocks += _sections(graph, findings, waived)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _sections(
    graph: StackGraph, findings: Iterable[Finding], waived: Iterable[Waived]
) -> Iterator[str]:
    yield section(2, "Hosts", inventory.hosts(graph), inventory.meshes(graph))
    yield section(2, "Architecture", mermaid(architecture(graph)))
    yield section(2, "Services", inventory.services(graph))
    yield section(2, "Processes", inventory.processes(graph))
    yield section(2, "Sites", inventory.sites(graph))
    yield section(2, "Jobs", inventory.jobs(graph))
    yield section(
        2,
        "Networks",
        mermaid(networks(graph)),
        inventory.networks(graph),
        *inventory.matrices(graph),
    )
    yield section(2, "Start order", mermaid(start_order(graph)))
    yield section(2, "Ports", exposure.ports(graph))
    yield section(
        2,
        "DNS",
        exposure.names_of(graph),
        exposure.zones(graph),
        *external_records(graph),
        *mesh_dns(graph),
    )
    yield section(2, "TLS endpoints", exposure.certificates(graph))
    yield section(2, "Routes", exposure.routes(graph))
    yield section(2, "External services", operations.externals(graph))
    yield section(2, "Databases", operations.databases(graph))
    yield section(
        2,
        "Backups",
        operations.backups(graph),
        operations.buckets(graph),
        operations.disposable(graph),
        *operations.backup_diagrams(graph),
    )
    yield section(2, "Monitors", operations.monitors(graph))
    yield section(2, "Scenarios", *operations.scenarios(graph))
    yield section(2, "Findings", operations.findings(findings))
    yield section(2, "Waivers", operations.waivers(graph, waived))
