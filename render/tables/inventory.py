"""What there is: hosts, services, processes, sites, networks."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Host, Service, StackGraph
from render import words
from render.markdown import Cell, Code, heading, table
from render.mermaid.networks import members
from render.names import Names
from render.ports import container_ports, written

KINDS = {"vps": "VPS", "ec2": "EC2", "oci": "OCI"}
NONE = "—"


def hosts(graph: StackGraph) -> str:
    """Give a row for every host."""
    head = ("Host", "Kind", "Platform", "CPUs", "Memory", "Swap", "Managed by", "Environment")
    rows = [
        (
            host.key,
            KINDS[host.kind],
            host.platform,
            f"{host.cpus:g}",
            words.size(host.memory),
            words.size(host.swap),
            host.managed_by or "this program",
            host.environment,
            host.purpose or "",
        )
        for host in graph.hosts.values()
    ]
    return table((*head, "Purpose"), rows)


def meshes(graph: StackGraph) -> str:
    """Give a row for every mesh."""
    names = Names(graph)
    rows = [
        (
            mesh.kind,
            mesh.cidr,
            [names.of(member) for member in mesh.members],
            names.of(mesh.control) if mesh.control else "",
            "yes" if mesh.dns else "no",
        )
        for mesh in graph.meshes.values()
    ]
    return table(("Mesh", "Addresses", "Members", "Control server", "Resolves names"), rows)


def services(graph: StackGraph) -> str:
    """Give a row for every routed name of a service, then one for each service without a name."""
    routed = [route for route in graph.routes.values() if route.service]
    rows = [
        _service(graph, graph.services[route.service], route.address, str(route.port))
        for route in routed
        if route.service
    ]
    named = {route.service for route in routed}
    for service in graph.services.values():
        if service.id not in named:
            ports = ", ".join(written(container_ports(graph, service))) or NONE
            rows.append(_service(graph, service, NONE, ports))
    head = ("Domain", "Service", "Port", "Network", "Stack", "Image", "Memory limit")
    return table(head, rows)


def _service(graph: StackGraph, service: Service, domain: str, ports: str) -> tuple[Cell, ...]:
    image = service.image
    runs: Cell = Code(image.reference)
    if image.stand_in_for:
        runs = f"stand-in for {image.stand_in_for}"
    elif image.context:
        runs = ("built from", Code(image.context))
    networks = [graph.networks[each.network].name for each in service.attachments]
    return (
        domain,
        service.key,
        ports,
        networks or service.spec.network_mode or NONE,
        graph.app_of(service).key,
        runs,
        words.size(service.spec.memory_limit) or "none",
    )


def processes(graph: StackGraph) -> str:
    """Give a row for every process."""
    names = Names(graph)
    rows = [
        (
            process.key,
            names.of(process.host),
            process.spec.manager,
            [f"{each.address}:{each.port}" for each in process.spec.listens],
            process.spec.user,
            Code(process.spec.directory),
            Code(process.spec.command),
            words.size(process.spec.memory),
            [Code(path) for path in process.spec.data],
            process.spec.purpose,
        )
        for process in graph.processes.values()
    ]
    head = ("Process", "Host", "Manager", "Listens on", "User", "Directory", "Command")
    return table((*head, "Memory limit", "Data", "Purpose"), rows)


def sites(graph: StackGraph) -> str:
    """Give a row for every site."""
    names = Names(graph)
    rows = [
        (
            site.key,
            names.of(site.host),
            Code(site.spec.path),
            Code(site.spec.fallback or ""),
            [Code(path) for path in site.spec.immutable],
            site.spec.purpose,
        )
        for site in graph.sites.values()
    ]
    return table(("Site", "Host", "Path", "Fallback", "Kept for a year", "Purpose"), rows)


def jobs(graph: StackGraph) -> str:
    """Give a row for every job."""
    names = Names(graph)
    rows = [
        (
            job.key,
            names.of(job.host),
            words.schedule(job.spec.schedule),
            Code(job.spec.command),
            job.spec.purpose,
        )
        for job in graph.jobs.values()
    ]
    return table(("Job", "Host", "When", "Command", "Purpose"), rows)


def networks(graph: StackGraph) -> str:
    """Give a row for every network."""
    names = Names(graph)
    rows = [
        (
            Code(network.name),
            names.of(network.host),
            [pool.subnet for pool in network.spec.ipam.config] or "given by Docker",
            "yes" if network.spec.internal else "no",
            [names.of(member) for member in members(graph, network)] or NONE,
        )
        for network in graph.networks.values()
    ]
    return table(("Network", "Host", "Subnet", "Internal", "Members"), rows)


def matrices(graph: StackGraph) -> Iterator[str]:
    """Give a matrix for every host: who is on which network, and the ports in the containers."""
    with_networks = {network.host for network in graph.networks.values()}
    for host in graph.hosts.values():
        if host.id in with_networks:
            if len(with_networks) > 1:
                yield heading(3, f"Services and networks of {host.key}")
            else:
                yield heading(3, "Services and networks")
            yield _matrix(graph, host)


def _matrix(graph: StackGraph, host: Host) -> str:
    names = Names(graph)
    on = [network for network in graph.networks.values() if network.host == host.id]
    present = {network.id: set(members(graph, network)) for network in on}
    rows: list[tuple[str, list[str]]] = []
    ingress = graph.ingress_of(host.id)
    if ingress is not None and ingress.kind == "caddy":
        rows.append((ingress.id, [str(ingress.http_port), str(ingress.https_port)]))
        rows += [(ingress.tunnel.id, [])] if ingress.tunnel else []
    rows += [
        (service.id, written(container_ports(graph, service)))
        for service in graph.services.values()
        if service.host == host.id
    ]
    return table(
        ("Service", *(network.name for network in on), "Ports"),
        [
            (
                names.of(node),
                *("X" if node in present[network.id] else "" for network in on),
                ports or NONE,
            )
            for node, ports in rows
        ],
    )
