"""A container's inputs (docker provider 4 and 5) as the Compose service that they amount to.

It is what `components.container` does, the other way round, and for containers of anybody: what
is unknown or makes no sense is left out and named, so that no rule judges what it has not seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError

from config.compose.model import (
    HealthCheck,
    Logging,
    Mount,
    PublishedPort,
    ServiceNetwork,
)
from config.compose.model import Service as ServiceSpec
from graph.catalogue.facts import MIB
from graph.model import MountedFile
from policy.ports import PortMap, published_ports
from policy.resources import (
    Resource,
    child,
    flag,
    holds_unknown,
    objects,
    text,
    texts,
    whole,
)

NOT_TOLD: Final = "not-known-yet"
"""In the place of the name of a volume or a network that is not known yet."""

READ: Final[Mapping[str, tuple[str, ...]]] = {
    "image": ("image",),
    "command": ("command",),
    "entrypoint": ("entrypoints",),
    "environment": ("envs",),
    "labels": ("labels",),
    "ports": ("ports",),
    "volumes": ("mounts", "volumes"),
    "tmpfs": ("tmpfs",),
    "networks": ("networksAdvanced", "networkMode"),
    "healthcheck": ("healthcheck",),
    "mem_limit": ("memory",),
    "logging": ("logDriver", "logOpts"),
    "cap_add": ("capabilities",),
    "cap_drop": ("capabilities",),
    "privileged": ("privileged",),
    "read_only": ("readOnly",),
    "user": ("user",),
    "shm_size": ("shmSize",),
    "restart": ("restart", "mustRun", "attach"),
    "extra_hosts": ("hosts",),
}
"""Which inputs a key of a Compose service is read from."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as a service; ``unread`` are the keys of it that are not known, or odd.

    ``is_job``: it runs once, for certain; ``ends``: it may well, for nobody restarts it.
    """

    resource: Resource
    spec: ServiceSpec
    ports: tuple[PortMap, ...]
    is_job: bool
    ends: bool
    unread: frozenset[str]


def read_container(resource: Resource) -> Container | None:
    """Read a container; None where its inputs contradict each other. Never fails."""
    read = _read(json.dumps(resource.inputs, sort_keys=True, default=str))
    return None if read is None else replace(read, resource=resource)


@lru_cache(maxsize=1024)
def _read(written: str) -> Container | None:
    # Each policy is given the inputs anew, and reading them is most of what it takes.
    inputs = json.loads(written)
    unread = {
        key for key, names in READ.items() if any(holds_unknown(inputs.get(n)) for n in names)
    }
    keys = {"image": NOT_TOLD, **dict(_keys(inputs))}
    if keys["image"] == NOT_TOLD:
        unread.add("image")
    spec = _spec(keys)
    if spec is None:
        good = {key: each for key, each in keys.items() if _spec({**_ANY, key: each}) is not None}
        unread |= keys.keys() - good.keys()
        spec = _spec({**_ANY, **good})
    if spec is None:
        return None
    return Container(
        resource=_NOBODYS,
        spec=spec,
        ports=tuple(published_ports(inputs.get("ports"))),
        is_job=_is_job(inputs),
        ends=_ends(inputs) or _is_job(inputs),
        unread=frozenset(unread),
    )


_ANY: Final = {"image": NOT_TOLD}
_NOBODYS: Final = Resource(type="", urn="", name="", inputs={})


def _spec(keys: Mapping[str, Any]) -> ServiceSpec | None:
    try:
        return ServiceSpec.model_validate(dict(keys))
    except (ValidationError, ValueError, TypeError):
        return None


def _keys(inputs: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """Give the keys of the service that have a value, as Compose would write it."""
    mounts = list(_mounts(inputs))
    targets = {mount.target for mount in mounts}
    capabilities = inputs.get("capabilities")
    mode = text(inputs.get("networkMode"))
    networks = dict(_networks(inputs))
    tmpfs = inputs.get("tmpfs")
    values: dict[str, Any] = {
        "image": text(inputs.get("image")),
        "command": texts(inputs.get("command")) or None,
        "entrypoint": texts(inputs.get("entrypoints")) or None,
        "environment": _pairs(texts(inputs.get("envs"))),
        "labels": {
            name: text(each.get("value")) or ""
            for each in objects(inputs.get("labels"))
            if (name := text(each.get("label")))
        },
        "volumes": mounts,
        "tmpfs": [
            f"{path}:{options}" if isinstance(options, str) and options else path
            for path, options in (tmpfs.items() if isinstance(tmpfs, Mapping) else ())
            if path not in targets
        ],
        "ports": [
            PublishedPort(
                target=each.inside,
                published=each.outside,
                protocol=each.protocol,
                host_ip=each.ip,
            )
            for each in published_ports(inputs.get("ports"))
            if each.outside
        ],
        "networks": networks,
        "network_mode": mode if mode in ("host", "none") and not networks else None,
        "healthcheck": _healthcheck(inputs.get("healthcheck")),
        "mem_limit": MIB * (whole(inputs.get("memory")) or 0) or None,
        "logging": _logging(inputs),
        "cap_add": texts(child(capabilities, "adds")),
        "cap_drop": texts(child(capabilities, "drops")),
        "privileged": flag(inputs.get("privileged")),
        "read_only": flag(inputs.get("readOnly")),
        "user": text(inputs.get("user")),
        "shm_size": MIB * (whole(inputs.get("shmSize")) or 0) or None,
        "extra_hosts": {
            name: ip
            for each in objects(inputs.get("hosts"))
            if (name := text(each.get("host"))) and (ip := text(each.get("ip")))
        },
    }
    return ((key, value) for key, value in values.items() if value not in (None, {}, [], ""))


def _pairs(entries: list[str]) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in entries)
    return {name: value for name, equals, value in pairs if equals and name}


def _mounts(inputs: Mapping[str, object]) -> Iterator[Mount]:
    seen: set[str] = set()
    for raw in (*_new_mounts(inputs.get("mounts")), *_old_mounts(inputs.get("volumes"))):
        try:
            mount = Mount.model_validate(raw)
        except (ValidationError, ValueError):
            continue
        if mount.target not in seen:
            seen.add(mount.target)
            yield mount


def _new_mounts(value: object) -> Iterator[dict[str, object]]:
    for each in objects(value):
        kind = text(each.get("type"))
        source = each.get("source")
        told = text(source) or (NOT_TOLD if holds_unknown(source) else None)
        if kind == "bind" and told is not None and not told.startswith("/"):
            told = f"/{told}"  # where on the host is not known, only that it is there
        yield {
            "type": kind,
            "source": None if kind == "tmpfs" else told,
            "target": text(each.get("target")),
            "read_only": flag(each.get("readOnly")) or False,
        }


def _old_mounts(value: object) -> Iterator[dict[str, object]]:
    for each in objects(value):
        host_path, volume = text(each.get("hostPath")), each.get("volumeName")
        named = text(volume) or (NOT_TOLD if holds_unknown(volume) else None)
        yield {
            "type": "bind" if host_path else "volume",
            "source": host_path or named,
            "target": text(each.get("containerPath")),
            "read_only": flag(each.get("readOnly")) or False,
        }


def _networks(inputs: Mapping[str, object]) -> Iterator[tuple[str, ServiceNetwork]]:
    for each in objects(inputs.get("networksAdvanced")):
        name = text(each.get("name")) or text(each.get("id"))
        if name is None:
            continue
        raw: dict[str, object] = {"aliases": tuple(texts(each.get("aliases")))}
        for key, given in (("ipv4_address", "ipv4Address"), ("ipv6_address", "ipv6Address")):
            raw[key] = text(each.get(given)) or None
        try:
            yield name, ServiceNetwork.model_validate(raw)
        except (ValidationError, ValueError):
            yield name, ServiceNetwork()


def _healthcheck(value: object) -> HealthCheck | None:
    if not isinstance(value, Mapping):
        return None
    raw: dict[str, Any] = {}
    for key, given in (
        ("test", texts(value.get("tests"))),
        ("interval", text(value.get("interval"))),
        ("timeout", text(value.get("timeout"))),
        ("start_period", text(value.get("startPeriod"))),
        ("retries", whole(value.get("retries"))),
    ):
        try:
            HealthCheck.model_validate({key: given})
        except (ValidationError, ValueError):
            continue
        raw[key] = given
    return HealthCheck.model_validate(raw)


def _logging(inputs: Mapping[str, object]) -> Logging | None:
    driver, options = text(inputs.get("logDriver")), inputs.get("logOpts")
    if driver is None and not options:
        return None
    told = options if isinstance(options, Mapping) else {}
    known = {str(name): value for name, value in told.items() if isinstance(value, str)}
    return Logging(driver=driver or "json-file", options=known)


def _ends(inputs: Mapping[str, object]) -> bool:
    return inputs.get("restart") in (None, "no") and inputs.get("mustRun") is False


def _is_job(inputs: Mapping[str, object]) -> bool:
    if inputs.get("attach") is True and inputs.get("restart") in (None, "no"):
        return True
    # One that is not started either is started by something else, and may go on.
    return _ends(inputs) and inputs.get("start") is not False


def uploaded_files(resource: Resource) -> Iterator[MountedFile]:
    """Give the files that are put into a container, as far as they are known."""
    for each in objects(resource.inputs.get("uploads")):
        target, content = text(each.get("file")), text(each.get("content"))
        if target is not None and content is not None:
            yield MountedFile(target=target, mode=0o644, content=content)
