"""A tunnel of Cloudflare's to the ingress of a host: at Cloudflare, and cloudflared on the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.docker_host import DockerHost
from components.edge_provider import zone_provider
from components.service import DockerService, DockerServiceArgs
from config.cloudflare import ZoneSettings
from graph.model import Ingress, StackGraph, Tunnel
from graph.records import TUNNELS
from graph.tunnels import carried, connector


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudflareTunnelArgs:
    """``names`` are those that it carries, to ``service``, an address in the tunnel's network.

    ``settings`` are of a zone in whose account it is made.
    """

    names: Sequence[str]
    service: str
    settings: ZoneSettings

    @staticmethod
    def of(graph: StackGraph, ingress: Ingress, tunnel: Tunnel) -> CloudflareTunnelArgs:
        """Give the arguments of a graph's tunnel; a ``ValueError`` where the stack lacks them."""
        zone = graph.zones.get(tunnel.zone or "")
        if zone is None or zone.settings is None or zone.settings.account is None:
            msg = f"{tunnel.id}: stack {graph.stack} does not say in which account it is made"
            raise ValueError(msg)
        return CloudflareTunnelArgs(
            names=carried(graph.routes_of(ingress)),
            service=f"https://{tunnel.alias}:{ingress.https_port}",
            settings=zone.settings,
        )


class CloudflareTunnel(pulumi.ComponentResource):
    """A tunnel at Cloudflare, what it carries where, and its token.

    It carries the names that it was told and answers 404 to all others. It has a provider of its
    own, so that a zone that goes takes no tunnel with it. Records are not its own.
    """

    address: pulumi.Output[str]
    """The name that records of its names lead to."""
    token: pulumi.Output[str]
    """With which cloudflared is the end of it; a secret."""

    def __init__(
        self, name: str, args: CloudflareTunnelArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:cloudflare:Tunnel", name, None, opts)
        self._name, self._args = name, args
        account = args.settings.account
        child = pulumi.ResourceOptions(parent=self)
        self._provider = zone_provider(name, args.settings, child)
        self._tunnel = cloudflare.ZeroTrustTunnelCloudflared(
            name,
            account_id=account,
            name=name,
            # Else what it carries would be a file on the host.
            config_src="cloudflare",
            opts=pulumi.ResourceOptions(parent=self, provider=self._provider),
        )
        told = cloudflare.get_zero_trust_tunnel_cloudflared_token_output(
            account_id=account,
            tunnel_id=self._tunnel.id,
            opts=pulumi.InvokeOutputOptions(parent=self, provider=self._provider),
        )
        self.address = pulumi.Output.concat(self._tunnel.id, f".{TUNNELS}")
        self.token = pulumi.Output.secret(told.token)
        self.register_outputs({"address": self.address})

    def carry(self, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """Say which names go where, once the ingress ``after`` knows them."""
        args = self._args
        rules = [
            cloudflare.ZeroTrustTunnelCloudflaredConfigConfigIngressArgs(
                hostname=name,
                service=args.service,
                # The ingress is asked as the edge would, and must prove that it is the name.
                origin_request=cloudflare.ZeroTrustTunnelCloudflaredConfigConfigIngressOriginRequestArgs(
                    origin_server_name=name
                ),
            )
            for name in args.names
        ]
        nowhere = cloudflare.ZeroTrustTunnelCloudflaredConfigConfigIngressArgs(
            service="http_status:404"
        )
        made: pulumi.Resource = cloudflare.ZeroTrustTunnelCloudflaredConfig(
            self._name,
            account_id=args.settings.account,
            tunnel_id=self._tunnel.id,
            source="cloudflare",
            config=cloudflare.ZeroTrustTunnelCloudflaredConfigConfigArgs(
                ingresses=[*rules, nowhere]
            ),
            opts=pulumi.ResourceOptions(
                parent=self, provider=self._provider, depends_on=list(after)
            ),
        )
        return made


def cloudflared(
    ingress: Ingress,
    tunnel: Tunnel,
    host: DockerHost,
    network: pulumi.Input[str],
    made: CloudflareTunnel,
    after: Sequence[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Declare cloudflared on a host, in the tunnel's ``network``; give what is done when it serves.

    One that cannot connect changes nothing: the former one goes when the newcomer is connected.
    """
    app, service = connector(ingress, tunnel)
    service_made = DockerService(
        tunnel.logical_name,
        DockerServiceArgs(
            service=service,
            app=app,
            target="prod",
            host=host,
            networks={tunnel.id: network},
            volumes={},
            secret=lambda _: made.token,
            after=after,
            # Cloudflare refuses to delete a tunnel that somebody is connected to.
            needs=[made],
        ),
        opts,
    )
    return service_made.handed_over
