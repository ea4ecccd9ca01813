"""From a registration request to the `Resource` that it describes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

from pulumi.runtime.proto import resource_pb2

from preview.error import RecordingError
from preview.resource import Resource
from preview.urn import STACK_TYPE
from preview.wire import decode, decode_value

Request: TypeAlias = resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest

_UNITS: Final = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0
}  # fmt: skip
_DURATION: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")

_TIMEOUTS: Final = ("create", "update", "delete", "read")

# The fields of the request's hooks, by the names that the engine's state has for them.
_HOOKS: Final = {
    "BeforeCreate": "before_create",
    "AfterCreate": "after_create",
    "BeforeUpdate": "before_update",
    "AfterUpdate": "after_update",
    "BeforeDelete": "before_delete",
    "AfterDelete": "after_delete",
    "OnError": "on_error",
}


@dataclass(slots=True)
class Registered:
    """What has been registered so far, in order."""

    root: Path
    """The directory of the program."""
    resources: dict[str, Resource] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, resource: Resource) -> None:
        """Append one."""
        self.positions[resource.urn] = len(self.positions)
        self.resources[resource.urn] = resource
        self.aliases[resource.urn] = resource.aliases

    def in_order(self, urns: Iterable[str], what: str) -> tuple[str, ...]:
        """The URNs in the order of registration; the SDK sends them as sets, in any order.

        Raises:
            RecordingError: One of them isn't registered; `what` says who refers to it.
        """
        found = set(urns)
        if strangers := found - self.positions.keys():
            raise RecordingError(
                f"{what}: refers to {min(strangers)}, which isn't registered in this program; "
                "create both in the same run"
            )
        return tuple(sorted(found, key=self.positions.__getitem__))


def registered(
    request: resource_pb2.RegisterResourceRequest,
    *,
    urn: str,
    provider: str | None,
    aliases: tuple[str, ...],
    so_far: Registered,
) -> Resource:
    """The resource that a program registers, options of its parent included.

    Raises:
        RecordingError: A timeout isn't a duration, an asset can't be read, or what it refers to
            isn't registered.
    """
    parent, what = so_far.resources.get(request.parent), f"{request.type} {request.name}"
    protect, retain, deleted_with = (
        (parent.protect, parent.retain_on_delete, parent.deleted_with)
        if parent
        else (False, False, None)
    )
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=decode(request.object, so_far.root),
        parent=request.parent or None,
        dependencies=so_far.in_order(request.dependencies, what),
        property_dependencies={
            key: so_far.in_order(request.propertyDependencies[key].urns, what)
            for key in sorted(request.propertyDependencies)
        },
        provider=provider,
        providers=dict(sorted(request.providers.items())),
        protect=request.protect if request.HasField("protect") else protect,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else retain,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        delete_before_replace=(
            request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None
        ),
        deleted_with=request.deletedWith or deleted_with,
        replace_with=so_far.in_order(request.replace_with, what),
        replacement_trigger=decode_value(request.replacement_trigger, so_far.root),
        aliases=aliases,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        custom_timeouts=_timeouts(request),
        import_id=request.importId or None,
        hooks=_hooks(request),
        hide_diffs=tuple(request.hideDiffs),
        version=request.version or None,
        plugin_download_url=request.pluginDownloadURL or None,
        source=source_of(request, so_far.root),
    )


def read(
    request: resource_pb2.ReadResourceRequest, *, urn: str, provider: str | None, so_far: Registered
) -> Resource:
    """The resource that a program looks up by its id.

    Raises:
        RecordingError: An asset can't be read.
    """
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=True,
        inputs=decode(request.properties, so_far.root),
        parent=request.parent or None,
        dependencies=so_far.in_order(request.dependencies, f"{request.type} {request.name}"),
        provider=provider,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        read_id=request.id,
        version=request.version or None,
        plugin_download_url=request.pluginDownloadURL or None,
        source=source_of(request, so_far.root),
    )


def source_of(request: Request, root: Path) -> str | None:
    """`file:line` of the innermost caller that isn't an installed package, relative to `root`."""
    if request.type == STACK_TYPE:
        return None
    for frame in request.stackTrace.frames:
        path = Path(unquote(urlsplit(frame.pc.uri).path))
        if frame.pc.line and "site-packages" not in path.parts:
            shown = path.relative_to(root) if path.is_relative_to(root) else path
            return f"{shown}:{frame.pc.line}"
    return None


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> Mapping[str, float]:
    given = {kind: getattr(request.customTimeouts, kind) for kind in _TIMEOUTS}
    return {
        kind: _seconds(text, f"{request.type} {request.name}: custom_timeouts.{kind}")
        for kind, text in given.items()
        if text
    }


def _seconds(text: str, path: str) -> float:
    parts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise RecordingError(f"{path}: {text!r} is no duration; write it as 90s, 5m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _hooks(request: resource_pb2.RegisterResourceRequest) -> Mapping[str, tuple[str, ...]]:
    named = {kind: tuple(getattr(request.hooks, field)) for kind, field in _HOOKS.items()}
    return {kind: names for kind, names in named.items() if names}
