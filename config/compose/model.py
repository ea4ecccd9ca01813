"""Typed models of the supported Compose subset: https://github.com/compose-spec/compose-spec.

Keys that are here mean what the Specification says; any other key is an error that names it.
All short syntaxes have become long ones by the time a value is read from these models.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from config.base import Model
from config.compose import short
from config.text import Template
from config.units import (
    Bool,
    ByteSize,
    Cidr,
    Cores,
    Duration,
    IpAddress,
    Label,
    Text,
    Whole,
    format_port_range,
)

Protocol: TypeAlias = Literal["tcp", "udp"]
StartOrder: TypeAlias = Literal["start-first", "stop-first"]
Condition: TypeAlias = Literal[
    "service_started", "service_healthy", "service_completed_successfully"
]

_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_TEXT_OR_TEXTS: dict[str, Any] = {"anyOf": [{"type": "string"}, _TEXTS]}
_SCALAR = ["string", "number", "boolean"]
_MAP_OR_TEXTS: dict[str, Any] = {
    "anyOf": [{"type": "object", "additionalProperties": {"type": _SCALAR}}, _TEXTS]
}
_LABELS: dict[str, Any] = {
    "anyOf": [{"type": "object", "additionalProperties": {"type": [*_SCALAR, "null"]}}, _TEXTS]
}
_PORTS: dict[str, Any] = {"type": ["string", "integer"]}

_PlainText = Annotated[str, BeforeValidator(lambda v: (short.refuse_secret(v), v)[1])]
Mode = Annotated[int, BeforeValidator(short.mode), WithJsonSchema(_PORTS)]
Name = Annotated[str, AfterValidator(short.name)]
DockerName = Annotated[_PlainText, AfterValidator(short.docker_name)]
Path = Annotated[str, AfterValidator(short.container_path)]
PortRange = Annotated[range, WithJsonSchema(_PORTS)]
Command = Annotated[tuple[str, ...], BeforeValidator(short.command), WithJsonSchema(_TEXT_OR_TEXTS)]
TextList = Annotated[
    tuple[str, ...], BeforeValidator(short.text_list), WithJsonSchema(_TEXT_OR_TEXTS)
]
Labels = Annotated[
    dict[str, Annotated[str, BeforeValidator(short.label)]],
    BeforeValidator(short.pairs),
    WithJsonSchema(_LABELS),
]
BuildArguments = Annotated[
    dict[str, Annotated[str, BeforeValidator(short.build_argument)]],
    BeforeValidator(short.pairs),
    WithJsonSchema(_MAP_OR_TEXTS),
]
Environment = Annotated[
    dict[str, Annotated[str | Template, PlainValidator(short.environment_value)]],
    BeforeValidator(short.pairs),
    WithJsonSchema(_MAP_OR_TEXTS),
]


class Spec(Model):
    """A mapping of a compose file: keys that begin with ``x-`` may stand in it and say nothing."""

    @model_validator(mode="before")
    @classmethod
    def _without_extensions(cls, value: object) -> object:
        if isinstance(value, Mapping):
            return {key: item for key, item in value.items() if not key.startswith("x-")}
        return value


class PublishedPort(Spec):
    """A container port, or a range, published on the host; both sides are equally long."""

    target: PortRange
    published: PortRange
    protocol: Protocol = "tcp"
    host_ip: IpAddress | None = None
    mode: Literal["host", "ingress"] | None = None
    name: str | None = None
    app_protocol: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_host_port(cls, value: object) -> object:
        if isinstance(value, dict) and "target" in value and value.get("published") is None:
            ports = format_port_range(value["target"])
            msg = (
                f"port {ports} names no host port, which would be another one at each deploy; "
                f"write HOST:{ports}, or use expose"
            )
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _same_length(self) -> PublishedPort:
        if len(self.published) != len(self.target):
            host, inside = format_port_range(self.published), format_port_range(self.target)
            msg = (
                f"host ports {host} and container ports {inside} differ in number; make them equal"
            )
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        return short.describe_port(self.host_ip, self.published, self.target, self.protocol)


class ExposedPort(Spec):
    """A container port, or a range, that the service listens on for its networks."""

    target: PortRange
    protocol: Protocol = "tcp"


class BindOptions(Spec):
    """Options of a bind mount."""

    propagation: Literal["private", "rprivate", "shared", "rshared", "slave", "rslave"] | None = (
        None
    )
    create_host_path: Bool = True


class VolumeOptions(Spec):
    """Options of a named volume's mount."""

    nocopy: Bool = False


class TmpfsOptions(Spec):
    """Options of a tmpfs mount: ``size`` in bytes, ``mode`` as a number."""

    size: ByteSize | None = None
    mode: Mode | None = None


class Mount(Spec):
    """A mount of a service: a named or anonymous volume, a host path, or memory."""

    type: Literal["volume", "bind", "tmpfs"]
    target: Path
    source: str | None = None
    read_only: Bool = False
    bind: BindOptions | None = None
    volume: VolumeOptions | None = None
    tmpfs: TmpfsOptions | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Mount:
        if self.type == "bind":
            if self.source is None:
                msg = f"the bind at {self.target} has no source; name an absolute host path"
                raise ValueError(msg)
            if not self.source.startswith("/"):
                msg = (
                    f"bind source {self.source!r} is relative to this computer, which the host "
                    "does not see; put the file under configs, or name an absolute host path"
                )
                raise ValueError(msg)
        return self


class ServiceNetwork(Spec):
    """How a service joins one network."""

    aliases: tuple[str, ...] = ()
    ipv4_address: IpAddress | None = None
    ipv6_address: IpAddress | None = None


class Dependency(Spec):
    """What a service waits for before it starts."""

    condition: Condition
    restart: Bool = False
    required: Bool = True


class HealthCheck(Spec):
    """How Docker asks a container whether it is well. Defaults are Docker's."""

    test: Annotated[
        tuple[str, ...], BeforeValidator(short.health_test), WithJsonSchema(_TEXT_OR_TEXTS)
    ] = ()
    interval: Duration = timedelta(seconds=30)
    timeout: Duration = timedelta(seconds=30)
    retries: Annotated[Whole, Field(ge=1)] = 3
    start_period: Duration = timedelta()
    disable: Bool = False

    @property
    def active(self) -> bool:
        """Whether it asks anything."""
        return not self.disable and bool(self.test) and self.test[0] != "NONE"


class Resources(Spec):
    """CPUs (cores) and memory (bytes)."""

    cpus: Cores | None = None
    memory: ByteSize | None = None


class ResourceLimits(Spec):
    """Upper limits, and what is set aside."""

    limits: Resources = Resources()
    reservations: Resources = Resources()


class UpdateConfig(Spec):
    """How a container is replaced: which of old and new starts or stops first."""

    order: StartOrder


class Deploy(Spec):
    """The part of Compose's deploy section that one host can honour."""

    resources: ResourceLimits = ResourceLimits()
    update_config: UpdateConfig | None = None


class Logging(Spec):
    """A container's log driver and its options."""

    driver: str = "json-file"
    options: Labels = {}


class Ulimit(Spec):
    """A soft and a hard limit."""

    soft: Whole
    hard: Whole


class FileReference(Spec):
    """A secret or a config that a service mounts; ``mode`` is a number of permission bits."""

    source: str
    target: str | None = None
    mode: Mode | None = None


class Build(Spec):
    """An image made from a context directory beside the compose file."""

    context: str
    dockerfile: str = "Dockerfile"
    args: BuildArguments = {}
    target: str | None = None


class EnvFile(Spec):
    """A file of ``NAME=VALUE`` lines beside the compose file."""

    path: str
    required: Bool = True


Port = Annotated[
    PublishedPort,
    BeforeValidator(short.port, json_schema_input_type=str | int | PublishedPort),
]
Expose = Annotated[ExposedPort, BeforeValidator(short.expose, json_schema_input_type=str | int)]
Volume_ = Annotated[Mount, BeforeValidator(short.volume, json_schema_input_type=str | Mount)]
File = Annotated[
    FileReference,
    BeforeValidator(short.file_reference, json_schema_input_type=str | FileReference),
]


class Service(Spec):
    """One service of a Compose application."""

    model_config = ConfigDict(extra="forbid")

    image: _PlainText | None = None
    build: Annotated[
        Build | None, BeforeValidator(short.build, json_schema_input_type=str | Build)
    ] = None
    command: Command | None = None
    entrypoint: Command | None = None
    environment: Environment = {}
    env_file: Annotated[
        tuple[EnvFile, ...],
        BeforeValidator(short.env_file, json_schema_input_type=str | list[str | EnvFile]),
    ] = ()
    ports: tuple[Port, ...] = ()
    expose: tuple[Expose, ...] = ()
    volumes: tuple[Volume_, ...] = ()
    networks: Annotated[
        dict[str, ServiceNetwork],
        BeforeValidator(
            short.names_to_map,
            json_schema_input_type=list[str] | dict[str, ServiceNetwork | None],
        ),
    ] = {}
    depends_on: Annotated[
        dict[str, Dependency],
        BeforeValidator(short.depends_on, json_schema_input_type=list[str] | dict[str, Dependency]),
    ] = {}
    healthcheck: HealthCheck | None = None
    deploy: Deploy = Deploy()
    mem_limit: ByteSize | None = None
    cpus: Cores | None = None
    restart: Annotated[str, AfterValidator(short.restart)] = "no"
    labels: Labels = {}
    logging: Logging | None = None
    user: _PlainText | None = None
    working_dir: _PlainText | None = None
    group_add: tuple[Text, ...] = ()
    read_only: Bool = False
    tmpfs: TextList = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: Bool = False
    security_opt: tuple[str, ...] = ()
    sysctls: Labels = {}
    ulimits: dict[
        str,
        Annotated[Ulimit, BeforeValidator(short.ulimit, json_schema_input_type=Whole | Ulimit)],
    ] = {}
    init: Bool = False
    shm_size: ByteSize | None = None
    extra_hosts: Annotated[
        dict[str, Annotated[str, AfterValidator(short.host_address)]],
        BeforeValidator(short.extra_hosts, json_schema_input_type=list[str] | dict[str, str]),
    ] = {}
    dns: TextList = ()
    dns_search: TextList = ()
    hostname: _PlainText | None = None
    container_name: DockerName | None = None
    network_mode: Literal["bridge", "host", "none"] | None = None
    platform: _PlainText | None = None
    stop_signal: str | None = None
    stop_grace_period: Duration = timedelta(seconds=10)
    stdin_open: Bool = False
    tty: Bool = False
    secrets: tuple[File, ...] = ()
    configs: tuple[File, ...] = ()
    profiles: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Service:
        if self.image is None and self.build is None:
            msg = "the service has neither image nor build; give it one"
            raise ValueError(msg)
        if self.network_mode is not None and self.networks:
            msg = "network_mode and networks exclude each other; keep one"
            raise ValueError(msg)
        limits = self.deploy.resources.limits
        for key, one, other in (
            ("cpus", self.cpus, limits.cpus),
            ("mem_limit", self.mem_limit, limits.memory),
        ):
            if one is not None and other is not None and one != other:
                msg = f"{key} and deploy.resources.limits set different values; keep one"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_mount_a_place(self) -> Service:
        targets = [mount.target for mount in self.volumes]
        targets += [entry.partition(":")[0] for entry in self.tmpfs]
        for target in targets:
            if targets.count(target) > 1:
                msg = f"two mounts share the place {target}; give one of them another target"
                raise ValueError(msg)
        return self

    @property
    def memory_limit(self) -> int | None:
        """Upper limit of memory in bytes, from either of Compose's two places for it."""
        return self.mem_limit or self.deploy.resources.limits.memory

    @property
    def cpu_limit(self) -> float | None:
        """Upper limit of CPU in cores, from either of Compose's two places for it."""
        return self.cpus or self.deploy.resources.limits.cpus


class IpamPool(Spec):
    """One address pool of a network."""

    subnet: Cidr
    gateway: IpAddress | None = None
    ip_range: Cidr | None = None


class Ipam(Spec):
    """A network's address pools."""

    driver: Literal["default"] = "default"
    config: tuple[IpamPool, ...] = ()


class Network(Spec):
    """A network of an application. ``external`` means that it exists, owned by another."""

    name: DockerName | None = None
    driver: Literal["bridge", "macvlan", "ipvlan", "overlay"] = "bridge"
    driver_opts: Labels = {}
    internal: Bool = False
    attachable: Bool = False
    external: Bool = False
    enable_ipv6: Bool = False
    ipam: Ipam = Ipam()
    labels: Labels = {}


class Volume(Spec):
    """A named volume of an application. ``external`` means that it exists, owned by another."""

    name: DockerName | None = None
    driver: str = "local"
    driver_opts: Labels = {}
    external: Bool = False
    labels: Labels = {}


class Secret(Spec):
    """A secret's source: the name of a secret that system.yaml declares."""

    environment: Annotated[str, BeforeValidator(short.secret_name)]
    name: str | None = None


Made: TypeAlias = Literal["mesh-records"]
"""What stackgraph writes into a config: the records of the mesh's DNS, as Headscale reads them."""


class Config(Spec):
    """A config's source: a file beside the compose file, or its content."""

    # A key `made` would be news to Docker Compose.
    model_config = ConfigDict(populate_by_name=False)

    file: str | None = None
    content: _PlainText | None = None
    name: str | None = None
    made: Made | None = Field(
        default=None,
        alias="x-stackgraph",
        description="stackgraph writes what the file holds; Docker Compose uses content.",
    )

    @model_validator(mode="before")
    @classmethod
    def _without_extensions(cls, value: object) -> object:
        if isinstance(value, Mapping):
            own = "x-stackgraph"
            return {k: item for k, item in value.items() if k == own or not k.startswith("x-")}
        return value

    @model_validator(mode="after")
    def _one_source(self) -> Config:
        if (self.file is None) == (self.content is None):
            msg = "a config has either file or content; give exactly one"
            raise ValueError(msg)
        return self


_Networks = BeforeValidator(short.named, json_schema_input_type=dict[str, Network | None])
_Volumes = BeforeValidator(short.named, json_schema_input_type=dict[str, Volume | None])


class ComposeFile(Spec):
    """A Compose application."""

    name: Label | None = None
    version: Text | None = Field(default=None, deprecated=True)
    services: dict[Name, Service]
    networks: Annotated[dict[Name, Network], _Networks] = {}
    volumes: Annotated[dict[Name, Volume], _Volumes] = {}
    secrets: dict[Name, Secret] = {}
    configs: dict[Name, Config] = {}
