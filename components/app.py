"""A Compose application on a host: its networks, volumes and services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.container import SecretLookup, label_args
from components.docker_host import DockerHost
from components.service import DockerService, DockerServiceArgs
from graph.model import App, Network, StackGraph, Volume
from graph.order import waves


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeAppArgs:
    """``app`` is a node of ``graph``, which holds all that belongs to it."""

    graph: StackGraph
    app: App
    host: DockerHost
    secret: SecretLookup


class ComposeApp(pulumi.ComponentResource):
    """A Compose application.

    Volumes and networks with addresses of their own exist once it is made. Networks whose
    addresses Docker chooses are declared by `add_networks`, and services by `add_services`, since
    their handovers need the ingress, which needs the networks.
    """

    networks: dict[str, docker.Network]
    """The app's own networks, by node id; those owned by others are not among them."""

    services: dict[str, DockerService]
    """The app's services, by node id."""

    def __init__(
        self, name: str, args: ComposeAppArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:docker:App", name, None, opts)
        self._args = args
        graph, app = args.graph, args.app
        own_networks = [n for n in graph.networks.values() if n.app == app.id]
        own_volumes = [v for v in graph.volumes.values() if v.app == app.id]
        own = [n for n in own_networks if not n.spec.external]
        self.networks = {n.id: self._network(n) for n in own if n.spec.ipam.config}
        self._chosen = [n for n in own if not n.spec.ipam.config]
        made = {v.id: self._volume(v) for v in own_volumes if not v.spec.external}
        self._network_names: dict[str, pulumi.Input[str]] = {n.id: n.name for n in own_networks}
        self._volume_names: dict[str, pulumi.Input[str]] = {v.id: v.name for v in own_volumes}
        self._volume_names |= {id_: volume.name for id_, volume in made.items()}
        self.services = {}
        self.register_outputs({"project": app.project})

    def add_networks(self, after: Sequence[pulumi.Resource]) -> None:
        """Declare the networks whose addresses Docker chooses, among those that ``after`` leave."""
        self.networks |= {n.id: self._network(n, after) for n in self._chosen}

    def add_services(self, ingress_container: pulumi.Resource | None) -> None:
        """Declare the services in start order; each waits for those it depends on."""
        args, child = self._args, pulumi.ResourceOptions(parent=self)
        graph = args.graph
        names = self._network_names | {id_: made.name for id_, made in self.networks.items()}
        own = (graph.services.get(id_) for wave in waves(graph) for id_ in wave)
        for service in own:
            if service is None or service.app != args.app.id:
                continue
            routed = bool(service.upstreams)
            needed = [(self.services[d.service], d) for d in service.dependencies]
            self.services[service.id] = DockerService(
                service.logical_name,
                DockerServiceArgs(
                    service=service,
                    app=args.app,
                    target=graph.target,
                    host=args.host,
                    networks=names,
                    volumes=self._volume_names,
                    secret=args.secret,
                    ingress=graph.ingress_of(service.host) if routed else None,
                    ingress_container=ingress_container if routed else None,
                    after=[made.handed_over for made, _ in needed],
                    restarts_with=[made.container_id for made, each in needed if each.restart],
                ),
                child,
            )

    def _network(self, network: Network, after: Sequence[pulumi.Resource] = ()) -> docker.Network:
        spec = network.spec
        labels = {
            **spec.labels,
            "com.docker.compose.project": self._args.app.project,
            "com.docker.compose.network": network.key,
        }
        pools = [
            docker.NetworkIpamConfigArgs(
                subnet=pool.subnet, gateway=pool.gateway, ip_range=pool.ip_range
            )
            for pool in spec.ipam.config
        ]
        return docker.Network(
            network.logical_name,
            name=network.name,
            driver=spec.driver,
            options=spec.driver_opts or None,
            internal=spec.internal,
            attachable=spec.attachable or None,
            ipv6=spec.enable_ipv6 or None,
            ipam_configs=pools or None,
            labels=label_args(labels, docker.NetworkLabelArgs),
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self._args.host.provider,
                depends_on=list(after),
                # Its name is fixed: two of them would not be told apart.
                delete_before_replace=True,
            ),
        )

    def _volume(self, volume: Volume) -> docker.Volume:
        labels = {
            **volume.spec.labels,
            "com.docker.compose.project": self._args.app.project,
            "com.docker.compose.volume": volume.key,
        }
        return docker.Volume(
            volume.logical_name,
            name=volume.name,
            driver=volume.spec.driver,
            driver_opts=volume.spec.driver_opts or None,
            labels=label_args(labels, docker.VolumeLabelArgs),
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self._args.host.provider,
                protect=volume.retain,
                retain_on_delete=volume.retain,
                # A changed label would replace the volume, and its data with it.
                ignore_changes=["labels"],
            ),
        )
