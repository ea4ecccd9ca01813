"""Certificates, and whom Caddy answers at all: authenticated origin pulls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graph.model import Ingress, Route, StackGraph
from render.caddy.names import CERTIFICATES, SECRETS
from render.caddyfile import Directive, block, line
from render.shell import CONFIG_DIRECTORY

OWN_CERTIFICATE = "own"
"""Name of the owner's certificate among the files of certificates."""

DNS_TOKEN = f"{SECRETS}/dns_token"
"""The file with the token of the DNS provider, below Caddy's own directory."""

RESOLVERS = ("1.1.1.1", "1.0.0.1")
"""Whom Caddy asks whether a record of DNS-01 is there: a local resolver may not tell (V06)."""


def certificate_name(graph: StackGraph, ingress: Ingress, route: Route) -> str | None:
    """Name the certificate's files for a route; None where Caddy gets one by itself."""
    if ingress.certificates == "files":
        return OWN_CERTIFICATE
    if ingress.certificates == "origin" and route.proxied and route.zone is not None:
        return graph.zones[route.zone].name
    return None


def origin_pulls_name(graph: StackGraph, ingress: Ingress, route: Route) -> str | None:
    """Name the file of the authority for a name that only its zone's edge may call."""
    if not ingress.edge or not route.proxied or route.zone is None or ingress.tunnel:
        return None  # through a tunnel it is cloudflared that calls, and it shows none
    zone = graph.zones[route.zone]
    return f"{zone.name}.origin-pulls" if zone.policy.origin_pulls else None


def certificate_options(graph: StackGraph, ingress: Ingress) -> Iterator[Directive]:
    """Give the global options of an ingress's certificates."""
    if graph.acme_directory and ingress.certificates != "internal":
        yield line("acme_ca", graph.acme_directory)
    if ingress.certificates == "internal":
        yield line("http_port", str(ingress.http_port))
        yield line("local_certs")
        yield line("skip_install_trust")
    elif ingress.certificates == "dns":
        # Read from the file when Caddy starts: it is in no text, no argument, no environment.
        yield line("acme_dns", "cloudflare", f"{{file.{CONFIG_DIRECTORY}/{DNS_TOKEN}}}")


def certificate(
    graph: StackGraph, ingress: Ingress, routes: Sequence[Route]
) -> Iterator[Directive]:
    """Give the ``tls`` of a name, where it needs any; its routes agree on it."""
    files: list[str] = []
    steps: list[Directive] = []
    for route in routes:
        name, pulls = (
            certificate_name(graph, ingress, route),
            origin_pulls_name(graph, ingress, route),
        )
        if name and not files:
            # One file has both, so that no deploy leaves one without the other.
            files = [f"{CONFIG_DIRECTORY}/{CERTIFICATES}/{name}.pem"] * 2
        if pulls and not steps:
            pool = line("trust_pool", "file", f"{CONFIG_DIRECTORY}/{CERTIFICATES}/{pulls}.pem")
            steps.append(block("client_auth", of=[line("mode", "require_and_verify"), pool]))
    if ingress.certificates == "dns":
        steps.insert(0, line("resolvers", *RESOLVERS))
    if steps:
        yield block("tls", *files, of=steps)
    elif files:
        yield line("tls", *files)
