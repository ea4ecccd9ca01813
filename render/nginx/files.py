"""The files that nginx reads, from an ingress's routes."""

from __future__ import annotations

from graph.model import Ingress, StackGraph
from render.nginx.place import CONF, DOOR, names_of, virtual_host
from render.nginx.server import door, shared, virtual_host_text


def nginx_files(graph: StackGraph, ingress: Ingress) -> dict[str, str]:
    """Give every file that nginx reads of an ingress, by absolute path; no secret is among them.

    Those in ``sites-available`` are linked in ``sites-enabled``: a name's virtual host once its
    certificate is there.
    """
    names = names_of(graph.routes_of(ingress))
    files = {CONF: shared(graph, ingress, names), DOOR: door(ingress, names)}
    for name, routes in names.items():
        files[virtual_host(name)] = virtual_host_text(graph, ingress, name, routes)
    return files
