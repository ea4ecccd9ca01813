"""Paths of properties, as `ignore_changes` and detailed diffs write them: `ports[0].ip`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from preview.value import Value

_SEGMENTS: Final = re.compile(r'([^.\[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]')

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes, from the outermost; `*` is any of either."""


def parse(path: str) -> Path:
    """The segments of a property path, as `ignore_changes` and the like write it; `*` is any."""
    found: list[str | int] = []
    for plain, quoted, index in _SEGMENTS.findall(path):
        found.append(plain or quoted or (int(index) if index != "*" else "*"))
    return tuple(found)


def contains(outer: Path, inner: Path) -> bool:
    """Whether a path, with wildcards, is another one or leads to it."""
    return len(outer) <= len(inner) and all(
        one in ("*", other) for one, other in zip(outer, inner, strict=False)
    )


def text(path: Path) -> str:
    """A path as Pulumi writes it."""
    written = ""
    for segment in path:
        if isinstance(segment, int):
            written += f"[{segment}]"
        elif re.fullmatch(r"[A-Za-z_$][\w$]*", segment):
            written += f".{segment}" if written else segment
        else:
            quoted = segment.replace('"', '\\"')
            written += f'["{quoted}"]'
    return written


def ignoring(
    old: Mapping[str, Value], new: Mapping[str, Value], paths: Iterable[str]
) -> Mapping[str, Value]:
    """The new inputs, with what is at these paths as it was before."""
    result: Value = dict(new)
    for path in map(parse, paths):
        result = _reset(old, result, path)
    found: Mapping[str, Value] = result
    return found


def _reset(old: Value, new: Value, path: Path) -> Value:
    if not path:
        return old
    first, *rest = path
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        keys = {*old, *new} if first == "*" else {first}
        result = dict(new)
        for key in keys:
            if not rest:
                if key in old:
                    result[key] = old[key]
                else:
                    result.pop(key, None)
            elif key in old and key in result:
                result[key] = _reset(old[key], result[key], tuple(rest))
        return dict(sorted(result.items()))
    if isinstance(new, list) and isinstance(old, list):
        return [
            _reset(old[index], item, tuple(rest))
            if first in ("*", index) and index < len(old)
            else item
            for index, item in enumerate(new)
        ]
    return new
