"""What a deploy runs on a host, from the nodes of the graph."""

from __future__ import annotations

import math

from graph.model import Ingress, Service
from render.caddy import DNS_TOKEN
from render.handover import Handover, HeldAlias, Upstream, handover_script
from render.ingress_apply import (
    IngressApply,
    ingress_apply_script,
    write_certificate_script,
    write_token_script,
    write_users_script,
)
from render.shell import feed

INGRESS_TIMEOUT_SECONDS = 30
INGRESS_GRACE_SECONDS = 30


def service_script(service: Service, ingress: Ingress | None) -> str:
    """Give the handover of a service; ``ingress`` is needed where it has upstreams."""
    handover = service.handover
    return handover_script(
        Handover(
            service=service.logical_name,
            order=handover.order,
            gate=handover.gate.value,
            timeout_seconds=math.ceil(handover.timeout.total_seconds()),
            grace_seconds=math.ceil(handover.grace.total_seconds()),
            upstreams=tuple(Upstream(name=each.file, port=each.port) for each in service.upstreams),
            ingress=ingress.logical_name if ingress and service.upstreams else None,
            restart_with=service.restart_with,
            aliases=tuple(
                HeldAlias(network=each.network, aliases=each.aliases, addresses=each.addresses)
                for each in service.held_names
            ),
        )
    )


def routes_script(ingress: Ingress, caddyfile: str) -> str:
    """Give the script that puts a Caddyfile into force; the text is part of it."""
    plan = IngressApply(
        ingress=ingress.logical_name,
        gate="running",
        timeout_seconds=INGRESS_TIMEOUT_SECONDS,
        grace_seconds=INGRESS_GRACE_SECONDS,
    )
    return feed(ingress_apply_script(plan), caddyfile)


def users_script(file: str, users: str) -> str:
    """Give the script that writes a file of users; the users, a line each, are part of it."""
    return feed(write_users_script(file), users)


def certificate_script(name: str, pem: str) -> str:
    """Give the script that writes a certificate and its key; both, as PEM, are part of it."""
    return feed(write_certificate_script(name), pem)


def dns_token_script(token: str) -> str:
    """Give the script that writes the token for DNS-01, which is part of it."""
    return feed(write_token_script(DNS_TOKEN), token)


def join_script() -> str:
    """Give the script that connects ``$NEW`` to ``$NETWORK``, unless it is."""
    return (
        "set -eu\n"
        "docker inspect --format '{{range .NetworkSettings.Networks}}{{println .NetworkID}}{{end}}'"
        ' "$NEW" | grep -qx "$NETWORK" || docker network connect "$NETWORK" "$NEW"\n'
    )


def leave_script() -> str:
    """Give the script that disconnects ``$NEW`` from ``$NETWORK``, if both are still there."""
    return 'docker network disconnect --force "$NETWORK" "$NEW" 2>/dev/null || :\n'
