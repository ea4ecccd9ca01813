"""Builds databases, buckets, backups, monitors, secrets and waivers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from config.document import KeyPath
from config.load import LoadedSystem
from config.operations import Backup as BackupSpec
from config.operations import Capture as CaptureSpec
from config.operations import Monitor as MonitorSpec
from config.operations import Waiver as WaiverSpec
from graph.model import (
    Backup,
    Bucket,
    Capture,
    Copy,
    Database,
    Disposable,
    Monitor,
    Secret,
    Variable,
    Waiver,
)
from graph.nodes import Nodes

_SERVICE_PORT = re.compile(r"(?P<service>[^/:]+/[^/:]+):(?P<port>[0-9]{1,5})")


CALLERS = ("service", "process", "external")
"""What can do something by itself."""


def add_operations(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add what keeps a system alive, once its services and routes are known."""
    _add_values(loaded, nodes)
    _add_databases(loaded, nodes)
    for key, bucket in loaded.system.buckets.items():
        id_ = f"bucket:{loaded.name}/{key}"
        nodes.buckets[id_] = Bucket(
            id=id_,
            system=loaded.name,
            key=key,
            spec=bucket,
            source=loaded.document.where(("buckets", key)),
        )
    for key, backup in loaded.system.backups.items():
        _add_backup(loaded, nodes, key, backup)
    for name, reason in loaded.system.disposable.items():
        volume = nodes.volume_named(loaded, name, ("disposable", name))
        if volume is not None:
            source = loaded.document.where(("disposable", name))
            nodes.disposable.append(Disposable(volume=volume, reason=reason, source=source))
    for key, monitor in loaded.system.monitors.items():
        _add_monitor(loaded, nodes, key, monitor)
    waivers: Sequence[WaiverSpec | None] = loaded.system.waivers
    for index, waiver in enumerate(waivers):
        if waiver is not None:
            source = loaded.document.where(("waivers", index))
            nodes.waivers.append(Waiver(system=loaded.name, spec=waiver, source=source))


def _add_values(loaded: LoadedSystem, nodes: Nodes) -> None:
    for name, secret in loaded.system.secrets.items():
        id_ = f"secret:{loaded.name}/{name}"
        nodes.secrets[id_] = Secret(
            id=id_,
            system=loaded.name,
            name=name,
            purpose=secret.purpose,
            immutable=secret.immutable,
            public=name in loaded.public,
            url_safe=name not in loaded.unplain,
            used=name in loaded.used,
            source=loaded.document.where(("secrets", name)),
        )
    for name in loaded.system.variables:
        id_ = f"variable:{loaded.name}/{name}"
        nodes.variables[id_] = Variable(
            id=id_,
            system=loaded.name,
            name=name,
            used=name in loaded.used,
            source=loaded.document.where(("variables", name)),
        )


def _add_databases(loaded: LoadedSystem, nodes: Nodes) -> None:
    for key, spec in loaded.system.databases.items():
        at = ("databases", key)
        server = nodes.service_named(loaded, spec.server, (*at, "server"))
        users = [
            _named(loaded, nodes, user, (*at, "used_by", index), "service or process", CALLERS)
            for index, user in enumerate(spec.used_by)
        ]
        if server is None:
            nodes.unreadable.add(key)
            continue
        id_ = f"database:{loaded.name}/{key}"
        nodes.databases[id_] = Database(
            id=id_,
            system=loaded.name,
            key=key,
            server=server,
            name=spec.name or key,
            index=spec.index,
            used_by=tuple(user for user in users if user),
            data=spec.data,
            source=loaded.document.where(at),
        )


def _add_backup(loaded: LoadedSystem, nodes: Nodes, key: str, spec: BackupSpec) -> None:
    at = ("backups", key)
    host = nodes.host(loaded, spec.host, (*at, "host"))
    captures = [
        _capture(loaded, nodes, capture, (*at, "captures", index))
        for index, capture in enumerate(spec.captures)
    ]
    copies = []
    for index, copy in enumerate(spec.copies):
        place = (*at, "copies", index)
        by = _named(
            loaded, nodes, copy.by, (*place, "by"), "service or process", (*CALLERS, "host")
        )
        to = _named(loaded, nodes, copy.to, (*place, "to"), "bucket or host", ("bucket", "host"))
        if by and to:
            copies.append(Copy(by=by, to=to, spec=copy, source=loaded.document.where(place)))
    heartbeat = None
    if spec.heartbeat is not None:
        hears = (*at, "heartbeat")
        heartbeat = _named(loaded, nodes, spec.heartbeat, hears, "service or external", CALLERS)
    if host is None:
        nodes.unreadable.add(key)
        return
    id_ = f"backup:{loaded.name}/{key}"
    nodes.backups[id_] = Backup(
        id=id_,
        system=loaded.name,
        host=host,
        key=key,
        spec=spec,
        captures=tuple(capture for capture in captures if capture),
        copies=tuple(copies),
        heartbeat=heartbeat,
        drill_on=nodes.host(loaded, spec.drill.on, (*at, "drill", "on")) if spec.drill else None,
        source=loaded.document.where(at),
    )


def _named(
    loaded: LoadedSystem, nodes: Nodes, name: str, at: KeyPath, role: str, kinds: Sequence[str]
) -> str | None:
    """Give the id of a node of certain kinds, by its name; note the name when there is none."""
    return nodes.end(loaded.name, name, loaded.document.where(at), role=role, kinds=kinds)


def _capture(loaded: LoadedSystem, nodes: Nodes, spec: CaptureSpec, at: KeyPath) -> Capture | None:
    of = nodes.kept(loaded, spec.of, (*at, "of"))
    databases = []
    for key in spec.databases or ():
        id_ = f"database:{loaded.name}/{key}"
        if id_ in nodes.databases:
            databases.append(id_)
        else:
            source = loaded.document.where((*at, "databases"))
            nodes.unresolved_name(key, "database", loaded.system.databases, source)
    if of is None:
        return None
    if spec.databases is None:
        databases = sorted(each.id for each in nodes.databases.values() if each.server == of)
    return Capture(
        of=of,
        method=spec.method,
        databases=tuple(databases),
        client=spec.client,
        source=loaded.document.where(at),
    )


def _add_monitor(loaded: LoadedSystem, nodes: Nodes, key: str, spec: MonitorSpec) -> None:
    at = ("monitors", key)
    prober = _named(
        loaded, nodes, spec.prober, (*at, "prober"), "service or external", (*CALLERS, "host")
    )
    route = service = port = backup = None
    if match := _SERVICE_PORT.fullmatch(spec.target):
        service = nodes.service_named(loaded, match["service"], (*at, "target"))
        port = int(match["port"])
        if service is None:
            return
    elif "://" in spec.target:
        route = nodes.route_of_url(loaded.name, spec.target)
    else:
        backup = f"backup:{loaded.name}/{spec.target}"
        if backup not in nodes.backups:
            source = loaded.document.where((*at, "target"))
            nodes.unresolved_name(spec.target, "backup", loaded.system.backups, source)
            return
    notify = []
    for index, name in enumerate(spec.notify):
        if name in loaded.system.externals:
            notify.append(f"external:{loaded.name}/{name}")
        else:
            source = loaded.document.where((*at, "notify", index))
            nodes.unresolved_name(name, "external", loaded.system.externals, source)
    if prober is None:
        return
    id_ = f"monitor:{loaded.name}/{key}"
    nodes.monitors[id_] = Monitor(
        id=id_,
        system=loaded.name,
        key=key,
        spec=spec,
        prober=prober,
        route=route,
        service=service,
        port=port,
        backup=backup,
        notify=tuple(notify),
        source=loaded.document.where(at),
    )
