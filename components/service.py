"""A service: its image, its container, and the handover that replaces the one by the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.container import SecretLookup, container_args, handover_options
from components.docker_host import DockerHost
from config.stack import Target
from graph.model import App, Image, Ingress, Service
from render.handover import handover_script


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerServiceArgs:
    """What a service needs: its nodes, its host, and by node id what it is attached to.

    ``after`` are the handovers of the services it waits for, ``ingress_container`` the proxy
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


class DockerService(pulumi.ComponentResource):
    """One container of a Compose service, replaced by a handover: see docs/adr/0002.

    It scales nothing and starts nothing by itself: the handover does, once dependencies are met.
    """

    container_name: pulumi.Output[str]
    """Name of the container: its stem and the provider's suffix."""

    handed_over: pulumi.Resource
    """Done when the newcomer has passed its gate: what waits for this service depends on it."""

    def __init__(
        self, name: str, args: DockerServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:docker:Service", name, None, opts)
        image = _image(name, args.service.image, args.host, self)
        container = docker.Container(
            name,
            container_args(
                args.service,
                args.app,
                args.target,
                networks=args.networks,
                volumes=args.volumes,
                secret=args.secret,
            ),
            opts=handover_options(self, args.host.provider, [image]),
        )
        waits = [*args.after, *([args.ingress_container] if args.ingress_container else [])]
        script = handover_script(args.service, args.ingress)
        self.handed_over = args.host.run(
            f"{name}-handover",
            f"handover of {name}",
            container.id.apply(lambda id_: f"NEW={id_}\n{script}"),
            triggers=[container.id],
            opts=pulumi.ResourceOptions(parent=self, depends_on=waits),
        )
        self.container_name = container.name
        self.register_outputs({"container_name": self.container_name})


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
