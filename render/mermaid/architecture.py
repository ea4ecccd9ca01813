"""The stack graph as a Mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import App, EdgeKind, Host, StackGraph
from graph.nodes import INTERNET

INDENT = "    "


def flowchart(graph: StackGraph) -> str:
    """Draw hosts, apps, services, ingresses and externals, and who calls or waits for whom."""
    lines = ["graph LR", *_outside(graph)]
    for host in graph.hosts.values():
        lines += _host(graph, host)
    lines += _arrows(graph)
    return "\n".join(lines) + "\n"


def _outside(graph: StackGraph) -> Iterator[str]:
    yield f"{INDENT}{_id(INTERNET)}(({_text('Internet')}))"
    for external in graph.externals.values():
        yield f"{INDENT}{_id(external.id)}[/{_text(external.key, external.purpose)}/]"


def _host(graph: StackGraph, host: Host) -> Iterator[str]:
    yield f"{INDENT}subgraph {_id(host.id)}[{_text(host.key, host.platform)}]"
    ingress = graph.ingress_of(host.id)
    if ingress is not None:
        ports = f":{ingress.http_port} :{ingress.https_port}"
        yield f"{INDENT * 2}{_id(ingress.id)}[{_text('Caddy', ports)}]"
    for app in graph.apps.values():
        if app.host == host.id:
            yield from _app(graph, app)
    yield f"{INDENT}end"


def _app(graph: StackGraph, app: App) -> Iterator[str]:
    yield f"{INDENT * 2}subgraph {_id(app.id)}[{_text(app.key)}]"
    for service in graph.services_of(app):
        ports = " ".join(f":{port.target.start}" for port in service.spec.expose)
        yield f"{INDENT * 3}{_id(service.id)}[{_text(service.key, ports)}]"
    yield f"{INDENT * 2}end"


def _arrows(graph: StackGraph) -> Iterator[str]:
    for ingress in graph.ingresses.values():
        yield f"{INDENT}{_id(INTERNET)} -->|{_text('HTTPS')}| {_id(ingress.id)}"
    for route in graph.routes.values():
        if route.ingress and route.service:
            label = _text(route.declared_name + route.path)
            yield f"{INDENT}{_id(route.ingress)} -->|{label}| {_id(route.service)}"
    for edge in graph.edges:
        if edge.kind is EdgeKind.CALLS:
            label = f"|{_text(edge.label)}|" if edge.label else ""
            yield f"{INDENT}{_id(edge.source)} -->{label} {_id(edge.target)}"
        elif edge.kind is EdgeKind.WAITS_FOR and edge.source in graph.services:
            yield f"{INDENT}{_id(edge.source)} -.-> {_id(edge.target)}"


def _id(node: str) -> str:
    # Every character that an id may not hold has a number of its own: no two ids become one.
    return "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in node)


_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "#": "&num;", "`": "&grave;"}
)
"""What HTML reads otherwise, and what Mermaid does: ``#…;`` and Markdown between backquotes."""


def _text(*texts: str) -> str:
    lines = [line for text in texts for line in text.splitlines() if line]
    return '"' + "<br/>".join(line.translate(_ESCAPES) for line in lines) + '"'
