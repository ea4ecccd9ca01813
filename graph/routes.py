"""Builds routes and the ingresses that serve them; an ingress's networks follow from its routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from config.finding import Source
from config.load import LoadedSystem
from config.system import Route as RouteSpec
from graph.apps import ANY_ADDRESS
from graph.model import HostPort, Ingress, Route, Service, Upstream
from graph.names import logical, served
from graph.nodes import Nodes

HTTP_PORT, HTTPS_PORT = 80, 443


def add_routes(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add a system's routes, then the ingresses that they lead to."""
    for key, spec in sorted(loaded.system.routes.items()):
        _add_route(loaded, nodes, key, spec)
    for host in sorted(loaded.system.hosts):
        _add_ingress(loaded, nodes, host)


def _add_route(loaded: LoadedSystem, nodes: Nodes, key: str, spec: RouteSpec) -> None:
    source = loaded.document.where(("routes", key))
    name, slash, path = key.partition("/")
    service = None
    if spec.to is not None:
        at = loaded.document.where(("routes", key, "to"))
        service = nodes.service(loaded.name, spec.to.app, spec.to.service, at)
        if service is None:
            return
    zone = _zone(nodes, loaded.name, name)
    if zone is None and any(name.endswith(each) for each in loaded.unreadable):
        return
    port = spec.to.port if spec.to else None
    start_first = service is not None and service.handover.order == "start-first"
    if start_first and service is not None and port is not None:
        service = _with_upstream(service, port)
        nodes.services[service.id] = service
    id_ = f"route:{loaded.name}/{key}"
    nodes.routes[id_] = Route(
        id=id_,
        system=loaded.name,
        name=served(name, nodes.settings.target),
        declared_name=name,
        path=slash + path,
        zone=zone,
        ingress=_ingress(loaded, nodes, spec, service, source),
        service=service.id if service else None,
        port=port,
        redirect=spec.redirect,
        upstream=f"{service.alias}:{port}" if service and not start_first else None,
        upstream_file=f"{service.alias}-{port}" if service and start_first else None,
        access=spec.access,
        users=_users(loaded, nodes, key, spec),
        strip_prefix=spec.strip_prefix,
        websocket=spec.websocket,
        max_body=spec.max_body,
        max_duration=spec.max_duration,
        cache=spec.cache,
        compress=spec.compress,
        security_headers=spec.security_headers,
        proxied=_proxied(nodes, zone, spec),
        source=source,
    )


def _with_upstream(service: Service, port: int) -> Service:
    upstream = Upstream(file=f"{service.alias}-{port}", port=port)
    merged = {item.file: item for item in (*service.upstreams, upstream)}
    return replace(service, upstreams=tuple(merged[file] for file in sorted(merged)))


def _zone(nodes: Nodes, system: str, name: str) -> str | None:
    fits = [
        zone
        for zone in nodes.zones.values()
        if zone.system == system and (name == zone.name or name.endswith(f".{zone.name}"))
    ]
    return max(fits, key=lambda zone: len(zone.name)).id if fits else None


def _proxied(nodes: Nodes, zone: str | None, spec: RouteSpec) -> bool:
    if spec.proxied is not None:
        return spec.proxied
    return nodes.zones[zone].proxied if zone else False


def _users(loaded: LoadedSystem, nodes: Nodes, key: str, spec: RouteSpec) -> Mapping[str, str]:
    name = spec.access.basic_auth
    if name is None:
        return {}
    if name not in loaded.system.basic_auth:
        at = loaded.document.where(("routes", key, "access", "basic_auth"))
        nodes.unresolved_name(name, "basic_auth entry", loaded.system.basic_auth, at)
        return {}
    users = loaded.system.basic_auth[name]
    for user, secret in users.items():
        if secret not in loaded.system.secrets:
            at = loaded.document.where(("basic_auth", name, user))
            nodes.unresolved_name(secret, "secret", loaded.system.secrets, at)
    return dict(sorted(users.items()))


def _ingress(
    loaded: LoadedSystem,
    nodes: Nodes,
    spec: RouteSpec,
    service: Service | None,
    source: Source,
) -> str | None:
    with_ingress = sorted(k for k, h in loaded.system.hosts.items() if h.ingress is not None)
    if service is not None:
        key = nodes.hosts[service.host].key
    elif spec.host is not None:
        key = spec.host
    elif len(with_ingress) == 1:
        key = with_ingress[0]
    else:
        nodes.unresolved_name("", "host that serves the redirect", with_ingress, source)
        return None
    if key not in with_ingress:
        nodes.unresolved_name(key, "host with an ingress", with_ingress, source)
        return None
    return f"ingress:{loaded.name}/{key}"


def _add_ingress(loaded: LoadedSystem, nodes: Nodes, host_key: str) -> None:
    spec = loaded.system.hosts[host_key].ingress
    if spec is None:
        return
    settings, dev = nodes.settings, nodes.settings.target == "dev"
    id_ = f"ingress:{loaded.name}/{host_key}"
    host = f"host:{loaded.name}/{host_key}"
    name = logical(loaded.name, host_key, "ingress")
    routed = sorted(
        {r.service for r in nodes.routes.values() if r.ingress == id_ and r.service is not None}
    )
    source = loaded.document.where(("hosts", host_key, "ingress"))
    ingress = Ingress(
        id=id_,
        host=host,
        logical_name=name,
        image=spec.image,
        email=spec.email,
        http_port=settings.dev_ports.http if dev else HTTP_PORT,
        https_port=settings.dev_ports.https if dev else HTTPS_PORT,
        certificates="internal" if dev else "acme",
        # Docker gives published ports to the network whose name sorts first: a running proxy must
        # not lose them to one that it joins (docs/adr/0002).
        network_name=f"0-{name}",
        config_volume=f"{name}-config",
        data_volume=f"{name}-data",
        networks=_joined_networks([nodes.services[service] for service in routed], nodes),
        waits_for=tuple(routed),
        source=source,
    )
    nodes.ingresses[id_] = ingress
    for port in (ingress.http_port, ingress.https_port):
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


def _joined_networks(services: list[Service], nodes: Nodes) -> tuple[str, ...]:
    """Choose as few networks as will do: again and again the one that reaches most services.

    Where there is a choice, a network that is not internal: what is on internal ones is meant
    to be kept from whatever faces the outside.
    """
    choices = [{a.network for a in s.attachments} for s in services if s.attachments]
    internal = {id_ for id_, network in nodes.networks.items() if network.spec.internal}
    joined: set[str] = set()
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
    return tuple(sorted(joined))
