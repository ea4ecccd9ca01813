"""The files of a host, by the path below the target directory."""

from __future__ import annotations

from config.finding import Finding, FindingsError, Source, one_of
from graph.model import StackGraph
from render.bootstrap import bootstrap_files, bootstrap_script
from render.caddy import caddyfile
from render.deploy import service_script
from render.firewall import firewall_files
from render.nginx import nginx_files, nginx_script
from render.processes import jobs_of, process_files, processes_of, processes_script


def render_files(graph: StackGraph, host: str | None) -> dict[str, str]:
    """Render what a deploy puts on each host: the Caddyfile, configs, handover scripts."""
    hosts = {node.key: node for node in graph.hosts.values()}
    if host is not None and host not in hosts:
        source = Source("--host", 1, "")
        fact = f"there is no host {host!r}"
        raise FindingsError(
            [Finding(rule="host", source=source, fact=fact, remedy=one_of(host, hosts))]
        )
    files: dict[str, str] = {}
    for key, node in hosts.items():
        # What others manage is described; nothing is put there.
        if host not in (None, key) or node.managed_by:
            continue
        if node.access is not None and node.hardened:
            found = {**bootstrap_files(graph, node), **firewall_files(graph, node)}
            files |= {f"{key}/host{path}": text for path, text in found.items()}
            files[f"{key}/bootstrap.sh"] = bootstrap_script(graph, node)
        ingress = graph.ingress_of(node.id)
        if ingress is not None and ingress.kind == "caddy":
            files[f"{key}/caddy/Caddyfile"] = caddyfile(graph, ingress)
        elif ingress is not None:
            files |= {f"{key}/host{p}": text for p, text in nginx_files(graph, ingress).items()}
            files[f"{key}/nginx.sh"] = nginx_script(graph, ingress)
        if node.access is not None and (processes_of(graph, node) or jobs_of(graph, node)):
            # The environments of processes hold secrets and are never rendered.
            files |= {f"{key}/host{f.path}": f.text for f in process_files(graph, node)}
            files[f"{key}/processes.sh"] = processes_script(graph, node)
        for service in graph.services.values():
            if service.host != node.id:
                continue
            folder = f"{key}/{graph.apps[service.app].key}/{service.key}"
            files[f"{folder}/handover.sh"] = service_script(
                service, ingress if service.upstreams else None
            )
            for file in service.files:
                # Secrets are put in by the deploy and are never rendered.
                if file.content is not None:
                    files[f"{folder}/files{file.target}"] = file.content
    return files
