"""nginx on a host, with its virtual hosts, its certificates and the users that it lets in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.container import SecretLookup
from components.ssh import SshConnection
from components.step import made_of, step
from graph.model import Host, Ingress, StackGraph
from render.caddy import origin_pulls_name
from render.nginx import files_script, nginx_script, remove_script


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxIngressArgs:
    """``ingress`` is a node of ``graph``, of ``host``; ``after`` are what must be done before.

    ``machine`` is the resource of the machine, where this program made it: what was run there is
    forgotten together with it. ``origin_pulls`` are the authorities (PEM) that the edge shows
    certificates of, by zone.
    """

    graph: StackGraph
    ingress: Ingress
    host: Host
    connection: SshConnection
    secret: SecretLookup
    after: Sequence[pulumi.Resource] = ()
    machine: pulumi.Resource | None = None
    origin_pulls: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class NginxIngress(pulumi.ComponentResource):
    """nginx for one host, of the host's own packages.

    It installs nginx and certbot where they are missing, and puts virtual hosts into force only
    once nginx has read them. It leaves others' virtual hosts alone, and neither deploys the files
    of sites nor sets DNS. Removed, it takes its virtual hosts with it: nginx and the certificates
    stay.
    """

    last: pulumi.Resource
    """What has put the routes into force."""

    def __init__(
        self, name: str, args: NginxIngressArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:host:NginxIngress", name, None, opts)
        self._name, self._args = name, args
        host = args.host
        users, authorities = self._users(), self._authorities()

        def written(known: Mapping[str, str]) -> str:
            return files_script(
                host,
                {name: known[name] for name in users},
                {name: known[name] for name in authorities},
            )

        # First, so that it goes last.
        kept = self._step(
            "files",
            "files of nginx",
            made_of({**users, **authorities}, written),
            after=args.after,
            delete=remove_script(host),
        )
        self.last = self._step(
            "routes",
            "routes of nginx",
            nginx_script(args.graph, args.ingress),
            after=[*args.after, kept],
            # nginx reads them when it is reloaded, and users' files each time
            because=[authorities[each] for each in sorted(authorities)],
        )
        self.register_outputs({})

    def _users(self) -> Mapping[str, pulumi.Output[str]]:
        routes = self._args.graph.routes_of(self._args.ingress)
        found: dict[str, pulumi.Output[str]] = {}
        for route in routes:
            if route.users:
                lines = [
                    pulumi.Output.concat(user, ":", self._args.secret(secret), "\n")
                    for user, secret in route.users.items()
                ]
                found[f"{route.system}-{route.access.basic_auth}"] = pulumi.Output.concat(*lines)
        return found

    def _authorities(self) -> Mapping[str, pulumi.Output[str]]:
        args = self._args
        found: dict[str, pulumi.Output[str]] = {}
        for route in args.graph.routes_of(args.ingress):
            name = origin_pulls_name(args.graph, args.ingress, route)
            zone = args.graph.zones[route.zone].name if route.zone else ""
            if name is not None and zone in args.origin_pulls:
                found[name] = pulumi.Output.from_input(args.origin_pulls[zone])
        return found

    def _step(
        self,
        suffix: str,
        what: str,
        script: pulumi.Input[str],
        *,
        after: Sequence[pulumi.Resource],
        because: Sequence[pulumi.Input[str]] = (),
        delete: str | None = None,
    ) -> pulumi.Resource:
        args = self._args
        what = f"{what} on {args.host.key}"
        return step(
            f"{self._name}-{suffix}",
            what,
            script,
            args.connection.shell(what),
            parent=self,
            after=after,
            because=because,
            delete=delete,
            machine=args.machine,
        )
