"""A service node as the arguments of a Docker container."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias, TypeVar, cast

import pulumi
import pulumi_docker as docker

from config.compose.model import HealthCheck, Mount
from config.stack import Target
from config.units import format_duration
from graph.apps import ANY_ADDRESS
from graph.model import App, Attachment, EnvironmentValue, MountedFile, Service
from graph.names import host_ports
from render.shell import LABEL_SERVICE

T = TypeVar("T")

SecretLookup: TypeAlias = Callable[[str], pulumi.Output[str]]
"""From the name of a secret in system.yaml to its value."""

MEBIBYTE = 1024 * 1024


def container_args(
    service: Service,
    app: App,
    target: Target,
    *,
    networks: Mapping[str, pulumi.Input[str]],
    volumes: Mapping[str, pulumi.Input[str]],
    secret: SecretLookup,
) -> docker.ContainerArgs:
    """Give the arguments of a service's container: created, not started, its name left open.

    ``networks`` and ``volumes`` are physical names by node id.
    """
    spec = service.spec
    memory = spec.memory_limit
    logging = spec.logging
    return docker.ContainerArgs(
        image=service.image.reference,
        start=False,
        must_run=False,
        entrypoints=_list(spec.entrypoint),
        command=_list(spec.command),
        envs=_environment(service.environment, secret),
        labels=_labels(service, app),
        # Unset, it comes back as a difference; with networks given, this one is not joined.
        network_mode=spec.network_mode or "bridge",
        networks_advanced=[_network(a, networks[a.network]) for a in service.attachments] or None,
        ports=_ports(service, target),
        mounts=[
            *(_volume(v.volume, v.target, v.read_only, v.nocopy, volumes) for v in service.volumes),
            *(_mount(mount) for mount in spec.volumes if _is_plain(mount)),
            *_file_volumes(service),
        ]
        or None,
        volumes=[_bind(mount) for mount in spec.volumes if _makes_its_source(mount)] or None,
        uploads=[_upload(file, secret) for file in uploaded_files(service)] or None,
        tmpfs=_tmpfs(spec.tmpfs),
        read_only=spec.read_only,
        restart=spec.restart.partition(":")[0],
        max_retry_count=_retries(spec.restart),
        healthcheck=_healthcheck(spec.healthcheck),
        memory=_mebibytes(memory),
        # The daemon's own default, which it answers in any case.
        memory_swap=_mebibytes(2 * memory) if memory else None,
        memory_reservation=_mebibytes(spec.deploy.resources.reservations.memory),
        cpus=str(float(spec.cpu_limit)) if spec.cpu_limit else None,
        shm_size=_mebibytes(spec.shm_size),
        ulimits=[
            docker.ContainerUlimitArgs(name=name, soft=limit.soft, hard=limit.hard)
            for name, limit in sorted(spec.ulimits.items())
        ]
        or None,
        capabilities=_capabilities(spec.cap_add, spec.cap_drop),
        security_opts=_list(spec.security_opt),
        sysctls=spec.sysctls or None,
        privileged=spec.privileged or None,
        user=spec.user,
        group_adds=_list(spec.group_add),
        working_dir=spec.working_dir,
        hostname=spec.hostname,
        init=spec.init,
        dns=_list(spec.dns),
        dns_searches=_list(spec.dns_search),
        hosts=[
            docker.ContainerHostArgs(host=name, ip=ip)
            for name, ip in sorted(spec.extra_hosts.items())
        ]
        or None,
        log_driver=logging.driver if logging else "json-file",
        log_opts=logging.options if logging else {"max-size": "10m", "max-file": "3"},
        stop_signal=spec.stop_signal,
        stop_timeout=_seconds(spec.stop_grace_period),
        # Unset, the provider kills without warning.
        destroy_grace_seconds=_seconds(spec.stop_grace_period),
        stdin_open=spec.stdin_open,
        tty=spec.tty,
    )


def _labels(service: Service, app: App) -> list[docker.ContainerLabelArgs]:
    # Compose's own, so that `docker compose ls` and the like group what belongs together.
    labels = {
        **service.spec.labels,
        "com.docker.compose.project": app.project,
        "com.docker.compose.service": service.key,
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.project.config_files": app.compose_file,
        LABEL_SERVICE: service.logical_name,
    }
    return label_args(labels, docker.ContainerLabelArgs)


def label_args(labels: Mapping[str, str], kind: Callable[..., T]) -> list[T]:
    """Give labels as a provider's arguments, sorted."""
    return [kind(label=name, value=value) for name, value in sorted(labels.items())]


def _environment(
    environment: Mapping[str, EnvironmentValue], secret: SecretLookup
) -> list[pulumi.Input[str]]:
    return [_variable(name, value, secret) for name, value in sorted(environment.items())]


def _variable(name: str, value: EnvironmentValue, secret: SecretLookup) -> pulumi.Input[str]:
    if isinstance(value, str):
        return f"{name}={value}"
    parts = value.parts
    names = list(value.secrets)

    def text(values: Sequence[str]) -> str:
        known = dict(zip(names, values, strict=True))
        return f"{name}=" + "".join(p if isinstance(p, str) else known[p.name] for p in parts)

    # What is made from a secret output is secret, too.
    if len(names) == 1:
        return secret(names[0]).apply(lambda value: text([value]))
    return pulumi.Output.all(*(secret(each) for each in names)).apply(text)


def _network(
    attachment: Attachment, name: pulumi.Input[str]
) -> docker.ContainerNetworksAdvancedArgs:
    return docker.ContainerNetworksAdvancedArgs(
        name=name,
        aliases=list(attachment.aliases),
        ipv4_address=attachment.ipv4_address,
        ipv6_address=attachment.ipv6_address,
    )


def _ports(service: Service, target: Target) -> list[docker.ContainerPortArgs] | None:
    # Dictionaries, not objects: a range of media ports is hundreds of them. The SDK takes both,
    # but its types say so of `Container` only, not of `ContainerArgs`.
    ports: list[docker.ContainerPortArgsDict] = [
        {
            "internal": inside,
            "external": outside,
            "ip": port.host_ip or ANY_ADDRESS,
            "protocol": port.protocol,
        }
        for port in service.spec.ports
        for inside, outside in zip(port.target, host_ports(port.published, target), strict=True)
    ]
    return cast("list[docker.ContainerPortArgs]", ports) or None


def _volume(
    id_: str,
    target: str,
    read_only: bool,
    nocopy: bool,
    volumes: Mapping[str, pulumi.Input[str]],
) -> docker.ContainerMountArgs:
    options = docker.ContainerMountVolumeOptionsArgs(no_copy=True) if nocopy else None
    return docker.ContainerMountArgs(
        type="volume",
        source=volumes[id_],
        target=target,
        read_only=read_only,
        volume_options=options,
    )


def _is_plain(mount: Mount) -> bool:
    return (mount.type != "volume" or mount.source is None) and not _makes_its_source(mount)


def _makes_its_source(mount: Mount) -> bool:
    # Docker makes a missing directory for a bind in the old form only, which knows no propagation.
    if mount.type != "bind":
        return False
    return mount.bind is None or (mount.bind.create_host_path and mount.bind.propagation is None)


def _bind(mount: Mount) -> docker.ContainerVolumeArgs:
    return docker.ContainerVolumeArgs(
        host_path=mount.source, container_path=mount.target, read_only=mount.read_only
    )


def _mount(mount: Mount) -> docker.ContainerMountArgs:
    tmpfs = None
    if mount.tmpfs:
        tmpfs = docker.ContainerMountTmpfsOptionsArgs(
            size_bytes=mount.tmpfs.size, mode=mount.tmpfs.mode
        )
    bind = None
    if mount.bind and mount.bind.propagation:
        bind = docker.ContainerMountBindOptionsArgs(propagation=mount.bind.propagation)
    return docker.ContainerMountArgs(
        type=mount.type,
        source=mount.source,
        target=mount.target,
        read_only=mount.read_only,
        tmpfs_options=tmpfs,
        bind_options=bind,
    )


def uploaded_files(service: Service) -> tuple[MountedFile, ...]:
    """Give the files that are part of the container: all, unless its root is read-only.

    What is `made` is put into the container that runs.
    """
    return () if service.spec.read_only else tuple(f for f in service.files if not f.made)


def file_content(file: MountedFile, secret: SecretLookup) -> pulumi.Input[str]:
    """Give what a file holds."""
    return secret(file.secret) if file.secret is not None else file.content or ""


def _file_volumes(service: Service) -> list[docker.ContainerMountArgs]:
    # Nothing can be uploaded into a read-only root, but copied into a volume that is in it. A copy
    # makes no directory either, where the image has none.
    copied = [file for file in service.files if service.spec.read_only or file.made]
    mounted = {mount.target for mount in service.spec.volumes}
    directories = {file.target.rpartition("/")[0] for file in copied} - mounted - {""}
    return [docker.ContainerMountArgs(type="volume", target=path) for path in sorted(directories)]


def _upload(file: MountedFile, secret: SecretLookup) -> docker.ContainerUploadArgs:
    return docker.ContainerUploadArgs(
        file=file.target, content=file_content(file, secret), permissions=f"{file.mode:04o}"
    )


def _tmpfs(entries: tuple[str, ...]) -> dict[str, str] | None:
    pairs = (entry.partition(":") for entry in entries)
    return {path: options for path, _, options in pairs} or None


def _healthcheck(check: HealthCheck | None) -> docker.ContainerHealthcheckArgs | None:
    if check is None or (not check.disable and not check.test):
        return None
    if check.disable:
        return docker.ContainerHealthcheckArgs(tests=["NONE"])
    return docker.ContainerHealthcheckArgs(
        tests=list(check.test),
        interval=format_duration(check.interval),
        timeout=format_duration(check.timeout),
        start_period=format_duration(check.start_period),
        retries=check.retries,
    )


def _capabilities(
    add: tuple[str, ...], drop: tuple[str, ...]
) -> docker.ContainerCapabilitiesArgs | None:
    if not add and not drop:
        return None
    return docker.ContainerCapabilitiesArgs(
        adds=_capability_names(add) or None, drops=_capability_names(drop) or None
    )


def _capability_names(names: tuple[str, ...]) -> list[str]:
    # The daemon answers with the prefix, and without it a difference would come back.
    upper = (name.upper() for name in names)
    return sorted(n if n == "ALL" or n.startswith("CAP_") else f"CAP_{n}" for n in upper)


def _retries(restart: str) -> int | None:
    retries = restart.partition(":")[2]
    return int(retries) if retries else None


def _mebibytes(size: int | None) -> int | None:
    return math.ceil(size / MEBIBYTE) if size else None


def _seconds(duration: timedelta) -> int:
    return math.ceil(duration.total_seconds())


def _list(items: tuple[str, ...] | None) -> list[str] | None:
    return list(items) if items else None
