"""Image references: their parts, the version that a tag names, and whether it can move.

It never asks a registry: whether a tag exists, and what it points to, is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MIRRORS = (
    # Docker Hub, by its names
    "docker.io/",
    "index.docker.io/",
    "registry-1.docker.io/",
    "registry.hub.docker.com/",
    # copies of it
    "mirror.gcr.io/",
    "public.ecr.aws/docker/",
    # publishers' own names for their repositories there
    "docker.n8n.io/",
    "docker.getoutline.com/",
)
"""Registries whose repositories are Docker Hub's, so that their prefix says nothing."""

VERSION_PARTS = {
    # MAJOR.MINOR is a full version: there is no third part.
    "postgres": 2,
    "debian": 2,
    "dpage/pgadmin4": 2,
}
"""How many parts make a full version, where it isn't three."""

FULL_VERSION = 3

_DIGEST = re.compile(r"[A-Za-z0-9+._-]+:[0-9a-fA-F]{32,}\Z")
_DATE = re.compile(r"(?<!\d)20\d\d-(?:0[1-9]|1[0-2])-\d\d(?!\d)|(?<!\d)20\d\d[01]\d[0-3]\d(?!\d)")
_COMMIT = re.compile(r"(?:[A-Za-z]+[-_.])*[0-9a-f]{7,64}\Z")
_MOVING = re.compile(r"(?:^|[-_.])(?:latest|nightly|snapshot|edge)(?:$|[-_.])", re.IGNORECASE)
_VERSION = re.compile(r"(?:[A-Za-z]+[-_.])*[vV]?(\d+(?:\.\d+)*)")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference, taken apart."""

    repository: str
    """The repository; Docker Hub's without registry and without ``library/``."""

    tag: str | None = None
    digest: str | None = None
    """Algorithm and hash, such as ``sha256:…``."""


@lru_cache(maxsize=4096)
def parse_reference(reference: str) -> Reference:
    """Take an image reference apart.

    Never fails: whether the text is well-formed is for the registry to say. ``repository`` is
    for looking facts up, not for pulling: the prefix of a mirror is gone.

    Args:
        reference: ``[registry/]repository[:tag][@digest]``, without variables.
    """
    text = reference.strip()
    if _DIGEST.match(text):  # an image id
        return Reference("", None, text)
    name, _, digest = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # the colon, if any, is before a registry's port
        head, tag = name, ""
    for mirror in MIRRORS:
        if head.startswith(mirror):
            head = head.removeprefix(mirror)
            break
    return Reference(head.removeprefix("library/"), tag or None, digest or None)


@lru_cache(maxsize=4096)
def version(tag: str | None) -> tuple[int, ...]:
    """Give the version that a tag names, as far as it does: empty where it names none, or a date.

    ``16.15-alpine`` is 16.15; ``main-v1.63.14-stable`` is 1.63.14; ``pg16`` is the version of
    something else, so none.
    """
    if tag is None or _DATE.search(tag) or (_COMMIT.match(tag) and "." not in tag):
        return ()
    found = _VERSION.match(tag)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def major(tag: str | None) -> int | None:
    """Give the major version that a tag names, None where it names none."""
    parts = version(tag)
    return parts[0] if parts else None


def is_floating(reference: str) -> bool:
    """Tell whether the same reference can mean another image tomorrow (D03).

    A digest never floats. A tag doesn't if it names a full version, a date or a commit; that a
    publisher may push such a tag again is not counted.
    """
    parsed = parse_reference(reference)
    if parsed.digest is not None:
        return False
    tag = parsed.tag
    if tag is None:
        return True
    if _DATE.search(tag):
        return False
    if _MOVING.search(tag):
        return True
    if _COMMIT.match(tag) and "." not in tag:
        return False
    return len(version(tag)) < VERSION_PARTS.get(parsed.repository, FULL_VERSION)
