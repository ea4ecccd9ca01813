"""Which properties of a resource differ between two registrations, as its provider sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from preview.against.kind import Kind
from preview.against.path import Path
from preview.value import SIGNATURE, UNKNOWN, Secret, Unknown, Value, masked, reveal


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs, and what might: `unsure` are the paths where a side is unknown."""

    changed: Mapping[Path, str]
    """Of each path that differs: `add`, `delete` or `update`."""
    unsure: tuple[Path, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The top-level properties that differ."""
        return tuple(sorted({str(path[0]) for path in self.changed}))


def differ(
    old: Mapping[str, Value], new: Mapping[str, Value], kind: Kind, *, secrets_known: bool = True
) -> Difference:
    """Compare inputs.

    Args:
        old: The inputs before.
        new: The inputs now.
        kind: What the provider does about properties.
        secrets_known: Whether the old inputs tell secrets; else all secrets are taken for equal.
    """
    see = reveal if secrets_known else _blind
    changed: dict[Path, str] = {}
    unsure: list[Path] = []
    before_all, now_all = _given(see(old), kind), _given(see(new), kind)
    leaves = (
        leaf
        for key in sorted({*before_all, *now_all})
        for leaf in _leaves((key,), before_all.get(key), now_all.get(key), kind)
    )
    for path, before, now in leaves:
        if isinstance(before, Unknown) or isinstance(now, Unknown):
            unsure.append(path)
        else:
            changed[path] = _how(before, now, kind)
    if kind.sees_secrecy and secrets_known:
        for key in old.keys() & new.keys() - {path[0] for path in (*changed, *unsure)}:
            if _secrecy(old[key]) != _secrecy(new[key]):
                changed[(key,)] = "update"
    return Difference(changed=changed, unsure=tuple(unsure))


def _secrecy(value: Value) -> object:
    """The shape of a value: what in it is secret."""
    match value:
        case Secret():
            return True
        case Mapping():
            return {key: shape for key, item in value.items() if (shape := _secrecy(item))}
        case list() | tuple():
            return [_secrecy(item) for item in value]
        case _:
            return None


def _how(before: Value, now: Value, kind: Kind) -> str:
    if kind.zero_is_unset and (isinstance(before, bool) or isinstance(now, bool)):
        return "update"  # it has always been the one or the other
    return "add" if before is None else "delete" if now is None else "update"


def _blind(value: Value) -> Value:
    """The value with masked secrets, unknowns kept."""
    match value:
        case Unknown():
            return value
        case Mapping():
            return {key: _blind(item) for key, item in value.items()}
        case list() | tuple():
            return [_blind(item) for item in value]
        case Secret() if has_unknown(value):
            return UNKNOWN
        case _:
            return masked(value)


def _given(inputs: Mapping[str, Value], kind: Kind) -> dict[str, Value]:
    """The inputs with the provider's defaults in place of what isn't given."""
    given = {key: value for key, value in inputs.items() if value is not None}
    for path, default in kind.defaults.items():
        first, _, rest = path.partition(".")
        if not rest:
            given.setdefault(first, default)
        elif isinstance(given.get(first), Mapping):
            given[first] = {rest: default, **given[first]}
    return given


def _leaves(path: Path, old: Value, new: Value, kind: Kind) -> Iterator[tuple[Path, Value, Value]]:
    """Walk down both sides to what differs, with None for what isn't there."""
    old = None if _is_nothing(old, kind) else old
    if len(path) == 1 and new is None and str(path[0]) in kind.keeps:
        return
    new = None if _is_nothing(new, kind) else new
    if old is None and new is None:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping) and not _is_marked(new):
        for key in sorted({*old, *new}):
            yield from _leaves((*path, key), old.get(key), new.get(key), kind)
    elif isinstance(old, list) and isinstance(new, list):
        unordered = len(path) == 1 and path[0] in kind.unordered
        pairs = list(_unordered(old, new, kind) if unordered else _ordered(old, new))
        if pairs and unordered and path[0] in kind.whole and not has_unknown(new):
            yield path, old, new
            return
        for index, before, now in pairs:
            yield from _leaves((*path, index), before, now, kind)
    elif isinstance(old, Unknown) or isinstance(new, Unknown) or not _equal(old, new, kind):
        yield path, old, new


def _ordered(old: list[Value], new: list[Value]) -> Iterator[tuple[int, Value, Value]]:
    for index, (before, now) in enumerate(zip_longest(old, new)):
        yield index, before, now


def _unordered(
    old: list[Value], new: list[Value], kind: Kind
) -> Iterator[tuple[int, Value, Value]]:
    """Pair what is in one list only with what is in the other only, by their places."""
    came, gone = _without(new, old, kind), _without(old, new, kind)
    for index in gone.keys() & came.keys():
        yield index, gone.pop(index), came.pop(index)
    for one, other in zip_longest(gone, came):
        before, now = gone.get(one), came.get(other)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            # Another object in place of one: what replaces is decided by what is in them.
            yield one, before, now
            continue
        if one is not None:
            yield one, before, None
        if other is not None:
            yield other, None, now


def _without(items: list[Value], others: list[Value], kind: Kind) -> dict[int, Value]:
    """What isn't among others, by its place."""
    left = list(others)
    rest: dict[int, Value] = {}
    for index, item in enumerate(items):
        same = next((place for place, other in enumerate(left) if _equal(item, other, kind)), None)
        if same is None:
            rest[index] = item
        else:
            del left[same]
    return rest


def _is_marked(value: Mapping[str, Value]) -> bool:
    """Whether it is an asset, an archive or a reference, not a dict."""
    return SIGNATURE in value


def _equal(old: Value, new: Value, kind: Kind) -> bool:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        if _is_marked(new) and "hash" in old and "hash" in new:
            return bool(old["hash"] == new["hash"])
        return all(_equal(old.get(key), new.get(key), kind) for key in {*old, *new})
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(
            _equal(one, other, kind) for one, other in zip(old, new, strict=True)
        )
    if _is_nothing(old, kind) and _is_nothing(new, kind):
        return True
    if isinstance(old, bool) is not isinstance(new, bool) or isinstance(new, Unknown):
        return False
    return bool(old == new)


def _is_nothing(value: Value, kind: Kind) -> bool:
    if value is None:
        return True
    return kind.zero_is_unset and not isinstance(value, Unknown) and value in ("", 0, False, [], {})


def _has_unknown(value: Value) -> bool:
    match value:
        case Unknown():
            return True
        case Mapping():
            return any(_has_unknown(item) for item in value.values())
        case list() | tuple():
            return any(_has_unknown(item) for item in value)
        case _:
            return False


def has_unknown(value: Value) -> bool:
    """Whether something in a value is unknown, secrets included."""
    return _has_unknown(reveal(value))
