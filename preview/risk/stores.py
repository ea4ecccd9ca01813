"""Images of what keeps data: whether the next one can read what the former one has written."""

from __future__ import annotations

from collections.abc import Iterator

from graph.catalogue import facts_of, parse_reference
from graph.catalogue.images import ALIASES
from graph.catalogue.tag import Tag
from graph.summary.model import ServiceFacts
from preview.risk.mounts import mounts_of


def doubts(before: ServiceFacts, after: ServiceFacts) -> Iterator[str]:
    """Say why a service may not get along with its own data; nothing where it keeps none."""
    old, new = before.image, after.image
    if old is None or new is None or old == new or not _keeps(before):
        return
    store = bool(before.databases) or _is_store(old) or _is_store(new)
    becomes = f"gets {new} in place of {old}"
    if _repository(old) != _repository(new):
        if store:
            yield f"{becomes}: another image may not read its data"
        return
    were, are = _version(old), _version(new)
    if were and are:
        # PostgreSQL's minor versions read each other's data.
        parts = 1 if _sorts_by_library(old) else len(are)
        if are[:parts] < were[: min(parts, len(are))]:
            yield f"{becomes}: an older version may not read what a newer one has written"
        elif store and are[0] != were[0]:
            yield f"{becomes}: another major version may not start on its data"
    elif store and (were or are or _tag(old) != _tag(new)):
        yield f"{becomes}: whether these are versions that read the same data cannot be told"
    if _sorts_by_library(old) and Tag.of(_tag(old)).alpine != Tag.of(_tag(new)).alpine:
        yield f"{becomes}: it sorts text otherwise, so indexes on text have to be rebuilt"


def _keeps(facts: ServiceFacts) -> bool:
    """Tell whether a service has data that its owner does not call disposable."""
    return bool(facts.databases) or any(
        each.writes and not each.disposable for each in mounts_of(facts)
    )


def _is_store(reference: str) -> bool:
    facts = facts_of(reference)
    return facts is not None and facts.datastore


def _sorts_by_library(reference: str) -> bool:
    """Tell whether it is PostgreSQL, whose indexes follow the C library's order of letters."""
    facts = facts_of(reference)
    return facts is not None and any("postgresql" in path for path in facts.data_paths)


def _repository(reference: str) -> str:
    repository = parse_reference(reference).repository
    return ALIASES.get(repository, repository)


def _tag(reference: str) -> str | None:
    return parse_reference(reference).tag


def _version(reference: str) -> tuple[int, ...]:
    tag = Tag.of(_tag(reference))
    return tag.of_postgres().version or tag.version
