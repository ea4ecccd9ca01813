"""One system: its hosts, apps and ingresses, in the order that their handovers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.app import ComposeApp, ComposeAppArgs
from components.container import SecretLookup
from components.docker_host import DockerHost, DockerHostArgs
from components.host_setup import HostSetup, HostSetupArgs
from components.ingress import CaddyIngress, CaddyIngressArgs
from components.machine import machine
from graph.model import Host, StackGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemArgs:
    """``system`` is a name in ``graph``; ``secret`` gives the values of the system's secrets."""

    graph: StackGraph
    system: str
    docker_host: str
    secret: SecretLookup


class System(pulumi.ComponentResource):
    """Everything of one system that this program provisions."""

    urls: pulumi.Output[Mapping[str, str]]
    """The address of each route, by its declared name and path."""

    addresses: pulumi.Output[Mapping[str, str]]
    """The address of each host that is reached over SSH, or read at a cloud, by its key."""

    def __init__(
        self, name: str, args: SystemArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:index:System", name, None, opts)
        self._args = args
        self._addresses: dict[str, pulumi.Input[str]] = {}
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
        self.urls = pulumi.Output.from_input(_urls(args.graph, args.system))
        self.addresses = pulumi.Output.all(**self._addresses).apply(dict)
        self.register_outputs({"urls": self.urls, "addresses": self.addresses})

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
        """Give the options of what lives on a host: with a machine made here, it goes as a whole.

        The engine hands them on to children.
        """
        return pulumi.ResourceOptions(parent=self, deleted_with=host.machine)

    def _reach(self, host: Host, child: pulumi.ResourceOptions) -> DockerHost:
        """Declare the way to a host's Docker; the machine is set up first, where it is ours."""
        args, access = self._args, host.access
        if access is None:
            return DockerHost(
                host.logical_name, DockerHostArgs(docker_host=args.docker_host), child
            )
        connection, made = machine(args.graph, host, access, child)
        self._addresses[host.key] = connection.address
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
            ),
            self._on(docker_host),
        )
        for app in apps:
            app.add_services(ingress.container)
        services = {id_: service for app in apps for id_, service in app.services.items()}
        ingress.serve([services[id_].handed_over for id_ in ingress_node.waits_for])


def _urls(graph: StackGraph, system: str) -> dict[str, str]:
    urls = {}
    for route in graph.routes.values():
        if route.system == system and route.ingress is not None:
            port = graph.ingresses[route.ingress].https_port
            suffix = "" if port == 443 else f":{port}"
            urls[route.declared_name + route.path] = f"https://{route.name}{suffix}{route.path}"
    return urls
