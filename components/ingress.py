"""Caddy in front of a host's routes: created once, then reloaded, never replaced for a route."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from components.container import SecretLookup, label_args
from components.docker_host import DockerHost
from components.handover import handover_options
from graph.apps import ANY_ADDRESS
from graph.model import Ingress, StackGraph
from graph.routes import HOST_ALIAS
from render.caddy import (
    CADDYFILE,
    OWN_CERTIFICATE,
    caddyfile,
    certificate_name,
    origin_pulls_name,
    site_directory,
    users_file,
)
from render.deploy import (
    INGRESS_GRACE_SECONDS,
    certificate_script,
    dns_token_script,
    join_script,
    leave_script,
    routes_script,
    users_script,
)
from render.shell import CONFIG_DIRECTORY, LABEL_INGRESS, LABEL_SERVICE

DATA_DIRECTORY = "/data"
MEMORY_MEBIBYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate with the chain above it, and its private key; both PEM."""

    certificate: pulumi.Input[str]
    key: pulumi.Input[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaddyIngressArgs:
    """``ingress`` is a node of ``graph``; ``networks`` the made ones it must join, by node id.

    ``after`` are networks with addresses of their own, which its own network must not take.
    ``certificates`` are those of ``certificates: origin``, ``origin_pulls`` the authorities (PEM)
    of which the edge has a certificate: both by the name of their zone.
    """

    graph: StackGraph
    ingress: Ingress
    host: DockerHost
    networks: Mapping[str, docker.Network]
    secret: SecretLookup
    after: Sequence[pulumi.Resource] = ()
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    origin_pulls: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class CaddyIngress(pulumi.ComponentResource):
    """Caddy for one host.

    Its Caddyfile lives in a volume, so that a new container has it before it starts; it joins
    networks one by one, so that a new one needs no new container. `serve` puts routes into force.
    """

    container: docker.Container
    """The proxy's container: created, and started by `serve`."""
    tunnel_network: docker.Network | None
    """Where cloudflared calls it; None without a tunnel."""

    def __init__(
        self, name: str, args: CaddyIngressArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:docker:CaddyIngress", name, None, opts)
        self._name, self._args = name, args
        ingress, provider = args.ingress, args.host.provider
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        self.tunnel_network = self._tunnel_network()
        own = [self.tunnel_network] if self.tunnel_network else []
        after = [*args.after, *own]
        network = docker.Network(
            name,
            name=ingress.network_name,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=provider,
                depends_on=after,
                delete_before_replace=True,
            ),
        )
        config = docker.Volume(f"{name}-config", name=ingress.config_volume, opts=child)
        data = docker.Volume(
            f"{name}-data",
            name=ingress.data_volume,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=provider,
                # Certificates and their account: issuers limit how often they give new ones.
                retain_on_delete=args.graph.target == "prod",
            ),
        )
        image = docker.RemoteImage(name, name=ingress.image, keep_locally=True, opts=child)
        made_of = self._container_args(network.name, config.name, data.name)
        self.container = docker.Container(
            name,
            made_of,
            # Removed before the networks it has joined: they could not go while it is on them.
            opts=handover_options(self, provider, made_of, [image, *args.networks.values(), *own]),
        )
        self._links = [self._link(id_, network) for id_, network in args.networks.items()]
        self.register_outputs({"container_name": self.container.name})

    def serve(self, after: Sequence[pulumi.Resource]) -> None:
        """Put the routes into force, once the services ``after`` have handed over."""
        args = self._args
        script = routes_script(args.ingress, caddyfile(args.graph, args.ingress))
        files = [self._users(file, names) for file, names in sorted(self._user_files().items())]
        files += [self._certificate(name, pem) for name, pem in self._certificates()]
        if args.ingress.dns_token is not None:
            token = args.secret(args.ingress.dns_token)
            files.append(self._put("dns-token", "token for DNS", token, dns_token_script))
        args.host.run(
            f"{self._name}-routes",
            f"routes of {self._name}",
            self.container.id.apply(lambda id_: f"NEW={id_}\n{script}"),
            triggers=[self.container.id],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after, *files, *self._links]),
        )

    def _container_args(
        self, network: pulumi.Input[str], config: pulumi.Input[str], data: pulumi.Input[str]
    ) -> docker.ContainerArgs:
        ingress = self._args.ingress
        labels = {
            "com.docker.compose.project": ingress.logical_name,
            "com.docker.compose.service": "caddy",
            "com.docker.compose.container-number": "1",
            "com.docker.compose.oneoff": "False",
            LABEL_INGRESS: ingress.logical_name,
            LABEL_SERVICE: ingress.logical_name,
        }
        return docker.ContainerArgs(
            image=ingress.image,
            start=False,
            must_run=False,
            command=["caddy", "run", "--config", CADDYFILE, "--adapter", "caddyfile"],
            network_mode="bridge",
            networks_advanced=[
                docker.ContainerNetworksAdvancedArgs(name=network),
                *self._tunnelled(),
            ],
            ports=[
                docker.ContainerPortArgs(
                    internal=port, external=port, ip=ANY_ADDRESS, protocol="tcp"
                )
                for port in (ingress.http_port, ingress.https_port)
            ]
            if ingress.tunnel is None
            else None,
            mounts=[
                docker.ContainerMountArgs(type="volume", source=config, target=CONFIG_DIRECTORY),
                docker.ContainerMountArgs(type="volume", source=data, target=DATA_DIRECTORY),
                *self._sites(),
            ],
            hosts=[docker.ContainerHostArgs(host=HOST_ALIAS, ip="host-gateway")]
            if ingress.reaches_host
            else None,
            restart="unless-stopped",
            init=True,
            capabilities=docker.ContainerCapabilitiesArgs(
                adds=["CAP_NET_BIND_SERVICE"], drops=["ALL"]
            ),
            security_opts=["no-new-privileges:true"],
            memory=MEMORY_MEBIBYTES,
            memory_swap=2 * MEMORY_MEBIBYTES,
            log_driver="json-file",
            log_opts={"max-size": "10m", "max-file": "5"},
            labels=label_args(labels, docker.ContainerLabelArgs),
            stop_timeout=INGRESS_GRACE_SECONDS,
            destroy_grace_seconds=INGRESS_GRACE_SECONDS,
        )

    def _tunnel_network(self) -> docker.Network | None:
        """Declare the network in which cloudflared calls the proxy, and nobody else is."""
        tunnel = self._args.ingress.tunnel
        if tunnel is None:
            return None
        return docker.Network(
            tunnel.logical_name,
            name=tunnel.network_name,
            ipam_configs=[
                docker.NetworkIpamConfigArgs(
                    subnet=tunnel.subnet, gateway=tunnel.gateway, ip_range=tunnel.addresses
                )
            ],
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self._args.host.provider,
                depends_on=list(self._args.after),
                delete_before_replace=True,
            ),
        )

    def _tunnelled(self) -> Iterator[docker.ContainerNetworksAdvancedArgs]:
        tunnel = self._args.ingress.tunnel
        if tunnel is not None and self.tunnel_network is not None:
            yield docker.ContainerNetworksAdvancedArgs(
                name=self.tunnel_network.name, aliases=[tunnel.alias]
            )

    def _sites(self) -> Iterator[docker.ContainerMountArgs]:
        """Mount the directories of sites: a content that is put there is served at once."""
        for id_ in self._args.ingress.sites:
            site = self._args.graph.sites[id_]
            yield docker.ContainerMountArgs(
                type="bind", source=site.spec.path, target=site_directory(site), read_only=True
            )

    def _link(self, id_: str, network: docker.Network) -> pulumi.Resource:
        logical_name = self._args.graph.networks[id_].logical_name
        names = pulumi.Output.all(self.container.id, network.id).apply(
            lambda ids: f"NEW={ids[0]}\nNETWORK={ids[1]}\n"
        )
        return self._args.host.run(
            f"{self._name}-joins-{logical_name}",
            f"{self._name} joins {self._args.graph.networks[id_].name}",
            names.apply(lambda text: text + join_script()),
            delete=names.apply(lambda text: text + leave_script()),
            triggers=[self.container.id, network.id],
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=False),
        )

    def _user_files(self) -> dict[str, Mapping[str, str]]:
        routes = self._args.graph.routes_of(self._args.ingress)
        return {users_file(route): route.users for route in routes if route.users}

    def _users(self, file: str, users: Mapping[str, str]) -> pulumi.Resource:
        lines = [
            pulumi.Output.concat(user, " ", self._args.secret(secret), "\n")
            for user, secret in users.items()
        ]
        return self._put(
            f"users-{file}",
            f"users of {file}",
            pulumi.Output.concat(*lines),
            lambda text: users_script(file, text),
        )

    def _certificates(self) -> Iterator[tuple[str, pulumi.Input[str]]]:
        """Give the files of certificates that its names need, each with what is in it."""
        args = self._args
        own = args.ingress.certificate_files
        if own is not None:
            yield OWN_CERTIFICATE, _together(*(args.secret(secret) for secret in own))
        named: dict[str, pulumi.Input[str]] = {}
        for route in args.graph.routes_of(args.ingress):
            zone = args.graph.zones[route.zone].name if route.zone else ""
            name = certificate_name(args.graph, args.ingress, route)
            if name is not None and name in args.certificates:
                found = args.certificates[name]
                named[name] = _together(found.certificate, found.key)
            pulls = origin_pulls_name(args.graph, args.ingress, route)
            if pulls is not None and zone in args.origin_pulls:
                named[pulls] = args.origin_pulls[zone]
        yield from sorted(named.items(), key=lambda item: item[0])

    def _certificate(self, name: str, pem: pulumi.Input[str]) -> pulumi.Resource:
        return self._put(
            f"certificate-{name}",
            f"certificate {name}",
            pem,
            lambda text: certificate_script(name, text),
        )

    def _put(
        self, name: str, what: str, text: pulumi.Input[str], script: Callable[[str], str]
    ) -> pulumi.Resource:
        """Run the script that writes a secret text as a file of the proxy's."""
        return self._args.host.run(
            f"{self._name}-{name}",
            what,
            pulumi.Output.secret(
                pulumi.Output.all(self.container.id, text).apply(
                    lambda values: f"NEW={values[0]}\n{script(values[1])}"
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _together(certificate: pulumi.Input[str], key: pulumi.Input[str]) -> pulumi.Output[str]:
    """Write a certificate and its key as one text; line ends of either are kept apart."""
    return pulumi.Output.concat(certificate, "\n", key, "\n")
