"""One system: its hosts, apps and ingresses, in the order that their handovers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.app import ComposeApp, ComposeAppArgs
from components.container import SecretLookup
from components.docker_host import DockerHost, DockerHostArgs
from components.host_setup import HostSetup, HostSetupArgs
from components.ingress import CaddyIngress, CaddyIngressArgs
from components.machine import living_on, machine
from components.programs import ProgramsArgs, programs
from components.ssh import SshConnection
from components.zones import Zones
from graph.model import Host, Ingress, StackGraph
from graph.summary import summarize
from graph.summary.model import INPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemArgs:
    """``system`` is a name in ``graph``; ``secret`` gives the values of the system's secrets.

    ``providers`` are Cloudflare's, by the node id of the zone that each writes.
    """

    graph: StackGraph
    system: str
    docker_host: str
    secret: SecretLookup
    providers: Mapping[str, pulumi.ProviderResource] = field(default_factory=dict)


class System(pulumi.ComponentResource):
    """Everything of one system that this program provisions."""

    urls: pulumi.Output[Mapping[str, str]]
    """The address of each route, by its declared name and path."""

    addresses: pulumi.Output[Mapping[str, str]]
    """The address of each host that is reached over SSH, or read at a cloud, by its key."""

    name_servers: pulumi.Output[Mapping[str, Sequence[str]]]
    """Where the registrar has to send each domain at Cloudflare; empty where nothing was read."""

    def __init__(
        self, name: str, args: SystemArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        # For whoever judges a change: every preview shows what it means for the system.
        meaning = summarize(args.graph, args.system).data()
        super().__init__("stackgraph:index:System", name, {INPUT: meaning}, opts)
        self._args = args
        self._addresses: dict[str, pulumi.Input[str]] = {}
        self._zones = Zones(args.graph, args.system, args.providers, self)
        self._serving: dict[str, Sequence[pulumi.Resource]] = {}
        self._connections: dict[str, SshConnection] = {}
        hosts = [
            (host, *self._add_host(host))
            for host in args.graph.hosts.values()
            if host.system == args.system and host.managed_by is None
        ]
        declared = [
            (host.access, n) for host, _, apps in hosts for a in apps for n in a.networks.values()
        ]
        for host, docker_host, apps in hosts:
            # For the other networks Docker takes addresses that are free by then. The hosts of a
            # dev stack, which have no access of their own, are one daemon.
            after = [network for access, network in declared if access == host.access]
            self._fill_host(host, docker_host, apps, after)
        self._read_others()
        self._zones.point(self._by_id(), self._serving)
        self.urls = pulumi.Output.from_input(_urls(args.graph, args.system))
        self.addresses = pulumi.Output.all(**self._addresses).apply(dict)
        self.name_servers = pulumi.Output.all(**self._zones.name_servers()).apply(dict)
        self.register_outputs({"urls": self.urls, "addresses": self.addresses})

    def _by_id(self) -> dict[str, pulumi.Input[str]]:
        """Give the addresses of hosts by their node ids."""
        return {f"host:{self._args.system}/{key}": each for key, each in self._addresses.items()}

    def _read_others(self) -> None:
        """Read the machines that others manage, where a cloud tells of them; nothing is written."""
        graph, child = self._args.graph, pulumi.ResourceOptions(parent=self)
        for host in graph.hosts.values():
            access = host.access
            if host.system == self._args.system and host.managed_by and access and access.cloud:
                connection, _ = machine(graph, host, access, child)
                self._addresses[host.key] = connection.address

    def _add_host(self, host: Host) -> tuple[DockerHost, list[ComposeApp]]:
        args = self._args
        child = pulumi.ResourceOptions(parent=self)
        docker_host = self._reach(host, child)
        on_it = self._on(docker_host)
        apps = [
            ComposeApp(
                app.logical_name,
                ComposeAppArgs(graph=args.graph, app=app, host=docker_host, secret=args.secret),
                on_it,
            )
            for app in args.graph.apps.values()
            if app.host == host.id
        ]
        return docker_host, apps

    def _on(self, host: DockerHost) -> pulumi.ResourceOptions:
        """Give the options of what lives on a host, and goes with a machine made here."""
        return living_on(host.machine, self)

    def _reach(self, host: Host, child: pulumi.ResourceOptions) -> DockerHost:
        """Declare the way to a host's Docker; the machine is set up first, where it is ours."""
        args, access = self._args, host.access
        if access is None:
            return DockerHost(
                host.logical_name, DockerHostArgs(docker_host=args.docker_host), child
            )
        connection, made = machine(args.graph, host, access, child)
        self._addresses[host.key] = connection.address
        self._connections[host.id] = connection
        setup = None
        if host.hardened:
            setup = HostSetup(
                host.logical_name,
                HostSetupArgs(
                    graph=args.graph,
                    host=host,
                    connection=connection,
                    first=access.first,
                    machine=made,
                ),
                child,
            )
        return DockerHost(
            host.logical_name,
            DockerHostArgs(
                docker_host=args.docker_host,
                connection=connection,
                after=setup.last if setup else None,
                machine=made,
            ),
            child,
        )

    def _fill_host(
        self,
        host: Host,
        docker_host: DockerHost,
        apps: list[ComposeApp],
        after: Sequence[pulumi.Resource],
    ) -> None:
        args = self._args
        for app in apps:
            app.add_networks(after)
        ingress_node = args.graph.ingress_of(host.id)
        if ingress_node is None or ingress_node.kind == "nginx":
            for app in apps:
                app.add_services(None)
            ready = _handed_over(apps)
            # Certificates of nginx are proven over HTTP, by names that lead here.
            ready += self._zones.prove(host, self._by_id(), ready)
            self._serving[host.id] = self._add_programs(host, docker_host, ready)
            return
        made = {id_: network for app in apps for id_, network in app.networks.items()}
        ingress = CaddyIngress(
            ingress_node.logical_name,
            CaddyIngressArgs(
                graph=args.graph,
                ingress=ingress_node,
                host=docker_host,
                networks={id_: made[id_] for id_ in ingress_node.networks if id_ in made},
                secret=args.secret,
                after=after,
                certificates=self._zones.certificates(ingress_node),
                origin_pulls=self._zones.authorities(),
            ),
            self._on(docker_host),
        )
        for app in apps:
            app.add_services(ingress.container)
        services = {id_: service for app in apps for id_, service in app.services.items()}
        ready = [services[id_].handed_over for id_ in ingress_node.waits_for]
        ingress.serve([*ready, *self._zones.prove(host, self._by_id(), ready)])
        self._serving[host.id] = [
            ingress,
            *self._dig(ingress_node, ingress, docker_host),
            *self._add_programs(host, docker_host, _handed_over(apps)),
        ]

    def _dig(self, node: Ingress, ingress: CaddyIngress, host: DockerHost) -> list[pulumi.Resource]:
        """Declare the tunnel to an ingress, where it has one. Give what then serves."""
        tunnel, network = node.tunnel, ingress.tunnel_network
        if tunnel is None or network is None:
            return []
        # Its SDK takes a second to load.
        from components.tunnel import CloudflareTunnel, CloudflareTunnelArgs, cloudflared

        made = CloudflareTunnel(
            tunnel.logical_name,
            CloudflareTunnelArgs.of(self._args.graph, node, tunnel),
            pulumi.ResourceOptions(parent=self),
        )
        self._zones.lead(tunnel, made.address)
        carried = made.carry([ingress])
        return [cloudflared(node, tunnel, host, network.name, made, [carried], self._on(host))]

    def _add_programs(
        self, host: Host, docker_host: DockerHost, after: Sequence[pulumi.Resource]
    ) -> list[pulumi.Resource]:
        """Declare what a host runs itself: processes, jobs, nginx. Give what then serves."""
        connection = self._connections.get(host.id)
        if connection is None:
            return list(after)
        return programs(
            ProgramsArgs(
                graph=self._args.graph,
                host=host,
                connection=connection,
                secret=self._args.secret,
                after=[docker_host, *after],
                machine=docker_host.machine,
                origin_pulls=self._zones.authorities(),
            ),
            self._on(docker_host),
        )


def _handed_over(apps: Sequence[ComposeApp]) -> list[pulumi.Resource]:
    return [service.handed_over for app in apps for service in app.services.values()]


def _urls(graph: StackGraph, system: str) -> dict[str, str]:
    urls = {}
    for route in graph.routes.values():
        if route.system == system and route.ingress is not None:
            port = graph.ingresses[route.ingress].https_port
            suffix = "" if port == 443 else f":{port}"
            urls[route.declared_name + route.path] = f"https://{route.name}{suffix}{route.path}"
    return urls
