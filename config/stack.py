"""Typed model of a stack's configuration: what differs between stacks, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from config.addresses import MeshAddressField, PublicAddressField
from config.base import Model
from config.cloud import Ec2Settings, OciSettings
from config.cloudflare import ZoneSettings
from config.units import HostName, Label, Port, Text

SYSTEMS_DIRECTORY = "systems"

Target: TypeAlias = Literal["dev", "prod"]

NAMESPACE = "stackgraph"
"""Pulumi's configuration namespace: the name of the project."""


DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock"


def _docker_host(text: str) -> str:
    if not re.fullmatch(r"(unix|tcp|npipe)://\S+", text):
        msg = f"it is no address of a Docker daemon; write one like {DEFAULT_DOCKER_HOST}"
        raise ValueError(msg)
    return text


def _acme_directory(text: str) -> str:
    if not re.fullmatch(r"https://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?", text):
        msg = (
            "it is no address of an ACME issuer; write one like "
            "https://acme-staging-v02.api.letsencrypt.org/directory"
        )
        raise ValueError(msg)
    return text


def _host_key(text: str) -> str:
    if not re.fullmatch(r"(ssh-|ecdsa-)\S+ [A-Za-z0-9+/=]+( .*)?", text):
        msg = (
            "it is no public key of a host; write one like ssh-ed25519 AAAA, "
            "as ssh-keyscan -t ed25519 ADDRESS prints it behind the address"
        )
        raise ValueError(msg)
    return text


DockerHost = Annotated[str, AfterValidator(_docker_host)]
AcmeDirectory = Annotated[str, AfterValidator(_acme_directory)]
"""Where an ACME issuer lists what it offers; None stands for Let's Encrypt."""


class Jump(Model):
    """A host by way of which another is reached; ``host_key`` is its public key."""

    address: str
    user: str = "root"
    port: Port = 22
    host_key: Annotated[str, AfterValidator(_host_key)]


class FirstLogin(Model):
    """How a host is reached until it has been set up: as its provider hands it over."""

    user: str = "root"
    port: Port = 22


class HostAccess(Model):
    """How a host is reached with SSH. ``host_key`` is its public key, as in known_hosts.

    ``mesh_address`` is its address in the mesh: a type of its own, so that it never stands in
    for the public one (V10). DNS gets ``public_addresses`` where SSH goes another way than the
    internet's, or where IPv6 is to be answered too. A host that others manage needs only
    ``address``. With ``ec2`` or ``oci`` the cloud gives the address, so ``address`` is empty; what
    is made there gets its host key from us, so ``host_key`` is None.
    """

    address: str = ""
    public_addresses: tuple[PublicAddressField, ...] = Field(
        default=(),
        description="Where the internet reaches it, for DNS; without it, address.",
    )
    mesh_address: MeshAddressField | None = None
    first: FirstLogin | None = Field(
        default=None, description="Where user or port are others before the host is set up."
    )
    jump: Jump | None = None
    identity_file: str | None = Field(
        default=None, description="The private key for ssh; without it the SSH agent's keys."
    )
    authorized_keys: tuple[str, ...] = Field(
        default=(), description="Public keys that may log in as user; none are changed without it."
    )
    user: str = "root"
    port: Port = 22
    host_key: Annotated[str, AfterValidator(_host_key)] | None = None
    private_key: SecretStr | None = Field(
        default=None, description="For Pulumi's own SSH client; without it the SSH agent's keys."
    )
    ec2: Ec2Settings | None = Field(default=None, description="Made or read at EC2.")
    oci: OciSettings | None = Field(default=None, description="Made or read at OCI.")

    @property
    def cloud(self) -> Ec2Settings | OciSettings | None:
        """The cloud that gives the address; None where the host is adopted by SSH."""
        return self.ec2 or self.oci


class SystemSettings(Model):
    """One system on one stack: its addresses, its values, its secrets."""

    hosts: dict[Label, HostAccess] = {}
    zones: dict[HostName, ZoneSettings] = {}
    variables: dict[str, Text] = {}
    secrets: dict[str, SecretStr] = {}


class DevPorts(Model):
    """Ports of the dev stack's ingress on this machine."""

    http: Port = 8080
    https: Port = 8443


class StackSettings(Model):
    """A stack: its target, its systems, and what each of them needs there."""

    name: str
    target: Target
    systems: tuple[str, ...]
    docker_host: DockerHost = DEFAULT_DOCKER_HOST
    dev_ports: DevPorts = DevPorts()
    acme_directory: AcmeDirectory | None = None
    per_system: Mapping[str, SystemSettings] = {}

    def directories(self, project: Path) -> list[Path]:
        """Give the directories of the systems: names lie under ``systems/``, paths anywhere."""
        return [
            project / name if "/" in name else project / SYSTEMS_DIRECTORY / name
            for name in self.systems
        ]

    def of(self, system: str) -> SystemSettings:
        """Give the settings of a system; empty ones when the stack configures none."""
        return self.per_system.get(system, SystemSettings())
