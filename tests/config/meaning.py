"""What a compose file means: as we read it, and as `docker compose config` says it, in one form.

Both sides are turned into the same plain data. A key that Compose gives and that is not looked
at here is an error: nothing is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from config.compose.model import HealthCheck, Mount, ServiceNetwork
from config.compose.model import Service as Spec
from config.text import SecretRef, Template
from graph.model import App, Service, StackGraph

Data = dict[str, Any]

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


# --- as we read it


def ours(graph: StackGraph, app: App, secrets: dict[str, str]) -> Data:
    """Give the meaning of an app of a graph; secrets by their values."""
    return {
        "name": app.project,
        "services": {s.key: _our_service(s, secrets) for s in graph.services_of(app)},
        "networks": {
            n.key: {
                "name": n.name,
                "driver": n.spec.driver,
                "driver_opts": n.spec.driver_opts,
                "internal": n.spec.internal,
                "attachable": n.spec.attachable,
                "external": n.spec.external,
                "enable_ipv6": n.spec.enable_ipv6,
                "labels": n.spec.labels,
                "pools": [(p.subnet, p.gateway, p.ip_range) for p in n.spec.ipam.config],
            }
            for n in graph.networks.values()
            if n.app == app.id
        },
        "volumes": {
            v.key: {
                "name": v.name,
                "driver": v.spec.driver,
                "driver_opts": v.spec.driver_opts,
                "external": v.spec.external,
                "labels": v.spec.labels,
            }
            for v in graph.volumes.values()
            if v.app == app.id
        },
    }


def _our_service(service: Service, secrets: dict[str, str]) -> Data:
    spec = service.spec
    return {
        "image": spec.image,
        "build": None
        if spec.build is None
        else (spec.build.context, spec.build.dockerfile, spec.build.args, spec.build.target),
        "command": _list(spec.command),
        "entrypoint": _list(spec.entrypoint),
        "environment": {k: _text(v, secrets) for k, v in service.environment.items()},
        "ports": sorted(
            (
                outside,
                p.host_ip or "",
                inside,
                p.protocol,
                p.mode or "ingress",
                p.name,
                p.app_protocol,
            )
            for p in spec.ports
            for outside, inside in zip(p.published, p.target, strict=True)
        ),
        "expose": sorted((n, e.protocol) for e in spec.expose for n in e.target),
        "mounts": [_our_mount(mount) for mount in spec.volumes],
        "networks": _our_networks(spec),
        "depends_on": {
            name: (d.condition, d.restart, d.required) for name, d in spec.depends_on.items()
        },
        "healthcheck": _our_check(spec.healthcheck),
        "limits": (spec.cpu_limit, spec.memory_limit),
        "reservations": (
            spec.deploy.resources.reservations.cpus,
            spec.deploy.resources.reservations.memory,
        ),
        "order": spec.deploy.update_config.order if spec.deploy.update_config else None,
        "logging": (spec.logging.driver, spec.logging.options) if spec.logging else None,
        "ulimits": {name: (u.soft, u.hard) for name, u in spec.ulimits.items()},
        "extra_hosts": {f"{name}={ip}" for name, ip in spec.extra_hosts.items()},
        "secrets": [(f.source, f.target, f.mode) for f in spec.secrets],
        "configs": [(f.source, f.target, f.mode) for f in spec.configs],
        "files": sorted(
            (f.target, secrets[f.secret] if f.secret else f.content) for f in service.files
        ),
        "stop_grace_period": spec.stop_grace_period.total_seconds(),
        "shm_size": spec.shm_size,
        "restart": spec.restart,
        **{name: getattr(spec, name) for name in _FLAGS},
        **{name: getattr(spec, name) or None for name in _TEXTS},
        **{name: list(getattr(spec, name)) for name in _LISTS},
        **{name: dict(getattr(spec, name)) for name in _MAPS},
    }


_FLAGS = ("read_only", "privileged", "init", "stdin_open", "tty")
_TEXTS = (
    *("user", "working_dir", "hostname", "container_name", "network_mode", "platform"),
    "stop_signal",
)
_LISTS = (
    *("group_add", "tmpfs", "cap_add", "cap_drop", "security_opt", "dns", "dns_search"),
    "profiles",
)
_MAPS = ("labels", "sysctls")


def _list(items: tuple[str, ...] | None) -> list[str] | None:
    return None if items is None else list(items)


def _text(value: str | Template, secrets: dict[str, str]) -> str:
    if isinstance(value, str):
        return value
    return "".join(secrets[p.name] if isinstance(p, SecretRef) else p for p in value.parts)


def _our_mount(mount: Mount) -> Data:
    return {
        "type": mount.type,
        "source": mount.source,
        "target": mount.target,
        "read_only": mount.read_only,
        "propagation": mount.bind.propagation if mount.bind else None,
        "create_host_path": mount.bind.create_host_path if mount.bind else True,
        "nocopy": bool(mount.volume and mount.volume.nocopy),
        "size": mount.tmpfs.size if mount.tmpfs else None,
        "mode": mount.tmpfs.mode if mount.tmpfs else None,
    }


def _our_networks(spec: Spec) -> Data:
    if spec.network_mode is not None:
        return {}
    joined = spec.networks or {"default": ServiceNetwork()}
    return {name: (list(n.aliases), n.ipv4_address, n.ipv6_address) for name, n in joined.items()}


def _our_check(check: HealthCheck | None) -> object:
    if check is None or not check.active:
        return check and "off"
    return (
        list(check.test),
        check.interval.total_seconds(),
        check.timeout.total_seconds(),
        check.retries,
        check.start_period.total_seconds(),
    )


# --- as Compose says it


class _Taken:
    """A mapping whose keys are taken one by one; what is left in the end is an error."""

    def __init__(self, data: Data | None, place: str) -> None:
        self.data, self.place = dict(data or {}), place

    def take(self, key: str, default: Any = None) -> Any:
        value = self.data.pop(key, default)
        return default if value is None else value

    def done(self) -> None:
        assert not self.data, f"{self.place}: {self.data} is not looked at"


def theirs(said: Data, contents: Callable[[str], str], secrets: dict[str, str]) -> Data:
    """Give the meaning of Compose's own JSON; ``contents`` reads the files of configs."""
    top = _Taken(_unescaped(said), "top")
    configs = {
        name: item["content"] if "content" in item else contents(item["file"])
        for name, item in top.take("configs", {}).items()
    }
    values = {name: secrets[item["environment"]] for name, item in top.take("secrets", {}).items()}
    meaning = {
        "name": top.take("name"),
        "services": {
            name: _their_service(name, service, configs, values)
            for name, service in top.take("services", {}).items()
        },
        "networks": {n: _their_network(n, d) for n, d in top.take("networks", {}).items()},
        "volumes": {n: _their_volume(n, d) for n, d in top.take("volumes", {}).items()},
    }
    top.data = {key: value for key, value in top.data.items() if not key.startswith("x-")}
    top.done()
    return meaning


def _unescaped(value: Any) -> Any:
    # The output is a compose file again: a dollar sign is doubled in it.
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    if isinstance(value, dict):
        return {_unescaped(k): _unescaped(v) for k, v in value.items()}
    return value


def _their_service(name: str, data: Data, configs: dict[str, str], secrets: dict[str, str]) -> Data:
    service = _Taken(data, name)
    deploy = _Taken(service.take("deploy"), f"{name}.deploy")
    resources = deploy.take("resources", {})
    deploy.take("placement")
    limits = resources.get("limits", {})
    reserved = resources.get("reservations", {})
    files = {
        kind: [
            (f.pop("source"), f.pop("target", None), _octal(f.pop("mode", None)))
            for f in service.take(kind, [])
        ]
        for kind in ("secrets", "configs")
    }
    cpus, memory = service.take("cpus"), service.take("mem_limit")
    build = service.take("build")
    meaning = {
        "image": service.take("image"),
        "build": build
        and (build["context"], build["dockerfile"], build.get("args", {}), build.get("target")),
        "command": service.take("command"),
        "entrypoint": service.take("entrypoint"),
        "environment": service.take("environment", {}),
        "ports": sorted(_their_port(port) for port in service.take("ports", [])),
        "expose": sorted(_exposed(service.take("expose", []))),
        "mounts": [_their_mount(name, mount) for mount in service.take("volumes", [])],
        "networks": {
            n: (
                list((d or {}).get("aliases", [])),
                (d or {}).get("ipv4_address"),
                (d or {}).get("ipv6_address"),
            )
            for n, d in service.take("networks", {}).items()
        },
        "depends_on": {
            n: (
                d["condition"],
                d.get("restart", False),
                d.get("required", False),
            )
            for n, d in service.take("depends_on", {}).items()
        },
        "healthcheck": _their_check(name, service.take("healthcheck")),
        "limits": (cpus or limits.get("cpus"), _integer(memory or limits.get("memory"))),
        "reservations": (reserved.get("cpus"), _integer(reserved.get("memory"))),
        "order": deploy.take("update_config", {}).get("order"),
        "logging": _their_logging(service.take("logging")),
        "ulimits": {
            n: (u, u) if isinstance(u, int) else (u["soft"], u["hard"])
            for n, u in service.take("ulimits", {}).items()
        },
        "extra_hosts": set(service.take("extra_hosts", [])),
        **_their_files(files, configs, secrets),
        "stop_grace_period": _seconds(service.take("stop_grace_period", "10s")),
        "shm_size": _integer(service.take("shm_size")),
        "restart": service.take("restart", "no"),
        **{key: service.take(key, default=False) for key in _FLAGS},
        **{key: service.take(key) or None for key in _TEXTS},
        **{key: service.take(key, []) for key in _LISTS},
        **{key: service.take(key, {}) for key in _MAPS},
    }
    deploy.done()
    service.data = {k: v for k, v in service.data.items() if not k.startswith("x-")}
    service.done()
    return meaning


def _their_files(
    files: dict[str, list[Any]], configs: dict[str, str], secrets: dict[str, str]
) -> Data:
    # Compose writes some default targets out and others not: each kind has its own default.
    default = {"secrets": "/run/secrets/{}", "configs": "/{}"}
    mounted = []
    written = {}
    for kind, values in (("secrets", secrets), ("configs", configs)):
        for source, target, _ in files[kind]:
            place = target or default[kind].format(source)
            if not place.startswith("/"):
                place = default[kind].format(place)
            mounted.append((place, values[source]))
        written[kind] = [
            (source, None if target == default[kind].format(source) else target, mode)
            for source, target, mode in files[kind]
        ]
    return {**written, "files": sorted(mounted)}


def _their_port(port: Data) -> tuple[Any, ...]:
    return (
        int(port["published"]),
        port.get("host_ip", ""),
        port["target"],
        port["protocol"],
        port["mode"],
        port.get("name"),
        port.get("app_protocol"),
    )


def _exposed(entries: list[str]) -> list[tuple[int, str]]:
    found = []
    for entry in entries:
        ports, _, protocol = entry.partition("/")
        first, _, last = ports.partition("-")
        found += [(n, protocol or "tcp") for n in range(int(first), int(last or first) + 1)]
    return found


def _their_mount(name: str, data: Data) -> Data:
    mount = _Taken(data, f"{name}.volumes")
    bind, volume = _Taken(mount.take("bind"), "bind"), _Taken(mount.take("volume"), "volume")
    tmpfs = _Taken(mount.take("tmpfs"), "tmpfs")
    meaning = {
        "type": mount.take("type"),
        "source": mount.take("source"),
        "target": mount.take("target"),
        "read_only": mount.take("read_only", default=False),
        "propagation": bind.take("propagation"),
        "create_host_path": bind.take("create_host_path", default=True),
        "nocopy": volume.take("nocopy", default=False),
        "size": _integer(tmpfs.take("size")),
        "mode": tmpfs.take("mode"),
    }
    for taken in (mount, bind, volume, tmpfs):
        taken.done()
    return meaning


def _their_check(name: str, data: Data | None) -> object:
    if data is None:
        return None
    check = _Taken(data, f"{name}.healthcheck")
    test = check.take("test", [])
    if check.take("disable") or not test or test[0] == "NONE":
        return "off"
    meaning = (
        test,
        _seconds(check.take("interval", "30s")),
        _seconds(check.take("timeout", "30s")),
        check.take("retries", 3),
        _seconds(check.take("start_period", "0s")),
    )
    check.done()
    return meaning


def _their_logging(data: Data | None) -> object:
    return data and (data.get("driver", "json-file"), data.get("options", {}))


def _their_network(name: str, data: Data) -> Data:
    network = _Taken(data, f"networks.{name}")
    ipam = network.take("ipam", {})
    meaning = {
        "name": network.take("name"),
        "driver": network.take("driver", "bridge"),
        "driver_opts": network.take("driver_opts", {}),
        **{
            key: network.take(key, default=False)
            for key in ("internal", "attachable", "external", "enable_ipv6")
        },
        "labels": network.take("labels", {}),
        "pools": [
            (p["subnet"], p.get("gateway"), p.get("ip_range")) for p in ipam.get("config", [])
        ],
    }
    network.done()
    return meaning


def _their_volume(name: str, data: Data) -> Data:
    volume = _Taken(data, f"volumes.{name}")
    meaning = {
        "name": volume.take("name"),
        "driver": volume.take("driver", "local"),
        "driver_opts": volume.take("driver_opts", {}),
        "external": volume.take("external", default=False),
        "labels": volume.take("labels", {}),
    }
    volume.done()
    return meaning


def _integer(value: str | int | None) -> int | None:
    return None if value is None else int(value)


def _octal(value: str | None) -> int | None:
    return None if value is None else int(value, 8)


def _seconds(text: str) -> float:
    parts = re.findall(r"([0-9.]+)(h|ms|m|µs|ns|s)", text)
    assert "".join(number + unit for number, unit in parts) == text
    return round(sum(float(number) * _UNITS[unit] for number, unit in parts), 9)
