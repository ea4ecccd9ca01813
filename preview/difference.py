"""How one resource's inputs differ from what they were."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from preview.value import UNKNOWN, Json, holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One input that changes: ``ports[0].external``. ``replaces``: the resource, for this."""

    path: str
    kind: Literal["added", "removed", "changed"]
    old: Json = None
    new: Json = None
    replaces: bool = False

    @property
    def unknown(self) -> bool:
        """Whether only the deployment will tell the new value."""
        return holds(self.new, UNKNOWN.value)


def differences(
    old: Mapping[str, Json],
    new: Mapping[str, Json],
    told: Collection[str] = (),
    replacing: Collection[str] = (),
) -> tuple[Difference, ...]:
    """Give every input that changes, sorted by path.

    Args:
        old: The inputs that were.
        new: Those that will be.
        told: Paths of which a preview says that they change. Where both sides are shown alike, as
            two secrets are, or what the provider computes, only that tells.
        replacing: The properties for which the resource is replaced.
    """
    found = {each.path: each for each in _differences(old, new, "")}
    for path in told:
        if not any(_within(each, path) or _within(path, each) for each in found):
            was, is_ = value_at(old, path), value_at(new, path)
            found[path] = Difference(path=path, kind="changed", old=was, new=is_)
    return tuple(
        replace(each, replaces=any(_within(each.path, reason) for reason in replacing))
        for _, each in sorted(found.items())
    )


def _differences(old: Json, new: Json, path: str) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            if not key.startswith("__"):
                inner = f"{path}.{key}" if path else key
                yield from _one(key in old, key in new, old.get(key), new.get(key), inner)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            inside = index < len(old), index < len(new)
            pair = (old[index] if inside[0] else None, new[index] if inside[1] else None)
            yield from _one(*inside, *pair, f"{path}[{index}]")
    else:
        yield Difference(path=path, kind="changed", old=old, new=new)


def _one(was: bool, is_: bool, old: Json, new: Json, path: str) -> Iterator[Difference]:
    if was and is_:
        yield from _differences(old, new, path)
    else:
        kind: Literal["added", "removed"] = "added" if is_ else "removed"
        yield Difference(path=path, kind=kind, old=old, new=new)


def _within(path: str, above: str) -> bool:
    return path == above or path.startswith((f"{above}.", f"{above}["))


def value_at(value: Json, path: str) -> Json:
    """Give what stands in a value at a path; None where there is nothing."""
    for part in path.replace("[", ".").replace("]", "").split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
