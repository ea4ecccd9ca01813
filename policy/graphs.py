"""Resources as a stack graph, as far as they tell: what rules judge.

The hosts are Docker's providers, the places in files are URNs. Nothing else of a graph is known:
no routes, no flows, no firewall, so only rules that need none of these are asked (`policy.table`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from config.access import Sources
from config.compose.model import Ipam, IpamPool
from config.compose.model import Network as NetworkSpec
from config.compose.model import Volume as VolumeSpec
from config.finding import Source
from config.host import DockerDaemon, LogRotation
from graph.handover import choose
from graph.model import (
    App,
    Attachment,
    Dependency,
    Host,
    HostPort,
    Image,
    MountedVolume,
    Network,
    Service,
    StackGraph,
    Volume,
)
from policy.containers import NOT_TOLD, Container, read_container, uploaded_files
from policy.places import blank, place
from policy.resources import (
    CONTAINER,
    NETWORK,
    VOLUME,
    Resource,
    flag,
    holds_unknown,
    objects,
    text,
)

DEFAULT_PROVIDER: Final = "the Docker host"


def docker_graph(
    resources: Iterable[Resource],
    reads: Collection[str] = (),
    *,
    logs_rotated: bool = False,
    with_values: bool = True,
) -> StackGraph:
    """Give the graph of all containers, networks and volumes; those of a provider share a host.

    Containers of which one of the keys in ``reads`` is not known are left out. Without
    ``with_values`` they have neither environment nor files, where secrets rightly are: the engine
    tells policies the value of a secret as any other.
    """
    return _Docker(frozenset(reads), logs_rotated, with_values).graph(resources)


class _Docker:
    def __init__(self, reads: frozenset[str], logs_rotated: bool, with_values: bool) -> None:
        self.reads, self.with_values = reads, with_values
        self.logs = LogRotation(max_size=10 * 1024**2) if logs_rotated else None
        self.providers: dict[str, str] = {}
        self.hosts: dict[str, Host] = {}
        self.apps: dict[str, App] = {}
        self.networks: dict[str, Network] = {}
        self.volumes: dict[str, Volume] = {}
        self.services: dict[str, Service] = {}
        self.ending: list[str] = []
        self.ports: list[HostPort] = []

    def graph(self, resources: Iterable[Resource]) -> StackGraph:
        containers = []
        for resource in sorted(resources, key=lambda each: each.urn):
            if resource.type == NETWORK:
                self._add_network(resource)
            elif resource.type == VOLUME:
                self._add_volume(resource)
            elif resource.type == CONTAINER:
                containers.append(read_container(resource))
        for container in containers:
            if container is not None and not self.reads & container.unread:
                self.add_container(container)
        self._some_have_ended()
        return blank(
            hosts=self.hosts,
            apps=self.apps,
            networks=self.networks,
            volumes=self.volumes,
            services=self.services,
            host_ports=tuple(self.ports),
        )

    def _host(self, resource: Resource) -> str:
        provider = resource.provider or ""
        if provider in self.providers:
            return self.providers[provider]
        key = _provider_name(provider) or DEFAULT_PROVIDER
        id_ = self.providers[provider] = f"host:#{len(self.providers)}/{key}"
        at = Source(provider, 0, "")
        self.hosts[id_] = Host(
            id=id_,
            system="",
            key=key,
            logical_name=key,
            machine=f"host:{resource.machine}" if resource.machine else id_,
            kind="vps",
            platform="linux/amd64",
            cpus=1,
            memory=2**40,
            swap=0,
            purpose=None,
            environment="production",
            managed_by=None,
            hardened=True,
            ssh=Sources(),
            docker=DockerDaemon(logs=self.logs),
            bans=None,
            access=None,
            source=at,
        )
        self.apps[id_] = App(
            id=id_,
            system="",
            key=key,
            logical_name=key,
            project=key,
            host=id_,
            compose_file="",
            managed_by=None,
            source=at,
        )
        return id_

    def _id(self, kind: str, host: str, name: str) -> str:
        return f"{kind}:{host.removeprefix('host:').partition('/')[0]}/{name}"

    def _add_network(self, resource: Resource) -> None:
        host, name = self._host(resource), text(resource.inputs.get("name"))
        pools = []
        for each in objects(resource.inputs.get("ipamConfigs")):
            raw = {
                "subnet": text(each.get("subnet")),
                "gateway": text(each.get("gateway")) or None,
                "ip_range": text(each.get("ipRange")) or None,
            }
            try:
                pools.append(IpamPool.model_validate(raw))
            except (ValidationError, ValueError):
                continue
        # One that the provider names is nobody else's.
        shown = name or resource.name
        id_ = self._id("network", host, name or resource.urn)
        while id_ in self.networks:
            id_ += "'"
        self.networks[id_] = Network(
            id=id_,
            app=host,
            host=host,
            key=shown,
            logical_name=resource.name,
            name=shown if name else resource.urn,
            spec=NetworkSpec(
                internal=flag(resource.inputs.get("internal")) or False,
                external=holds_unknown(resource.inputs.get("ipamConfigs")),
                ipam=Ipam(config=tuple(pools)),
            ),
            source=place(resource),
        )

    def _add_volume(self, resource: Resource) -> None:
        host, name = self._host(resource), text(resource.inputs.get("name"))
        id_ = self._id("volume", host, name or resource.urn)
        while id_ in self.volumes:
            id_ += "'"
        self.volumes[id_] = Volume(
            id=id_,
            app=host,
            host=host,
            key=name or resource.name,
            logical_name=resource.name,
            name=name or resource.urn,
            spec=VolumeSpec(),
            retain=True,
            source=place(resource),
        )

    def add_container(self, container: Container) -> None:
        """Add a container as a service."""
        resource, spec = container.resource, container.spec
        host = self._host(resource)
        id_ = f"service:#{len(self.services)}/{resource.name}"
        name = text(resource.inputs.get("name"))
        source = place(resource)
        if container.ends:
            self.ending.append(id_)
        self.services[id_] = Service(
            id=id_,
            app=host,
            host=host,
            key=resource.name,
            logical_name=resource.name,
            container_name=name or resource.urn,
            alias=name or resource.urn,
            spec=spec,
            image=Image(reference=spec.image or ""),
            environment=dict(spec.environment) if self.with_values else {},
            attachments=self._attachments(container, host, name),
            volumes=self._mounted(container, host, source),
            files=tuple(uploaded_files(resource)) if self.with_values else (),
            dependencies=(),
            restart_with=(),
            handover=choose(spec, is_job=container.is_job),
            upstreams=(),
            held_names=(),
            source=source,
        )
        for each in container.ports:
            self.ports.append(
                HostPort(
                    host=host,
                    ip=each.ip,
                    port=each.outside,
                    protocol=each.protocol,
                    owner=id_,
                    source=source,
                    target=each.inside,
                )
            )

    def _attachments(
        self, container: Container, host: str, name: str | None
    ) -> tuple[Attachment, ...]:
        found = []
        for network, joined in container.spec.networks.items():
            id_ = self._id("network", host, network)
            if id_ not in self.networks:
                self.networks[id_] = Network(
                    id=id_,
                    app=host,
                    host=host,
                    key=network,
                    logical_name=network,
                    name=network,
                    spec=NetworkSpec(external=True),
                    source=place(container.resource),
                )
            names = (*joined.aliases, *((name,) if name else ()))
            found.append(
                Attachment(
                    network=id_,
                    aliases=tuple(dict.fromkeys(names)),
                    ipv4_address=joined.ipv4_address,
                    ipv6_address=joined.ipv6_address,
                )
            )
        return tuple(found)

    def _mounted(
        self, container: Container, host: str, source: Source
    ) -> tuple[MountedVolume, ...]:
        found = []
        for mount in container.spec.volumes:
            if mount.type != "volume" or mount.source in (None, NOT_TOLD):
                continue
            id_ = self._id("volume", host, str(mount.source))
            if id_ not in self.volumes:
                self.volumes[id_] = Volume(
                    id=id_,
                    app=host,
                    host=host,
                    key=str(mount.source),
                    logical_name=str(mount.source),
                    name=str(mount.source),
                    spec=VolumeSpec(external=True),
                    retain=True,
                    source=source,
                )
            found.append(
                MountedVolume(
                    volume=id_, target=mount.target, read_only=mount.read_only, nocopy=False
                )
            )
        return tuple(found)

    def _some_have_ended(self) -> None:
        # In which order a program's containers run is not known: what ends is taken to have ended.
        ended = [
            Dependency(service=id_, condition="service_completed_successfully", restart=False)
            for id_ in self.ending
        ]
        if ended:
            for id_, service in self.services.items():
                others = tuple(each for each in ended if each.service != id_)
                self.services[id_] = replace(service, dependencies=others)


def _provider_name(urn: str) -> str | None:
    """Give the name of a provider that the program declares; None of the default one."""
    name = urn.split("::")[3] if urn.count("::") >= 3 else ""
    return None if name.startswith("default") else name or None
