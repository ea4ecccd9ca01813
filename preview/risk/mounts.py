"""Where services keep what they write: volumes and directories, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graph.summary.model import ServiceFacts
from preview.change import Change, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A place that a service sees at ``path``: a named volume, or a directory of its host.

    ``name`` is the volume's resource, or the directory.
    """

    name: str
    called: str
    path: str
    volume: bool
    writes: bool
    disposable: str | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        return f"volume {self.called}" if self.volume else f"{self.called} of the host"


def mounts_of(facts: ServiceFacts) -> tuple[Mount, ...]:
    """Give all that a service mounts."""
    return (
        *(
            Mount(
                name=each.volume,
                called=each.called or each.volume,
                path=each.path,
                volume=True,
                writes=each.writes,
                disposable=each.disposable,
            )
            for each in facts.volumes
        ),
        *(
            Mount(
                name=each.directory,
                called=each.directory,
                path=each.path,
                volume=False,
                writes=each.writes,
            )
            for each in facts.directories
        ),
    )


def changed_mounts(
    before: ServiceFacts, after: ServiceFacts, known: Mapping[str, object]
) -> Iterator[tuple[Mount, str, str]]:
    """Give what a service wrote to and does not find again: what it was, what is said, what is.

    ``known`` are the volumes that somebody mounted before: another one is empty.
    """
    are = mounts_of(after)
    at = {each.path: each for each in are}
    for was in mounts_of(before):
        if not was.writes or was in are:
            continue
        now = at.get(was.path)
        if now is not None and (now.volume, now.name) == (was.volume, was.name):
            if not now.writes:
                yield was, f"can only read {was.label}: what it saves there fails", READ_ONLY
            continue
        elsewhere = next(
            (each for each in are if (each.volume, each.name) == (was.volume, was.name)), None
        )
        if elsewhere is not None:
            fact = f"finds {was.label} at {elsewhere.path}, and no longer at {was.path}"
            yield was, fact, f"{ELSEWHERE}{elsewhere.path}"
        elif now is not None:
            new = now.volume and now.name not in known
            start = f"starts with an empty {now.label}" if new else f"starts with {now.label}"
            yield was, f"{start} in place of {was.label}", now.label
        else:
            at_ = f" at {was.path}" if was.volume else ""
            yield was, f"no longer has {was.label}{at_}", "nothing"


READ_ONLY = "read-only"
ELSEWHERE = "at "


def fate(mount: Mount, successor: str, change: Change | None, host: str) -> str:
    """Say what becomes of what a service has written."""
    if successor == READ_ONLY or successor.startswith(ELSEWHERE):
        return ""  # it is still there
    if not mount.volume:
        return f"; what it has written stays there, on {host}"
    if change is None or change.operation is Operation.UPDATE:
        return "; what it has written stays there"
    if change.operation is Operation.DELETE:
        return ", which is deleted with what it holds"
    if change.operation is Operation.FORGET:
        return f"; its data stays on {host}, and nothing uses it"
    return ""
