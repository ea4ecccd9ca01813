"""What instances of every cloud share: rules from openings, host keys, first-boot data, SSH facts.

It imports no cloud's SDK, so that a stack of one cloud never loads another's.
"""

from __future__ import annotations

import base64
import gzip
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

import pulumi
import pulumi_tls as tls

from components.ssh import docker_url
from config.units import format_port_range

Family: TypeAlias = Literal["ipv4", "ipv6"]

LOOKUPS: Final = (
    "aws:ec2/getInstance:getInstance",
    "aws:ssm/getParameter:getParameter",
    "cloudflare:index/getIpRanges:getIpRanges",
    "cloudflare:index/getZone:getZone",
    "oci:Core/getInstance:getInstance",
    "oci:Core/getPrivateIps:getPrivateIps",
    "oci:Core/getVnicAttachments:getVnicAttachments",
)
"""The providers' functions that components call: unknown where no provider runs."""

ANYWHERE: Final[Mapping[Family, str]] = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
DESCRIPTION_LENGTH: Final = 255
_UNDESCRIBABLE = re.compile(r"[^A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]")


class Opening(Protocol):
    """What is let in, as `graph.firewall.Opening` says it; ``sources`` None is anywhere."""

    @property
    def protocol(self) -> Literal["tcp", "udp"]:
        """Which of the two."""

    @property
    def ports(self) -> range:
        """Its ports."""

    @property
    def sources(self) -> tuple[str, ...] | None:
        """Networks of both families; None is anywhere."""

    @property
    def why(self) -> str:
        """What it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a security group: one protocol, one range of ports, one network.

    ``name`` is made from these and nothing else, so it stays when other rules come and go.
    """

    name: str
    family: Family
    protocol: Literal["tcp", "udp"]
    ports: range
    source: str
    why: str


def rules(openings: Iterable[Opening], *, tunnels: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Give the rules that let openings in, sorted by name.

    Sources that lie in ``tunnels``, a mesh's networks, get none: their packets come out of the
    tunnel on the host itself, past every security group.
    """
    inside = [ipaddress.ip_network(tunnel) for tunnel in tunnels]
    found: dict[str, Rule] = {}
    for opening in openings:
        sources = tuple(ANYWHERE.values()) if opening.sources is None else opening.sources
        for source in sources:
            network = ipaddress.ip_network(source)
            if not any(_lies_in(network, tunnel) for tunnel in inside):
                rule = _rule(opening, network)
                other = found.get(rule.name)
                found[rule.name] = _for_both(other, rule) if other else rule
    return tuple(found[name] for name in sorted(found))


_IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _lies_in(network: _IpNetwork, other: _IpNetwork) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and network.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and network.subnet_of(other)


def _rule(opening: Opening, network: _IpNetwork) -> Rule:
    family: Family = "ipv4" if network.version == 4 else "ipv6"
    ports = format_port_range(opening.ports)
    anywhere = str(network) == ANYWHERE[family]
    source = f"any-{family}" if anywhere else re.sub("[:/]", "-", str(network))
    return Rule(
        name=f"{opening.protocol}-{ports}-{source}",
        family=family,
        protocol=opening.protocol,
        ports=opening.ports,
        source=str(network),
        why=opening.why,
    )


def _for_both(one: Rule, two: Rule) -> Rule:
    reasons = "; ".join(dict.fromkeys((one.why, two.why)))
    return Rule(
        name=one.name,
        family=one.family,
        protocol=one.protocol,
        ports=one.ports,
        source=one.source,
        why=reasons,
    )


def description(text: str) -> str:
    """Give a text as a cloud takes it to describe a rule: of few characters, and not long."""
    return _UNDESCRIBABLE.sub("-", text)[:DESCRIPTION_LENGTH]


class HostKey(pulumi.ComponentResource):
    """An ED25519 host key, made before the machine that will show it.

    Its private half lies encrypted in the state, and goes to the machine once, in the data of its
    first boot. It is never rotated: a machine that has another one is another machine. It isn't
    for people's logins.
    """

    public: pulumi.Output[str]
    """As in known_hosts, behind the address: ``ssh-ed25519 AAAA``."""
    private: pulumi.Output[str]
    """OpenSSH's format; a secret."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgraph:ssh:HostKey", name, None, opts)
        key = tls.PrivateKey(name, algorithm="ED25519", opts=pulumi.ResourceOptions(parent=self))
        self.public = key.public_key_openssh.apply(lambda text: " ".join(text.split()[:2]))
        self.private = pulumi.Output.secret(key.private_key_openssh)
        self.register_outputs({"public": self.public})


FirstBoot: TypeAlias = Callable[[HostKey], pulumi.Input[str]]
"""From the host key to cloud-init's user data, which delivers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    """How an instance is reached with SSH; both outputs are unknown until it exists."""

    address: pulumi.Output[str]
    host_key: pulumi.Output[str]
    user: str
    port: int

    @property
    def url(self) -> pulumi.Output[str]:
        """The address of its Docker daemon, as the Docker CLI takes it in DOCKER_HOST."""
        return self.address.apply(lambda address: docker_url(self.user, address, self.port))


class Instance(pulumi.ComponentResource):
    """A machine at a cloud, made or only read, and how it is reached."""

    address: pulumi.Output[str]
    """Its public address."""
    docker_host: pulumi.Output[str]
    """The address of its Docker daemon over SSH."""
    ssh: Ssh
    """How it is reached."""
    host_key: pulumi.Output[str]
    """The public host key that it shows, to be pinned."""

    def _reached_at(
        self, address: pulumi.Output[str], host_key: pulumi.Output[str], user: str, port: int
    ) -> None:
        """Set the outputs, when all else is declared."""
        self.address, self.host_key = address, host_key
        self.ssh = Ssh(address=address, host_key=host_key, user=user, port=port)
        self.docker_host = self.ssh.url
        self.register_outputs(
            {"address": address, "dockerHost": self.docker_host, "hostKey": host_key}
        )


def packed(user_data: pulumi.Input[str], *, limit: int, cloud: str) -> pulumi.Output[str]:
    """Give user data as a cloud and cloud-init take it: compressed, in Base64, a secret.

    More than ``limit`` bytes, as the cloud counts them, fail before anything is made.
    """

    def pack(text: str) -> str:
        data = gzip.compress(text.encode(), mtime=0)
        if len(data) > limit:
            msg = (
                f"user data of {len(data)} bytes, compressed; {cloud} takes {limit}: "
                "leave to the first SSH login what the first boot doesn't need"
            )
            raise pulumi.RunError(msg)
        return base64.b64encode(data).decode()

    return pulumi.Output.secret(pulumi.Output.from_input(user_data).apply(pack))


def public_address(address: str | None, instance: str) -> str:
    """Give the public address of an existing instance; a `pulumi.RunError` when it has none."""
    if not address:
        msg = (
            f"instance {instance}: it has no public address; give it one, or configure address "
            "in place of it"
        )
        raise pulumi.RunError(msg)
    return address
