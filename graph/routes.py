"""Builds routes, and finds what answers them and which ingress serves them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace

from config.access import Sources
from config.finding import Source
from config.host import LOOPBACK
from config.load import LoadedSystem
from config.route import Route as RouteSpec
from graph.apps import ANY_ADDRESS
from graph.model import ErrorPages, Process, Route, Service, Site, Upstream
from graph.names import served
from graph.nodes import Nodes

HOST_ALIAS = "host.docker.internal"
"""What a proxy in a container calls its host."""

THIS_MACHINE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128")
"""Where callers from this machine come from, also by Docker's gateways: the dev stack's mesh."""


def add_routes(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add a system's routes."""
    for key, spec in sorted(loaded.system.routes.items()):
        _add_route(loaded, nodes, key, spec)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What answers a route, one of the three, or nothing for a redirect."""

    service: Service | None = None
    process: Process | None = None
    site: Site | None = None

    @property
    def host(self) -> str | None:
        """The id of the host where it is."""
        found = self.service or self.process or self.site
        return found.host if found else None


def _add_route(loaded: LoadedSystem, nodes: Nodes, key: str, spec: RouteSpec) -> None:
    source = loaded.document.where(("routes", key))
    name, slash, path = key.partition("/")
    answer = _answer(loaded, nodes, key, spec)
    if answer is None:
        return
    zone = _zone(nodes, loaded.name, name)
    if zone is None and any(_lies_in(name, each) for each in loaded.unreadable):
        return
    port = spec.to.port if spec.to else None
    ingress = _ingress(loaded, nodes, spec, answer, source)
    upstream, file = _upstream(loaded, nodes, answer, port, ingress)
    if file and answer.service and port:
        service = nodes.services[answer.service.id]
        nodes.services[service.id] = _with_upstream(service, port)
    id_ = f"route:{loaded.name}/{key}"
    environment = spec.environment
    if environment is None:
        host = ingress.replace("ingress:", "host:") if ingress else ""
        environment = nodes.hosts[host].environment if host in nodes.hosts else "production"
    nodes.routes[id_] = Route(
        id=id_,
        system=loaded.name,
        name=served(name, nodes.settings.target),
        declared_name=name,
        path=slash + path,
        zone=zone,
        ingress=ingress,
        service=answer.service.id if answer.service else None,
        process=answer.process.id if answer.process else None,
        site=answer.site.id if answer.site else None,
        port=port,
        redirect=spec.redirect,
        upstream=upstream,
        upstream_file=file,
        access=spec.access,
        sources=sources(loaded, nodes, spec.access),
        mesh=spec.access.mesh,
        users=_users(loaded, nodes, key, spec),
        strip_prefix=spec.strip_prefix,
        websocket=spec.websocket,
        max_body=spec.max_body,
        max_duration=spec.max_duration,
        cache=spec.cache,
        rate_limit=spec.rate_limit,
        cors=spec.cors,
        headers=spec.headers,
        health=spec.health,
        errors=_error_pages(loaded, nodes, key, spec, ingress),
        compress=spec.compress,
        security_headers=spec.security_headers,
        proxied=_proxied(nodes, zone, spec),
        purpose=spec.purpose,
        environment=environment,
        source=source,
    )


def _answer(loaded: LoadedSystem, nodes: Nodes, key: str, spec: RouteSpec) -> _Answer | None:
    """Find what answers a route; None, and noted, where it names nothing."""
    if spec.site is not None:
        site = nodes.sites.get(f"site:{loaded.name}/{spec.site}")
        if site is None:
            at = loaded.document.where(("routes", key, "site"))
            nodes.unresolved_name(spec.site, "site", loaded.system.sites, at)
            return None
        return _Answer(site=site)
    if spec.to is None:
        return _Answer()
    at = loaded.document.where(("routes", key, "to"))
    if spec.to.app is not None:
        service = nodes.service(loaded.name, spec.to.app, spec.to.name, at)
        return _Answer(service=service) if service else None
    process = nodes.processes.get(f"process:{loaded.name}/{spec.to.name}")
    if process is None:
        nodes.unresolved_name(spec.to.name, "process", loaded.system.processes, at)
        return None
    return _Answer(process=process)


def _error_pages(
    loaded: LoadedSystem, nodes: Nodes, key: str, spec: RouteSpec, ingress: str | None
) -> ErrorPages | None:
    """Find the site of a route's error pages; None, and noted, where its host has none so named."""
    if spec.errors is None:
        return None
    name = spec.errors.site or spec.site
    site = nodes.sites.get(f"site:{loaded.name}/{name}")
    host = ingress.replace("ingress:", "host:") if ingress else None
    if site is None or (host is not None and site.host != host):
        at = loaded.document.where(("routes", key, "errors", "site"))
        beside = [each.key for each in nodes.sites.values() if host in (None, each.host)]
        nodes.unresolved_name(str(name), "site on its host", beside, at)
        return None
    return ErrorPages(site=site.id, pages=spec.errors.pages)


def _upstream(
    loaded: LoadedSystem, nodes: Nodes, answer: _Answer, port: int | None, ingress: str | None
) -> tuple[str | None, str | None]:
    """Give what an ingress calls the target, and the file that says so where it may change."""
    if port is None or ingress is None:
        return None, None
    service = answer.service
    if ingress_kind(loaded, nodes, ingress.rpartition("/")[2]) == "nginx":
        if service is None:
            return f"{LOOPBACK}:{port}", None
        return _published(service, port), None
    if service is None:
        on_dev = nodes.settings.target == "dev"
        return None if on_dev or not answer.process else _for_containers(answer.process, port), None
    if service.handover.order == "start-first":
        return None, f"{service.alias}-{port}"
    return f"{service.alias}:{port}", None


def _for_containers(process: Process, port: int) -> str | None:
    """Give where a container reaches a process of its host; None where it listens on loopback."""
    for listener in process.spec.listens:
        address = ipaddress.ip_address(listener.address)
        if listener.port == port and not address.is_loopback:
            if address.is_unspecified:
                return f"{HOST_ALIAS}:{port}"
            return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
    return None


def _published(service: Service, port: int) -> str | None:
    """Give where a container's port is published for the host itself; None where it is not."""
    for each in service.spec.ports:
        if port in each.target and each.protocol == "tcp":
            ip = each.host_ip or ANY_ADDRESS
            at = LOOPBACK if ip in (ANY_ADDRESS, "::") else f"[{ip}]" if ip == "::1" else ip
            if at.startswith(("127.", "[")):
                return f"{at}:{each.published.start + port - each.target.start}"
    return None


def ingress_kind(loaded: LoadedSystem, nodes: Nodes, host_key: str) -> str | None:
    """Say what a host's ingress is on this stack; None where it has none."""
    spec = loaded.system.hosts[host_key].ingress
    if spec is None:
        return None
    # On the dev stack a host is this machine's Docker, which runs no program of the host's.
    return "caddy" if nodes.settings.target == "dev" else spec.kind


def sources(loaded: LoadedSystem, nodes: Nodes, access: Sources) -> tuple[str, ...] | None:
    """Give the networks that callers may come from; None for anywhere."""
    if access.anywhere:
        return None
    admitted = list(access.allow or ())
    if access.mesh:
        mesh = loaded.system.mesh
        own = (mesh.cidr,) if mesh else ()
        admitted += THIS_MACHINE if nodes.settings.target == "dev" else own
    return tuple(dict.fromkeys(admitted))


def _with_upstream(service: Service, port: int) -> Service:
    upstream = Upstream(file=f"{service.alias}-{port}", port=port)
    merged = {item.file: item for item in (*service.upstreams, upstream)}
    return replace(service, upstreams=tuple(merged[file] for file in sorted(merged)))


def _lies_in(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _zone(nodes: Nodes, system: str, name: str) -> str | None:
    fits = [
        zone for zone in nodes.zones.values() if zone.system == system and _lies_in(name, zone.name)
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
    answer: _Answer,
    source: Source,
) -> str | None:
    with_ingress = sorted(k for k, h in loaded.system.hosts.items() if h.ingress is not None)
    if answer.host is not None:
        key = nodes.hosts[answer.host].key
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
