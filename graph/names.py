"""Names: of resources in Pulumi, and of things on a host. From map keys, never from positions."""

from __future__ import annotations

from config.stack import Target

DEV_DOMAIN = "localhost"
"""Resolves to loopback everywhere and is never public (RFC 6761)."""

FIRST_UNPRIVILEGED_PORT = 1024
DEV_PORT_SHIFT = 8000


def logical(*keys: str) -> str:
    """Name a resource in Pulumi: ``system-app-service``."""
    return "-".join(keys)


def project(system: str, app: str, given: str | None, target: Target) -> str:
    """Name a Compose project; on the dev stack apart from the projects of this machine's owner.

    Without the prefix, ``pulumi destroy`` of a dev stack could delete the volumes of a project
    of the same name that somebody runs on the same machine with Docker Compose.
    """
    name = given or app
    return f"{system}-{name}" if target == "dev" else name


def served(name: str, target: Target) -> str:
    """Give the host name under which a stack serves a declared one."""
    return f"{name}.{DEV_DOMAIN}" if target == "dev" else name


def host_ports(ports: range, target: Target) -> range:
    """Give the host ports that a stack publishes for declared ones: privileged ones move up."""
    if target == "dev" and ports.start < FIRST_UNPRIVILEGED_PORT:
        return range(ports.start + DEV_PORT_SHIFT, ports.stop + DEV_PORT_SHIFT)
    return ports
