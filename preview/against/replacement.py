"""Which differences replace a resource, and what a preview says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from preview.against.kind import Kind
from preview.against.path import Path, contains, parse
from preview.plan import PropertyDiff


def detailed(
    changed: Mapping[Path, str], kind: Kind | None, replace_on_changes: Iterable[str]
) -> dict[Path, PropertyDiff]:
    """Of each path that differs, how, and whether that replaces the resource."""
    asked = [parse(path) for path in replace_on_changes]
    return {
        path: PropertyDiff(
            kind=f"{how}-replace"
            if any(contains(one, path) for one in asked)
            or (kind is not None and _replaces(path, how, kind))
            else how
        )
        for path, how in changed.items()
    }


def _replaces(path: Path, how: str, kind: Kind) -> bool:
    names = ".".join(segment for segment in path if isinstance(segment, str))
    if names in kind.replaces or (how != "update" and names in kind.switches):
        return True
    if how != "update" and any(each.startswith(f"{names}.") for each in kind.replaces):
        # All of an object comes or goes, so what replaces does, too.
        return True
    above = names.rpartition(".")[0]
    while above:
        if above in kind.replaces:
            # Of an object whose properties are told one by one, the others don't.
            return not any(each.startswith(f"{above}.") for each in kind.replaces)
        above = above.rpartition(".")[0]
    return False


def reasons(
    details: Mapping[Path, PropertyDiff], kind: Kind | None, replace_on_changes: Iterable[str]
) -> tuple[str, ...]:
    """The properties that are named as asking for a replacement: not every provider names them."""
    named = kind is None or kind.names_reasons
    asked = [parse(path) for path in replace_on_changes]
    return tuple(
        sorted(
            {
                str(path[0])
                for path, diff in details.items()
                if (replaces(diff) and (named or len(path) == 1))
                or any(contains(one, path[:1]) for one in asked)
            }
        )
    )


def replaces(diff: PropertyDiff) -> bool:
    """Whether a change of a property replaces its resource."""
    return diff.kind.endswith("-replace")
