"""The catalogue: what is known about public container images, for rules that judge services.

It refuses to guess: an image that isn't listed has no facts, and one that is built from a listed
image is another image.
"""

from __future__ import annotations

from functools import lru_cache

from graph.catalogue.facts import ImageFacts, Kind, VariablePattern
from graph.catalogue.images import (
    ALIASES,
    IMAGES,
    IMMUTABLE_VARIABLES,
    VARIABLE_PATTERNS,
)
from graph.catalogue.reference import Reference, is_floating, major, parse_reference
from graph.catalogue.tag import Tag

__all__ = [
    "IMMUTABLE_VARIABLES",
    "VARIABLE_PATTERNS",
    "ImageFacts",
    "Kind",
    "Reference",
    "VariablePattern",
    "facts_of",
    "is_floating",
    "major",
    "parse_reference",
]


@lru_cache(maxsize=4096)
def facts_of(reference: str) -> ImageFacts | None:
    """Give what is known about the image of a reference; None for an image that isn't listed.

    Where facts depend on the version and the reference names none (no tag, ``latest``, only a
    digest), they are the newest version's.
    """
    parsed = parse_reference(reference)
    found = IMAGES.get(ALIASES.get(parsed.repository, parsed.repository))
    if found is None or isinstance(found, ImageFacts):
        return found
    return found(Tag.of(parsed.tag))
