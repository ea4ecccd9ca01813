"""What protects the things of a system, and what they may do beyond the ordinary.

Each is one short text about one subject. A guard that goes, or a grant that comes, is weaker
protection; so what is graded has one guard for each grade, and what names several, one for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from config.http import RateLimit
from config.units import format_duration
from config.zone import EdgeRule
from graph.model import Host, Route, Service, StackGraph, Zone
from graph.summary.labels import label
from graph.summary.limits import limited

KEEPS = "it keeps capability "
"""How a grant begins that every container has unless it drops it."""

_ORDINARY = frozenset(
    {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"}
    | {"NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
)
"""What Docker gives each container: https://docs.docker.com/engine/security/#linux-kernel-capabilities."""

_TLS = ("1.0", "1.1", "1.2", "1.3")


def protected(graph: StackGraph, system: str) -> Iterator[str]:
    """Give the subjects that could have guards, whether or not they have any."""
    hosts = {host.id for host in graph.hosts.values() if host.system == system}
    yield from (f"host {graph.hosts[each].key}" for each in hosts)
    yield from (label(each.id) for each in graph.services.values() if each.host in hosts)
    yield from (label(each.id) for each in graph.volumes.values() if each.host in hosts)
    yield from (f"network {each.name}" for each in graph.networks.values() if each.host in hosts)
    yield from (each.address for each in graph.routes.values() if each.system == system)
    for zone in graph.zones.values():
        if zone.system == system and zone.provider == "cloudflare":
            yield f"zone {zone.name}"
    yield from (f"backup {b.key}" for b in graph.backups.values() if b.system == system)
    for database in graph.databases.values():
        if graph.services[database.server].host in hosts:
            yield f"database {label(database.id)}"


def guards(graph: StackGraph, system: str) -> Iterator[tuple[str, str]]:
    """Give what protects what: subject and guard."""
    for host in graph.hosts.values():
        if host.system == system:
            yield from _of_host(host)
    for service in graph.services.values():
        if graph.hosts[service.host].system == system:
            yield from _of_service(service)
    for route in graph.routes.values():
        if route.system == system:
            yield from _of_route(graph, route)
    for zone in graph.zones.values():
        if zone.system == system and zone.provider == "cloudflare":
            yield from _of_zone(zone)
    yield from _of_docker(graph, system)
    yield from _of_operations(graph, system)


def _of_docker(graph: StackGraph, system: str) -> Iterator[tuple[str, str]]:
    for volume in graph.volumes.values():
        if graph.hosts[volume.host].system == system and volume.retain:
            yield label(volume.id), "it outlives its removal from the files"
    for network in graph.networks.values():
        if graph.hosts[network.host].system == system and network.spec.internal:
            yield f"network {network.name}", "nothing on it gets out to other networks"


def _of_host(host: Host) -> Iterator[tuple[str, str]]:
    subject = f"host {host.key}"
    if host.hardened:
        yield subject, "its firewall lets in only what is declared"
        yield subject, "its SSH server takes keys only"
    if host.bans is not None:
        yield subject, "who fails to log in is banned"
    if host.access and host.access.host_key:
        yield subject, "its SSH host key is pinned"


def _of_service(service: Service) -> Iterator[tuple[str, str]]:
    spec, subject = service.spec, label(service.id)
    if spec.read_only:
        yield subject, "its root file system is read-only"
    for capability in spec.cap_drop:
        yield subject, f"it has dropped capability {capability.upper().removeprefix('CAP_')}"
    for option in spec.security_opt:
        if not _loosens(option):
            yield subject, f"security option {option}"
    if spec.user and spec.user.partition(":")[0] not in ("0", "root"):
        yield subject, "it does not run as root"
    if spec.healthcheck and spec.healthcheck.test and not spec.healthcheck.disable:
        yield subject, "its health is checked"


def _of_route(graph: StackGraph, route: Route) -> Iterator[tuple[str, str]]:
    subject = route.address
    if route.ingress is None:
        return
    ingress = graph.ingresses[route.ingress]
    yield subject, "it is served over HTTPS"
    if graph.target == "prod" and ingress.certificates != "internal":
        yield subject, "its certificate is one that browsers or the edge trust"
    if route.proxied:
        yield subject, "Cloudflare hides the host's address"
    if route.security_headers:
        yield subject, "answers have security headers"
    if route.max_body is not None:
        yield subject, limited("bodies", f"{route.max_body} bytes")
    if route.rate_limit is not None:
        yield subject, limited("calls", _rate(route.rate_limit))


def _of_zone(zone: Zone) -> Iterator[tuple[str, str]]:
    policy, subject = zone.policy, f"zone {zone.name}"
    if policy.ssl == "strict":
        yield subject, "the edge verifies the certificates of hosts"
    if policy.ssl in ("strict", "full"):
        yield subject, "the edge calls hosts over TLS"
    if policy.ssl != "off":
        yield subject, "callers reach the edge over TLS"
    for refused in takewhile(lambda each: each != policy.min_tls, _TLS):
        yield subject, f"TLS {refused} is refused"
    if policy.always_https:
        yield subject, "HTTP is redirected to HTTPS"
    if policy.hsts is not None:
        yield subject, "browsers remember to use HTTPS only (HSTS)"
    if policy.origin_pulls:
        yield subject, "hosts answer only the edge's own certificate"
    if policy.caa:
        yield subject, "only certain authorities may issue certificates (CAA)"
    if policy.rate_limit is not None:
        yield subject, limited("calls", _rate(policy.rate_limit))
    for key, rule in policy.rules.items():
        if rule.action != "skip":
            yield subject, f"rule {key}: {rule.action} {_scope(rule)}"


def _rate(limit: RateLimit) -> str:
    return f"{limit.requests} in {format_duration(limit.per)}"


def _scope(rule: EdgeRule) -> str:
    parts = [
        f"{word} {', '.join(map(str, values))}"
        for word in ("names", "paths", "methods", "sources")
        if (values := getattr(rule, word))
    ]
    return "; ".join(parts) or "everything"


def _of_operations(graph: StackGraph, system: str) -> Iterator[tuple[str, str]]:
    for backup in graph.backups.values():
        if backup.system != system:
            continue
        for capture in backup.captures:
            yield label(capture.of), f"backup {backup.key} saves it"
            for database in capture.databases:
                yield f"database {label(database)}", f"backup {backup.key} saves it"
        for copy in backup.copies:
            yield f"backup {backup.key}", f"a copy goes to {label(copy.to)}"
        if backup.drill_on:
            yield f"backup {backup.key}", "restoring it is tried"
    for monitor in graph.monitors.values():
        watched = monitor.route or monitor.service or monitor.backup
        if monitor.system == system and watched:
            address = graph.routes[watched].address if watched in graph.routes else label(watched)
            yield address, f"monitor {monitor.key} watches it"


def grants(graph: StackGraph, system: str) -> Iterator[tuple[str, str]]:
    """Give what may do more than the ordinary: subject and grant."""
    for service in graph.services.values():
        if graph.hosts[service.host].system == system:
            yield from _to_service(service)
    for route in graph.routes.values():
        if route.system == system and route.cors is not None:
            for origin in route.cors.origins:
                allowed = " with the user's cookies" if route.cors.credentials else ""
                yield route.address, f"pages of {origin} may call it{allowed}"
    for zone in graph.zones.values():
        if zone.system == system and zone.provider == "cloudflare":
            yield from _in_zone(zone)
    for waiver in graph.waivers:
        if waiver.system == system:
            yield "the rules", f"{waiver.spec.rule} is waived at {waiver.spec.path}"


def _in_zone(zone: Zone) -> Iterator[tuple[str, str]]:
    for issuer in zone.policy.caa:
        yield f"zone {zone.name}", f"{issuer} may issue certificates for it"
    for key, rule in zone.policy.rules.items():
        if rule.action == "skip":
            yield f"zone {zone.name}", f"rule {key}: no check of {_scope(rule)}"


def _to_service(service: Service) -> Iterator[tuple[str, str]]:
    spec, subject = service.spec, label(service.id)
    if spec.privileged:
        yield subject, "it is privileged: root on its host"
    if spec.network_mode == "host":
        yield subject, "it uses its host's network"
    for capability in spec.cap_add:
        name = capability.upper().removeprefix("CAP_")
        yield subject, f"{KEEPS if name in _ORDINARY else 'it has capability '}{name}"
    for option in spec.security_opt:
        if _loosens(option):
            yield subject, f"security option {option}"
    for mount in spec.volumes:
        if mount.type == "bind":
            yield (
                subject,
                f"it {'reads' if mount.read_only else 'writes'} {mount.source} of the host",
            )


def _loosens(option: str) -> bool:
    return option.replace("=", ":").partition(":")[2] in ("unconfined", "false", "disable")
