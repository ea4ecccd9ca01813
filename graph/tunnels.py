"""Tunnels of Cloudflare's: where each ends, what it carries, and cloudflared, which holds it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from config.compose.model import HealthCheck
from config.compose.model import Service as ServiceSpec
from config.finding import Source
from config.tunnel import Tunnel as TunnelSpec
from graph import handover
from graph.model import App, Attachment, Image, Ingress, MountedFile, Route, Service, Tunnel
from graph.names import logical
from graph.nodes import Nodes

ALIAS: Final = "ingress"
"""What the ingress is called in the tunnel's network, whichever container it is."""

TOKEN: Final = "tunnel token"  # noqa: S105 - a name
"""Stands for the tunnel's token among the secrets of cloudflared: no system can name one so."""

TOKEN_FILE: Final = "/run/tunnel/token"  # noqa: S105 - a place
METRICS: Final = "127.0.0.1:20241"
USER: Final = "65532"
"""Whom the image starts cloudflared as (``nonroot``)."""

MEMORY_BYTES: Final = 256 * 1024 * 1024
_GRACE: Final = timedelta(seconds=40)
"""cloudflared ends what it has begun for 30 s."""


def tunnel_of(
    nodes: Nodes, host: str, spec: TunnelSpec, routes: Sequence[Route], source: Source
) -> Tunnel:
    """Give the tunnel to the ingress of a host (its id) from what is said of it."""
    system, _, key = host.partition(":")[2].partition("/")
    name = logical(system, key, "tunnel")
    zones = {route.zone for route in routes if route.zone and route.proxied}
    managed = sorted(each for each in zones if nodes.zones[each].provider == "cloudflare")
    return Tunnel(
        id=f"tunnel:{system}/{key}",
        host=host,
        logical_name=name,
        image=spec.image,
        zone=managed[0] if managed else None,
        network_name=name,
        subnet=spec.subnet,
        addresses=addresses(spec.subnet),
        gateway=gateway(spec.subnet),
        alias=ALIAS,
        source=source,
    )


def addresses(subnet: str) -> str:
    """Give the addresses of containers in a tunnel's subnet: the upper half of it.

    The host's own is `gateway`. Whoever is logged in there could call the ingress from it, and
    must not be believed whom it calls for.
    """
    return str(list(ipaddress.ip_network(subnet).subnets())[1])


def gateway(subnet: str) -> str:
    """Give the host's own address in a tunnel's subnet: the first.

    Docker, unless told, takes it from among the containers'.
    """
    return str(ipaddress.ip_network(subnet)[1])


def carried(routes: Sequence[Route]) -> tuple[str, ...]:
    """Give the names that a tunnel carries to its ingress, sorted."""
    return tuple(sorted({route.declared_name for route in routes if route.proxied}))


def connector(ingress: Ingress, tunnel: Tunnel) -> tuple[App, Service]:
    """Give cloudflared as a service, with the app that it is one of: containers are made of these.

    They are no nodes of the graph. Two of it may run at once, so it is replaced start-first: the
    newcomer must be connected before the old one goes. The token is a file, in no argument and no
    environment.
    """
    app = App(
        id=f"app:{tunnel.id.partition(':')[2]}/tunnel",
        system=tunnel.id.partition(":")[2].partition("/")[0],
        key="tunnel",
        logical_name=tunnel.logical_name,
        project=ingress.logical_name,
        host=tunnel.host,
        compose_file=tunnel.source.file.removeprefix("systems/"),
        managed_by=None,
        source=tunnel.source,
    )
    spec = _spec(tunnel)
    service = Service(
        id=f"service:{tunnel.id.partition(':')[2]}/cloudflared",
        app=app.id,
        host=tunnel.host,
        key="cloudflared",
        logical_name=tunnel.logical_name,
        container_name=tunnel.logical_name,
        alias=tunnel.logical_name,
        spec=spec,
        image=Image(reference=tunnel.image),
        environment={},
        attachments=(Attachment(network=tunnel.id, aliases=("cloudflared",)),),
        volumes=(),
        files=(MountedFile(target=TOKEN_FILE, mode=0o444, secret=TOKEN),),
        dependencies=(),
        restart_with=(),
        handover=handover.choose(spec, is_job=False),
        upstreams=(),
        held_names=(),
        source=tunnel.source,
    )
    return app, service


def _spec(tunnel: Tunnel) -> ServiceSpec:
    asked = ("CMD", "cloudflared", "tunnel", "--metrics", METRICS, "ready")
    return ServiceSpec(
        image=tunnel.image,
        # The image's entrypoint is cloudflared, and tells it not to update itself.
        command=("tunnel", "--metrics", METRICS, "run", "--token-file", TOKEN_FILE),
        healthcheck=HealthCheck(
            test=asked,
            interval=timedelta(seconds=5),
            timeout=timedelta(seconds=5),
            retries=12,
        ),
        mem_limit=MEMORY_BYTES,
        restart="unless-stopped",
        user=USER,
        read_only=True,
        cap_drop=("ALL",),
        security_opt=("no-new-privileges:true",),
        init=False,
        stop_grace_period=_GRACE,
    )
