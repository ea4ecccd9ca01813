"""Hosts, what stands on them besides apps, and the mesh between them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from config.access import Sources, SourcesField
from config.base import Model
from config.certificates import CertificatesField
from config.tunnel import TunnelField
from config.units import (
    ByteSize,
    Cidr,
    Cores,
    Duration,
    IpAddress,
    Label,
    Port,
    Text,
    parse_port_range,
    shown,
)

Platform: TypeAlias = Literal["linux/amd64", "linux/arm64"]
Environment: TypeAlias = Literal["production", "staging", "development"]

DEFAULT_CADDY_IMAGE = "caddy:2.11.4-alpine"
LOOPBACK = "127.0.0.1"


def _email(text: str) -> str:
    if not re.fullmatch(r"[^\s@\"`{}\\]+@[^\s@\"`{}\\]+", text):
        msg = f"{text!r} is not an e-mail address; write one like ops@example.com"
        raise ValueError(msg)
    return text


def absolute_path(text: str) -> str:
    """Give an absolute path of a host back; a ``ValueError`` when it is none."""
    if not text.startswith("/"):
        msg = f"{text!r} is not an absolute path; write one like /srv/app"
        raise ValueError(msg)
    if not re.fullmatch(r"/[A-Za-z0-9._/@+-]+", text) or ".." in text.split("/"):
        msg = f"{text!r} cannot be a path here; write one like /srv/app, without .. and spaces"
        raise ValueError(msg)
    return text


HostPath = Annotated[str, AfterValidator(absolute_path)]
Email = Annotated[str, AfterValidator(_email)]


class CaddyIngress(Model):
    """Caddy in a container, in front of the routes of its host.

    On the dev stack all certificates are internal, and there is no tunnel.
    """

    kind: Literal["caddy"]
    image: str = DEFAULT_CADDY_IMAGE
    email: Email | None = Field(default=None, description="Account address for the ACME issuer.")
    certificates: CertificatesField = Field(
        default="acme",
        description="acme: Let's Encrypt; internal: its own; origin: Cloudflare's, where proxied.",
    )
    tunnel: TunnelField | None = Field(
        default=None, description="cloudflare: callers come by a tunnel, and no port is open."
    )

    @model_validator(mode="after")
    def _trusted_by_the_tunnel(self) -> CaddyIngress:
        if self.tunnel is not None and self.certificates in ("acme", "internal"):
            why = {
                "acme": "are proven over ports 80 and 443, which a tunnel leaves closed",
                "internal": "are its own, which cloudflared does not trust",
            }[self.certificates]
            msg = f"certificates of kind {self.certificates} {why}; set certificates: origin"
            raise ValueError(msg)
        return self


class NginxIngress(Model):
    """nginx as a program of the host itself; certificates by Let's Encrypt over HTTP-01.

    It reaches services at ports that they publish on the host's loopback address. On the dev
    stack, where a host is this machine's Docker, Caddy in a container takes its place.
    """

    kind: Literal["nginx"]
    email: Email | None = Field(default=None, description="Account address for the ACME issuer.")

    @model_validator(mode="before")
    @classmethod
    def _without_a_tunnel(cls, value: object) -> object:
        if isinstance(value, Mapping) and "tunnel" in value:
            msg = (
                "a tunnel ends in a container's network, and nginx is a program of the host; use "
                "kind: caddy, or remove tunnel"
            )
            raise ValueError(msg)
        return value


Ingress = Annotated[CaddyIngress | NginxIngress, Field(discriminator="kind")]


class Ssh(Model):
    """Who may reach a host's SSH server. Its address and port are stack configuration."""

    access: SourcesField = Sources()


class AddressPool(Model):
    """Where the Docker daemon takes subnets from for networks that name none."""

    base: Cidr
    size: Annotated[int, Field(ge=8, le=30)]

    @model_validator(mode="after")
    def _fits(self) -> AddressPool:
        network = ipaddress.ip_network(self.base)
        if network.prefixlen > self.size:
            msg = f"size /{self.size} does not fit into {self.base}; give a larger number"
            raise ValueError(msg)
        return self


class LogRotation(Model):
    """How the daemon rotates a container's log where the service says nothing."""

    max_size: ByteSize
    max_files: Annotated[int, Field(ge=1)] = 3


class DockerDaemon(Model):
    """What differs from Docker's defaults in the daemon's configuration."""

    address_pools: tuple[AddressPool, ...] = ()
    logs: LogRotation | None = None


class Bans(Model):
    """Addresses that fail too often are banned (fail2ban).

    ``failures`` within ``window`` ban an address. ``chain`` is where the ban applies: packets
    to containers' published ports pass ``docker-user`` and never ``input``.
    """

    failures: Annotated[int, Field(ge=1)]
    window: Duration
    statuses: tuple[Annotated[int, Field(ge=400, le=499)], ...] = Field(
        default=(), description="HTTP answers of the ingress that count as failures."
    )
    chain: Literal["input", "docker-user"] = "docker-user"
    never: tuple[Cidr, ...] = Field(default=(), description="Networks that are never banned.")


class Host(Model):
    """A machine that runs apps. Its address is stack configuration, never written here."""

    kind: Literal["vps", "ec2", "oci"] = Field(
        description="vps: any machine that is reached with SSH; ec2, oci: an instance there."
    )
    platform: Platform
    cpus: Cores
    memory: ByteSize
    swap: ByteSize = 0
    purpose: str | None = None
    environment: Environment = "production"
    managed_by: str | None = Field(
        default=None,
        min_length=1,
        description="Who provisions it, if not this program: it is described, never written.",
    )
    hardened: bool = Field(
        default=True, description="Keys only, no root password, security updates, a firewall."
    )
    ingress: Ingress | None = None
    ssh: Ssh = Ssh()
    docker: DockerDaemon = DockerDaemon()
    bans: Bans | None = None

    @model_validator(mode="after")
    def _others_write_theirs(self) -> Host:
        ours = [name for name in ("ingress", "bans") if name in self.model_fields_set]
        if self.managed_by is not None and ours:
            msg = (
                f"others manage the host, so nothing writes its {' and '.join(ours)}; "
                f"remove {'them' if len(ours) > 1 else 'it'}, or managed_by"
            )
            raise ValueError(msg)
        return self


class Mesh(Model):
    """The private network between hosts and their operators.

    With ``dns`` its members resolve mesh-only names to mesh addresses. A host's own mesh
    address is stack configuration.
    """

    kind: Literal["headscale", "tailscale", "wireguard"]
    cidr: Cidr
    members: tuple[Label, ...]
    control: str | None = Field(
        default=None, description="The service that is its control server, as APP/SERVICE."
    )
    dns: bool = True


class Listener(Model):
    """A port that a process listens on, and on which of the host's addresses."""

    port: Port
    address: IpAddress = LOOPBACK
    access: SourcesField = Sources()


def _listener(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"port": value}
    if isinstance(value, str) and _LISTENER.fullmatch(value):
        address, colon, port = value.rpartition(":")
        ports = parse_port_range(port)
        if len(ports) != 1:
            msg = f"{shown(value)} is more than one port; write one entry for each"
            raise ValueError(msg)
        return {"port": ports.start, **({"address": address.strip("[]")} if colon else {})}
    if isinstance(value, Mapping | Listener):
        return value
    msg = f"{shown(value)} is not a port to listen on; write one like 3002 or '127.0.0.1:3002'"
    raise ValueError(msg)


_LISTENER = re.compile(r"(.+:)?[0-9]{1,9}(-[0-9]{1,9})?")


_LISTENER_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": ["integer", "string"]}, Listener.model_json_schema(mode="validation")]
}


def _environment_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        msg = f"{text!r} is not the name of a variable; use letters, digits and underscores"
        raise ValueError(msg)
    return text


def _one_line(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", text):
        msg = "it holds a control character; write one line, or put it into a file of the program"
        raise ValueError(msg)
    if found := re.search(r"\$\{[A-Za-z_][A-Za-z0-9_]*", text):
        msg = (
            f"{found[0]}}} is not filled in here; write the value itself, or name a secret under "
            "secrets"
        )
        raise ValueError(msg)
    return text


EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
EnvironmentValue = Annotated[Text, AfterValidator(_one_line)]


class Process(Model):
    """A program that a host runs itself, kept running by systemd or PM2.

    ``data`` are the host's paths that hold what it must not lose. ``environment`` are plain
    values, ``secrets`` the system's secrets by the variable that has the value.
    """

    host: Label
    manager: Literal["systemd", "pm2"]
    purpose: str
    command: str
    directory: HostPath
    user: str
    listens: tuple[Annotated[Listener, BeforeValidator(_listener)], ...] = ()
    memory: ByteSize | None = Field(default=None, description="Upper limit, in bytes.")
    on_boot: bool = Field(default=True, description="Started again when the host starts.")
    data: tuple[HostPath, ...] = ()
    environment: dict[EnvironmentName, EnvironmentValue] = {}
    secrets: dict[EnvironmentName, str] = Field(
        default={}, description="Variables of its environment, each with a secret's name."
    )

    @model_validator(mode="after")
    def _one_value_each(self) -> Process:
        if twice := sorted(self.environment.keys() & self.secrets.keys()):
            msg = f"{', '.join(twice)} is in environment and in secrets; keep one of them"
            raise ValueError(msg)
        return self


class Site(Model):
    """A directory of static files on a host, which its ingress serves.

    ``fallback`` answers for paths that are no file, as a single-page application needs;
    ``immutable`` are paths whose names change with their content, kept for a year by browsers.
    """

    host: Label
    path: HostPath
    purpose: str
    fallback: Annotated[
        str | None, AfterValidator(lambda text: text if text is None else _file_name(text))
    ] = None
    immutable: tuple[Annotated[str, AfterValidator(lambda text: _file_names(text))], ...] = ()


def _file_names(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._/-]*\*?", text):
        msg = f"{text!r} is not a path of the site; write one like /assets/*"
        raise ValueError(msg)
    return text


def _file_name(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._/-]+", text):
        msg = f"{text!r} is not a path of the site; write one like /index.html"
        raise ValueError(msg)
    return text


class Job(Model):
    """A command that a host runs on a schedule: five fields, as crontab(5) has them."""

    host: Label
    schedule: Annotated[str, AfterValidator(lambda text: cron(text))]
    command: str
    purpose: str


_CRON_FIELD = re.compile(
    r"(\*|(?P<first>[0-9]{1,4})(-(?P<last>[0-9]{1,4}))?)(/(?P<step>[0-9]{1,4}))?"
)
_CRON_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)


def cron(text: str) -> str:
    """Give a schedule of five numeric cron fields back; a ``ValueError`` when it is none."""
    fields = text.split()
    if len(fields) != len(_CRON_FIELDS):
        msg = f"{text!r} is not a schedule; write five cron fields, like 55 2 * * *"
        raise ValueError(msg)
    for field, (name, low, high) in zip(fields, _CRON_FIELDS, strict=True):
        if not all(_on_time(part, low, high) for part in field.split(",")):
            msg = (
                f"{field!r} in {text!r} is no {name}; write numbers of {low}-{high}, *, ranges, "
                "lists or steps"
            )
            raise ValueError(msg)
    return " ".join(fields)


def _on_time(part: str, low: int, high: int) -> bool:
    """Whether a part of a cron field is ``*``, a number or a range, and a step over them."""
    match = _CRON_FIELD.fullmatch(part)
    if match is None:
        return False
    first, last = int(match["first"] or low), int(match["last"] or match["first"] or high)
    return low <= first <= last <= high and int(match["step"] or 1) >= 1


Schedule = Annotated[str, AfterValidator(cron), WithJsonSchema({"type": "string"})]
