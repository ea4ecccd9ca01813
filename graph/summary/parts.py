"""What services are made from, as digests: so that it shows what changes, and not to what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from config.text import SecretRef, Template
from graph.model import Process, Service

_DIGITS: Final = 10

_WORDS: Final = {
    "cap_add": "rights",
    "cap_drop": "rights",
    "privileged": "rights",
    "security_opt": "rights",
    "read_only": "rights",
    "user": "rights",
    "group_add": "rights",
    "command": "command",
    "entrypoint": "command",
    "working_dir": "command",
    "init": "command",
    "ports": "published ports",
    "expose": "ports",
    "volumes": "mounts",
    "tmpfs": "mounts",
    "shm_size": "mounts",
    "networks": "networks",
    "network_mode": "networks",
    "dns": "networks",
    "dns_search": "networks",
    "extra_hosts": "networks",
    "hostname": "networks",
    "healthcheck": "health check",
    "deploy": "limits",
    "mem_limit": "limits",
    "cpus": "limits",
    "ulimits": "limits",
    "sysctls": "limits",
    "labels": "labels",
    "logging": "logging",
    "restart": "restart policy",
    "stop_signal": "way to stop",
    "stop_grace_period": "way to stop",
    "depends_on": "start order",
}
"""What people call the keys of a compose file. Others are called as they are."""

_ELSEWHERE: Final = frozenset(
    {"image", "build", "environment", "env_file", "secrets", "configs", "profiles"}
)
"""Keys of which a service node says what has become of them."""


def service_parts(service: Service) -> dict[str, str]:
    """Give digests of all that a service's container is made from, besides its image's name.

    Secrets count by their names: their values are in no digest.
    """
    found: dict[str, dict[str, object]] = {}
    spec = service.spec.model_dump(mode="python", exclude_defaults=True, exclude=set(_ELSEWHERE))
    for key, value in spec.items():
        found.setdefault(_WORDS.get(key, key), {})[key] = value
    if service.environment:
        found["environment"] = dict(service.environment)
    files = [(f.target, f.mode, f.content, f.secret) for f in service.files if not f.made]
    if files:
        found["files"] = {"files": files}
    return _digests(found)


def process_parts(process: Process) -> dict[str, str]:
    """Give digests of all that a process is made from."""
    spec = process.spec.model_dump(mode="python", exclude_defaults=True)
    # Neither is anything that a host knows.
    kept = {key: {key: value} for key, value in spec.items() if key not in ("purpose", "host")}
    return _digests(kept)


def _digests(parts: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    return {
        word: hashlib.sha256(
            json.dumps(value, sort_keys=True, default=_written).encode()
        ).hexdigest()[:_DIGITS]
        for word, value in sorted(parts.items())
    }


def _written(value: object) -> object:
    if isinstance(value, Template):
        return [part if isinstance(part, str) else [part.name] for part in value.parts]
    if isinstance(value, SecretRef):
        return [value.name]
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)
