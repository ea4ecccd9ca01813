"""Builds what a Compose application contains: networks, volumes, services, published ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from config.compose.model import FileReference, Mount, PublishedPort
from config.compose.model import Network as NetworkSpec
from config.compose.model import Service as ServiceSpec
from config.compose.model import Volume as VolumeSpec
from config.host import DEFAULT_CADDY_IMAGE
from config.load import LoadedApp, LoadedSystem
from config.units import format_port_range
from graph import handover, stand_in
from graph.addresses import spare_addresses
from graph.model import (
    App,
    Attachment,
    Dependency,
    HeldName,
    HostPort,
    Image,
    MountedFile,
    MountedVolume,
    Network,
    Service,
    Volume,
)
from graph.names import host_ports, logical
from graph.nodes import Nodes

DEFAULT_NETWORK = "default"
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - the name of "every address" in the port registry
SECRET_MODE = 0o444
"""Compose's default for secrets and configs: readable by whatever user the container runs as."""


class AppBuilder:
    """Adds one app's nodes to the graph under construction."""

    def __init__(self, loaded: LoadedSystem, app: LoadedApp, node: App, nodes: Nodes) -> None:
        self.loaded, self.app, self.node, self.nodes = loaded, app, node, nodes
        self.compose = app.compose
        self.enabled = {
            name: spec
            for name, spec in sorted(app.compose.services.items())
            if not spec.profiles or set(spec.profiles) & set(app.app.profiles)
        }

        self.jobs = {
            name
            for spec in self.enabled.values()
            for name, dependency in spec.depends_on.items()
            if dependency.condition == "service_completed_successfully"
        }

    def add(self) -> None:
        """Add networks and volumes, then the services that use them."""
        used = sorted({k for spec in self.enabled.values() for k in self._network_keys(spec)})
        declared = dict(self.compose.networks)
        if DEFAULT_NETWORK in used:
            declared.setdefault(DEFAULT_NETWORK, NetworkSpec())
        for key in sorted(declared):
            self._add_network(key, declared[key])
        for key in sorted(self.compose.volumes):
            self._add_volume(key, self.compose.volumes[key])
        for key, spec in self.enabled.items():
            self._add_service(key, spec)
        for key in used:
            self._hold_names_back(self._id("network", key))

    def _id(self, kind: str, key: str) -> str:
        return f"{kind}:{self.node.system}/{self.node.key}/{key}"

    def _physical(self, key: str, given: str | None, *, external: bool) -> str:
        if given:
            return given
        return key if external else f"{self.node.project}_{key}"

    def _add_network(self, key: str, spec: NetworkSpec) -> None:
        id_ = self._id("network", key)
        self.nodes.networks[id_] = Network(
            id=id_,
            app=self.node.id,
            host=self.node.host,
            key=key,
            logical_name=logical(self.node.logical_name, key),
            name=self._physical(key, spec.name, external=spec.external),
            spec=spec,
            source=self.app.document.where(("networks", key)),
        )

    def _add_volume(self, key: str, spec: VolumeSpec) -> None:
        id_ = self._id("volume", key)
        self.nodes.volumes[id_] = Volume(
            id=id_,
            app=self.node.id,
            host=self.node.host,
            key=key,
            logical_name=logical(self.node.logical_name, key),
            name=self._physical(key, spec.name, external=spec.external),
            spec=spec,
            retain=self.nodes.settings.target == "prod",
            source=self.app.document.where(("volumes", key)),
        )

    def _network_keys(self, spec: ServiceSpec) -> list[str]:
        if spec.network_mode is not None:
            return []
        return sorted(spec.networks) or [DEFAULT_NETWORK]

    def _add_service(self, key: str, declared: ServiceSpec) -> None:
        id_ = self._id("service", key)
        name = logical(self.node.logical_name, key)
        spec, image = self._image(key, declared)
        self.nodes.services[id_] = Service(
            id=id_,
            app=self.node.id,
            host=self.node.host,
            key=key,
            logical_name=name,
            container_name=spec.container_name or name,
            alias=name,
            spec=spec,
            image=image,
            environment={**self.app.env[key], **spec.environment},
            attachments=self._attachments(key, spec, name),
            volumes=self._mounted_volumes(key, spec),
            files=self._mounted_files(key, spec),
            dependencies=self._dependencies(key, spec),
            restart_with=tuple(
                logical(self.node.logical_name, name)
                for name, needed in sorted(spec.depends_on.items())
                if needed.restart and name in self.enabled
            ),
            handover=handover.choose(spec, is_job=key in self.jobs),
            upstreams=(),
            held_names=(),
            source=self.app.document.where(("services", key)),
        )
        for index, port in enumerate(spec.ports):
            self.nodes.host_ports.append(
                HostPort(
                    host=self.node.host,
                    ip=port.host_ip or ANY_ADDRESS,
                    port=host_ports(port.published, self.nodes.settings.target),
                    protocol=port.protocol,
                    owner=id_,
                    target=port.target,
                    **self._published(key, port),
                    source=self.app.document.where(("services", key, "ports", index)),
                )
            )

        if spec.network_mode == "host":
            # What it listens on, it listens on as a program of the host would.
            for index, exposed in enumerate(spec.expose):
                self.nodes.host_ports.append(
                    HostPort(
                        host=self.node.host,
                        ip=ANY_ADDRESS,
                        port=exposed.target,
                        protocol=exposed.protocol,
                        owner=id_,
                        target=exposed.target,
                        source=self.app.document.where(("services", key, "expose", index)),
                    )
                )

    def _published(self, key: str, port: PublishedPort) -> dict[str, Any]:
        """Give who may use a published port, and what for, where system.yaml tells."""
        said = self.loaded.system.ports.get(
            publication_key(self.node.key, key, port.published, port.protocol)
        )
        return {"access": said.access, "purpose": said.purpose} if said else {}

    def _hold_names_back(self, network_id: str) -> None:
        """Give each service that may run twice two addresses of its own, where there are any."""
        network = self.nodes.networks.get(network_id)
        if network is None:
            return
        if not any(pool.ip_range for pool in network.spec.ipam.config):
            return
        services = [
            service
            for service in self.nodes.services.values()
            if any(attachment.network == network_id for attachment in service.attachments)
        ]
        fixed = {a.ipv4_address for service in services for a in service.attachments}
        spare = (each for each in spare_addresses(network.spec) if each not in fixed)
        for service in sorted(services, key=lambda each: each.id):
            pair = tuple(islice(spare, 2))
            if service.handover.order == "stop-first" or len(pair) < 2:
                continue
            aliases = next(a.aliases for a in service.attachments if a.network == network_id)
            held = HeldName(network=network.name, aliases=aliases, addresses=(pair[0], pair[1]))
            self.nodes.services[service.id] = replace(
                service, held_names=(*service.held_names, held)
            )

    def _image(self, key: str, spec: ServiceSpec) -> tuple[ServiceSpec, Image]:
        if spec.image is not None and stand_in.is_stand_in(spec.image):
            name = f"{self.node.key}/{key}"
            ingress = self.loaded.system.hosts[self.app.app.host].ingress
            image = ingress.image if ingress and ingress.kind == "caddy" else DEFAULT_CADDY_IMAGE
            return (
                stand_in.replaced(spec, name, image),
                Image(reference=image, stand_in_for=name),
            )
        if spec.build is None:
            return spec, Image(reference=spec.image or "")
        context = self.app.builds[key]
        repository = (spec.image or f"{self.node.project}-{key}").partition("@")[0]
        if ":" in repository.rpartition("/")[2]:
            repository = repository.rpartition(":")[0]
        return spec, Image(
            # The content's hash is the tag: changed content is a changed image in the preview.
            reference=f"{repository}:{context.digest}",
            context=context.directory,
            dockerfile=spec.build.dockerfile,
            build_args=spec.build.args,
            build_target=spec.build.target,
        )

    def _attachments(self, key: str, spec: ServiceSpec, alias: str) -> tuple[Attachment, ...]:
        attachments = []
        for network_key in self._network_keys(spec):
            id_ = self._id("network", network_key)
            if id_ not in self.nodes.networks:
                at = ("services", key, "networks", network_key)
                self.nodes.unresolved_name(
                    network_key, "network", self.compose.networks, self.app.document.where(at)
                )
                continue
            joined = spec.networks.get(network_key)
            given = (spec.container_name,) if spec.container_name else ()
            names = (key, alias, *given, *(joined.aliases if joined else ()))
            attachments.append(
                Attachment(
                    network=id_,
                    aliases=tuple(dict.fromkeys(names)),
                    ipv4_address=joined.ipv4_address if joined else None,
                    ipv6_address=joined.ipv6_address if joined else None,
                )
            )
        return tuple(attachments)

    def _mounted_volumes(self, key: str, spec: ServiceSpec) -> tuple[MountedVolume, ...]:
        mounted = []
        for index, mount in enumerate(spec.volumes):
            if mount.type != "volume" or mount.source is None:
                continue
            id_ = self._id("volume", mount.source)
            if id_ not in self.nodes.volumes:
                at = ("services", key, "volumes", index)
                self.nodes.unresolved_name(
                    mount.source, "volume", self.compose.volumes, self.app.document.where(at)
                )
                continue
            mounted.append(_mounted_volume(id_, mount))
        return tuple(mounted)

    def _mounted_files(self, key: str, spec: ServiceSpec) -> tuple[MountedFile, ...]:
        files = []
        for index, reference in enumerate(spec.configs):
            if self._known(reference, self.compose.configs, (key, "configs", index), "config"):
                content = self.app.configs[reference.source]
                file = _mounted_file(reference, f"/{reference.source}", content=content)
                files.append(replace(file, made=self.compose.configs[reference.source].made))
        for index, reference in enumerate(spec.secrets):
            at = (key, "secrets", index)
            if self._known(reference, self.compose.secrets, at, "secret"):
                name = self.compose.secrets[reference.source].environment
                if name in self.loaded.system.secrets:
                    target = f"/run/secrets/{reference.source}"
                    files.append(_mounted_file(reference, target, secret=name))
                else:
                    path = ("secrets", reference.source, "environment")
                    source = self.app.document.where(path)
                    known = self.loaded.system.secrets
                    self.nodes.unresolved_name(name, "secret of system.yaml", known, source)
        return tuple(sorted(files, key=lambda file: file.target))

    def _known(
        self,
        reference: FileReference,
        known: Mapping[str, object],
        at: tuple[str, str, int],
        kind: str,
    ) -> bool:
        if reference.source in known:
            return True
        source = self.app.document.where(("services", *at))
        self.nodes.unresolved_name(reference.source, kind, known, source)
        return False

    def _dependencies(self, key: str, spec: ServiceSpec) -> tuple[Dependency, ...]:
        dependencies = []
        for name, dependency in sorted(spec.depends_on.items()):
            if name not in self.enabled:
                if dependency.required:
                    at = ("services", key, "depends_on", name)
                    declared = name in self.compose.services
                    kind = "service of the enabled profiles" if declared else "service"
                    self.nodes.unresolved_name(
                        name, kind, self.enabled, self.app.document.where(at)
                    )
                continue
            dependencies.append(
                Dependency(
                    service=self._id("service", name),
                    condition=dependency.condition,
                    restart=dependency.restart,
                )
            )
        return tuple(dependencies)


def publication_key(app: str, service: str, ports: range, protocol: str) -> str:
    """Write a published port as the keys of ``ports`` in system.yaml are written."""
    suffix = "" if protocol == "tcp" else f"/{protocol}"
    return f"{app}/{service}:{format_port_range(ports)}{suffix}"


def _mounted_volume(id_: str, mount: Mount) -> MountedVolume:
    return MountedVolume(
        volume=id_,
        target=mount.target,
        read_only=mount.read_only,
        nocopy=mount.volume.nocopy if mount.volume else False,
    )


def _mounted_file(
    reference: FileReference,
    default_target: str,
    *,
    content: str | None = None,
    secret: str | None = None,
) -> MountedFile:
    target = reference.target or default_target
    if not target.startswith("/"):
        target = f"/run/secrets/{target}" if secret else f"/{target}"
    return MountedFile(
        target=target,
        mode=SECRET_MODE if reference.mode is None else reference.mode,
        content=content,
        secret=secret,
    )
