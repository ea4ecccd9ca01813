"""Builds the ingresses of hosts: what each must join, hold and believe follows from its routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from config.certificates import CertificateFiles, Certificates, DnsChallenge, secrets_of
from config.host import DEFAULT_CADDY_IMAGE, CaddyIngress
from config.load import LoadedSystem
from graph.apps import ANY_ADDRESS
from graph.model import HostPort, Ingress, Route, Service, Tunnel
from graph.names import logical
from graph.nodes import Nodes
from graph.routes import ingress_kind
from graph.tunnels import tunnel_of

HTTP_PORT, HTTPS_PORT = 80, 443


def add_ingresses(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add a system's ingresses, once the routes are known that lead to them."""
    for host in sorted(loaded.system.hosts):
        _add_ingress(loaded, nodes, host)


def _add_ingress(loaded: LoadedSystem, nodes: Nodes, host_key: str) -> None:
    spec = loaded.system.hosts[host_key].ingress
    if spec is None:
        return
    dev = nodes.settings.target == "dev"
    kind = ingress_kind(loaded, nodes, host_key)
    caddy = kind == "caddy"
    http, https = _ports(nodes)
    id_ = f"ingress:{loaded.name}/{host_key}"
    host = f"host:{loaded.name}/{host_key}"
    name = logical(loaded.name, host_key, "ingress")
    source = loaded.document.where(("hosts", host_key, "ingress"))
    routes = [route for route in nodes.routes.values() if route.ingress == id_]
    routed = sorted({route.service for route in routes if route.service is not None})
    certificates = _certificates(loaded, nodes, host_key)
    tunnel = None
    if isinstance(spec, CaddyIngress) and spec.tunnel is not None and not dev:
        at = loaded.document.where(("hosts", host_key, "ingress", "tunnel"))
        tunnel = tunnel_of(nodes, host, spec.tunnel, routes, at)
    ingress = Ingress(
        id=id_,
        host=host,
        kind="caddy" if caddy else "nginx",
        logical_name=name,
        image=spec.image if spec.kind == "caddy" else DEFAULT_CADDY_IMAGE if caddy else "",
        email=spec.email,
        http_port=http,
        https_port=https,
        certificates=certificates.kind,
        dns_token=certificates.token,
        certificate_files=certificates.files,
        edge=_believed(nodes, routes, tunnel),
        sites=() if dev else _sites(routes),
        reaches_host=caddy and any(route.process and route.upstream for route in routes),
        # Docker gives published ports to the network whose name sorts first: a running proxy must
        # not lose them to one that it joins (docs/adr/0002).
        network_name=f"0-{name}" if caddy else "",
        config_volume=f"{name}-config" if caddy else "",
        data_volume=f"{name}-data" if caddy else "",
        networks=_joined_networks([nodes.services[service] for service in routed], nodes)
        if caddy
        else (),
        waits_for=tuple(routed),
        source=source,
        tunnel=tunnel,
    )
    nodes.ingresses[id_] = ingress
    for port in () if tunnel else (ingress.http_port, ingress.https_port):
        nodes.host_ports.append(
            HostPort(
                host=host,
                ip=ANY_ADDRESS,
                port=range(port, port + 1),
                protocol="tcp",
                owner=id_,
                source=source,
            )
        )


@dataclass(frozen=True, slots=True)
class _From:
    """Where certificates come from, as an `Ingress` says it."""

    kind: Literal["acme", "dns", "files", "internal", "origin"]
    token: str | None = None
    files: tuple[str, str] | None = None


def _certificates(loaded: LoadedSystem, nodes: Nodes, host_key: str) -> _From:
    """Find where an ingress has its certificates from; secrets that are none are noted."""
    spec = loaded.system.hosts[host_key].ingress
    said: Certificates = spec.certificates if isinstance(spec, CaddyIngress) else "acme"
    for secret in secrets_of(said):
        if secret not in loaded.system.secrets:
            at = loaded.document.where(("hosts", host_key, "ingress", "certificates"))
            nodes.unresolved_name(secret, "secret", loaded.system.secrets, at)
    if nodes.settings.target == "dev":
        return _From("internal")
    if isinstance(said, DnsChallenge):
        return _From("dns", token=said.token)
    if isinstance(said, CertificateFiles):
        return _From("files", files=(said.certificate, said.key))
    return _From(said)


def _believed(nodes: Nodes, routes: Sequence[Route], tunnel: Tunnel | None) -> tuple[str, ...]:
    """Give the networks whose word on who calls an ingress takes."""
    if tunnel is not None:
        return (tunnel.addresses,)
    dev = nodes.settings.target == "dev"
    if dev or not any(route.proxied for route in routes):
        return ()
    return tuple(sorted(nodes.edge_networks))


def _sites(routes: Sequence[Route]) -> tuple[str, ...]:
    """Give the sites whose files an ingress serves, also as error pages."""
    found = {route.site for route in routes if route.site}
    return tuple(sorted(found | {route.errors.site for route in routes if route.errors}))


def _ports(nodes: Nodes) -> tuple[int, int]:
    """Give the ports of the next ingress: on the dev stack each has two of its own."""
    if nodes.settings.target == "prod":
        return HTTP_PORT, HTTPS_PORT
    first, before = nodes.settings.dev_ports, len(nodes.ingresses)
    return first.http + before, first.https + before


def _joined_networks(services: list[Service], nodes: Nodes) -> tuple[str, ...]:
    """Choose the networks by which an ingress reaches services: of each app as few as will do."""
    internal = {id_ for id_, network in nodes.networks.items() if network.spec.internal}
    choices: dict[str, list[set[str]]] = {}
    for service in services:
        if service.attachments:
            networks = {attachment.network for attachment in service.attachments}
            choices.setdefault(service.app, []).append(networks)
    return tuple(sorted(n for of_app in choices.values() for n in _fewest(of_app, internal)))


def _fewest(choices: list[set[str]], internal: set[str]) -> set[str]:
    """Choose a network out of each set: again and again the one that is in most of them.

    Where there is a choice, a network that is not internal: what is on internal ones is meant
    to be kept from whatever faces the outside.
    """
    joined = {network for networks in choices if len(networks) == 1 for network in networks}
    while unreached := [networks for networks in choices if not networks & joined]:
        reaching = Counter(network for networks in unreached for network in networks)
        eligible = {
            network for networks in unreached for network in networks - internal or networks
        }
        joined.add(min(eligible, key=lambda network: (-reaching[network], network)))
    # A later choice may have made an earlier one needless.
    for network in sorted(joined, reverse=True):
        if all(networks & (joined - {network}) for networks in choices):
            joined.remove(network)
    return joined
