"""Hosts themselves: who gets in, who is banned, what their jobs do."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from config.finding import Severity
from config.units import format_duration
from graph.model import Host, Monitor, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.judged import host_of, listed, spoken
from graph.rules.scope import at
from graph.rules.subnets import span

_PRUNE = re.compile(
    r"\bdocker\b[^;&|\n]*?\s(?P<what>system|volume|network|container)\s+prune\b(?P<options>[^;&|\n]*)"
)
_LABEL = re.compile(r"--filter[=\s]+[\"']?label!?=")


@rule("N06")
def prunes_blindly(graph: StackGraph) -> Iterator[Breach]:
    """A job that prunes tells by a label what it may remove."""
    lost = {
        "system": "stopped containers and unused networks",
        "container": "stopped containers",
        "network": "networks that nothing uses just now",
        "volume": "volumes that nothing uses just now",
    }
    for job in graph.jobs.values():
        for match in _PRUNE.finditer(job.spec.command):
            what, options = match["what"], match["options"]
            if _LABEL.search(options):
                continue
            also = ", volumes too" if what == "system" and "--volumes" in options else ""
            yield Breach(
                at(job.source, "command"),
                f"docker {what} prune takes {lost[what]}{also}, whoever owns them: of every app "
                "that is down at that time",
                "add --filter label=…, or prune images only",
            )


@rule("P06")
def mesh_only_without_mesh(graph: StackGraph) -> Iterator[Breach]:
    """A host whose SSH is for the mesh only is a member of the mesh."""
    for host in _written(graph):
        mesh = graph.mesh_of(host.system)
        if _mesh_only(host) and (mesh is None or host.id not in mesh.members):
            fact = f"of which {host.key} is no member" if mesh else "and the system has none"
            remedy = "add it to the members of the mesh" if mesh else "declare the mesh"
            yield Breach(
                at(host.source, "ssh.access"),
                f"SSH of {host.key} is for the mesh only, {fact}: nobody gets in",
                f"{remedy}, or let addresses in by allow",
            )


@rule("P07", absence=True)
def locked_out_with_the_mesh(graph: StackGraph) -> Iterator[Breach]:
    """There is a way in when the mesh is down."""
    for mesh in graph.meshes.values():
        hosts = [host for host in _written(graph) if host.system == mesh.system]
        place = graph.services[mesh.control].host if mesh.control else None
        control = next((host for host in hosts if host.id == place), None)
        if control is not None and _mesh_only(control):
            yield Breach(
                at(control.source, "ssh.access"),
                f"SSH of {control.key} is for the mesh only, whose control server runs there: "
                "when it fails, nobody gets in to mend it",
                "let an address in by allow, too",
            )
        elif hosts and all(_mesh_only(host) for host in hosts):
            yield Breach(
                mesh.source,
                f"SSH of every host ({listed([host.key for host in hosts])}) is for the mesh "
                "only: when it fails, nobody gets in anywhere",
                "let an address in by allow, on one host at least",
            )


def _written(graph: StackGraph) -> Iterator[Host]:
    """Give the hosts that are ours to write."""
    return (host for host in graph.hosts.values() if host.managed_by is None)


def _mesh_only(host: Host) -> bool:
    return host.ssh.mesh and not host.ssh.allow


@rule("P11")
def monitor_is_banned(graph: StackGraph) -> Iterator[Breach]:
    """Nobody is banned for what a monitor expects."""
    groups: dict[tuple[str, str], list[Monitor]] = defaultdict(list)
    for monitor in graph.monitors.values():
        host = _asked_host(graph, monitor)
        if host is not None and _is_failure(monitor, host) and not _exempt(graph, monitor, host):
            groups[monitor.prober, host.id].append(monitor)
    for (prober, host_id), monitors in groups.items():
        host = graph.hosts[host_id]
        bans = host.bans
        if bans is None:
            continue
        # All that one prober asks comes from one address.
        count = int(sum(bans.window / monitor.spec.every for monitor in monitors))
        if count >= bans.failures:
            answers = {str(s) for m in monitors for s in m.spec.expect if s in bans.statuses}
            keys = [monitor.key for monitor in monitors]
            yield Breach(
                monitors[0].source,
                f"{spoken(prober)} gets {', '.join(sorted(answers))} from {host.key} {count} times "
                f"in {format_duration(bans.window)} ({listed(keys)}), and {bans.failures} ban it",
                "ask less often, or what needs no credentials, or add its network to bans.never",
            )


def _asked_host(graph: StackGraph, monitor: Monitor) -> Host | None:
    """Give the host whose ingress answers a monitor."""
    route = graph.routes[monitor.route] if monitor.route else None
    if route is None or route.ingress is None:
        return None
    return graph.hosts[graph.ingresses[route.ingress].host]


def _is_failure(monitor: Monitor, host: Host) -> bool:
    """Whether a host counts an answer that a monitor expects as a failure."""
    counted = host.bans.statuses if host.bans else ()
    return bool(monitor.spec.every and set(monitor.spec.expect) & set(counted))


def _exempt(graph: StackGraph, monitor: Monitor, host: Host) -> bool:
    """Whether a host never bans the prober: it is in the mesh, and the mesh is never banned."""
    mesh = graph.mesh_of(host.system)
    if mesh is None or host.bans is None or host_of(graph, monitor.prober) not in mesh.members:
        return False
    return any(span(never).covers(span(mesh.cidr)) for never in host.bans.never)


@rule("P13", severity=Severity.WARNING)
def not_hardened(graph: StackGraph) -> Iterator[Breach]:
    """Every host of ours is hardened."""
    for host in _written(graph):
        if not host.hardened:
            yield Breach(
                at(host.source, "hardened"),
                f"{host.key} is not hardened: passwords, root's login and open ports stay as its "
                "image has them",
                "remove hardened: false",
            )


@rule("P15")
def bans_without_effect(graph: StackGraph) -> Iterator[Breach]:
    """Bans apply where packets to containers pass."""
    behind: dict[str, dict[str, None]] = defaultdict(dict)
    for port in graph.host_ports:
        name = None if port.loopback else _container(graph, port.owner)
        if name is not None:
            behind[port.host][name] = None
    for host in graph.hosts.values():
        if host.bans is not None and host.bans.chain == "input" and behind[host.id]:
            yield Breach(
                at(host.source, "bans.chain"),
                f"bans of {host.key} apply in the chain input, which packets to containers never "
                f"pass: {listed(behind[host.id])}",
                "set chain: docker-user",
            )


def _container(graph: StackGraph, owner: str) -> str | None:
    """Name the container that owns a port; None where it is a program of the host, as it were."""
    service = graph.services.get(owner)
    if service is not None:
        return None if service.spec.network_mode == "host" else spoken(owner)
    ingress = graph.ingresses.get(owner)
    # On the dev stack Caddy stands in for a host's nginx: what was declared is not known there.
    declared = ingress is not None and ingress.kind == "caddy" and graph.target == "prod"
    return "its ingress" if declared else None
