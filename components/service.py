"""A service: its image, its container, and the handover that replaces the one by the next."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from components.container import SecretLookup, container_args, file_content
from components.docker_host import DockerHost
from components.handover import handover_options
from config.stack import Target
from graph.model import App, Image, Ingress, MountedFile, Service
from render.deploy import service_script
from render.files import files_script


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerServiceArgs:
    """What a service needs: its nodes, its host, and by node id what it is attached to.

    ``after`` are the handovers of the services it waits for, ``needs`` what its container must not
    outlive, ``restarts_with`` the ids of the
    containers whose replacement asks for a restart of this one, ``ingress_container`` the proxy
    that its handover switches over, where it is routed.
    """

    service: Service
    app: App
    target: Target
    host: DockerHost
    networks: Mapping[str, pulumi.Input[str]]
    volumes: Mapping[str, pulumi.Input[str]]
    secret: SecretLookup
    ingress: Ingress | None = None
    ingress_container: pulumi.Resource | None = None
    after: Sequence[pulumi.Resource] = ()
    needs: Sequence[pulumi.Resource] = ()
    restarts_with: Sequence[pulumi.Output[str]] = ()


class DockerService(pulumi.ComponentResource):
    """One container of a Compose service, replaced by a handover: see docs/adr/0002.

    It scales nothing and starts nothing by itself: the handover does, once dependencies are met.
    """

    container_id: pulumi.Output[str]
    """Id of the container that serves once the handover is done."""

    container_name: pulumi.Output[str]
    """Name of the container: its stem and the provider's suffix."""

    handed_over: pulumi.Resource
    """Done when the newcomer has passed its gate: what waits for this service depends on it."""

    def __init__(
        self, name: str, args: DockerServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:docker:Service", name, None, opts)
        image = _image(name, args.service.image, args.host, self)
        files = args.service.files
        copied = tuple(f for f in files if not f.made) if args.service.spec.read_only else ()
        contents = (
            pulumi.Output.all(*(file_content(file, args.secret) for file in copied))
            if copied
            else None
        )
        made_of = container_args(
            args.service,
            args.app,
            args.target,
            networks=args.networks,
            volumes=args.volumes,
            secret=args.secret,
        )
        container = docker.Container(
            name,
            made_of,
            opts=handover_options(
                self,
                args.host.provider,
                made_of,
                [image, *args.needs],
                _digest(name, contents) if contents is not None else "",
            ),
        )
        waits = [*args.after, *([args.ingress_container] if args.ingress_container else [])]
        if contents is not None:
            waits.append(self._copy(name, "files", args.host, container, copied, contents))
        made = tuple(file for file in files if file.made)
        if made:
            texts = pulumi.Output.all(*(file.content or "" for file in made))
            waits.append(self._copy(name, "made", args.host, container, made, texts))
        script = service_script(args.service, args.ingress)
        self.handed_over = args.host.run(
            f"{name}-handover",
            f"handover of {name}",
            container.id.apply(lambda id_: f"NEW={id_}\n{script}"),
            triggers=[container.id, *args.restarts_with],
            opts=pulumi.ResourceOptions(parent=self, depends_on=waits),
        )
        self.container_id = container.id
        self.container_name = container.name
        self.register_outputs({"container_name": self.container_name})

    def _copy(
        self,
        name: str,
        suffix: str,
        host: DockerHost,
        container: docker.Container,
        files: Sequence[MountedFile],
        contents: pulumi.Output[list[str]],
    ) -> pulumi.Resource:
        def script(values: list[Any]) -> str:
            texts: list[str] = values[1]
            rows = [(f.target, f.mode, text) for f, text in zip(files, texts, strict=True)]
            return f"NEW={values[0]}\n{files_script(rows)}"

        return host.run(
            f"{name}-{suffix}",
            f"files of {name}",
            pulumi.Output.all(container.id, contents).apply(script),
            triggers=[container.id],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _digest(name: str, contents: pulumi.Output[list[str]]) -> pulumi.Output[str]:
    """Make a text that changes with the files: no part of the container, they ask for a new one.

    The engine does not compare secret triggers (3.255), so this one is readable in the state: a
    slow, salted hash, since a file may be nothing but a password.
    """

    def digest(texts: list[str]) -> str:
        data = "\0".join(texts).encode()
        return hashlib.scrypt(data, salt=name.encode(), n=2**14, r=8, p=1, dklen=16).hex()

    return pulumi.Output.unsecret(contents.apply(digest))


def _image(name: str, image: Image, host: DockerHost, parent: pulumi.Resource) -> pulumi.Resource:
    opts = pulumi.ResourceOptions(parent=parent, provider=host.provider)
    if image.context is None:
        # Kept when replaced: the old container still runs from it, and a revert needs no pull.
        return docker.RemoteImage(name, name=image.reference, keep_locally=True, opts=opts)
    build = docker.RemoteImageBuildArgs(
        context=image.context,
        dockerfile=image.dockerfile,
        build_args=dict(image.build_args or {}),
        target=image.build_target,
    )
    return docker.RemoteImage(name, name=image.reference, build=build, keep_locally=True, opts=opts)
