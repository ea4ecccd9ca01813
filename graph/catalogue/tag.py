"""What the entries of the catalogue share: the tag they depend on, and words for their facts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from graph.catalogue.facts import ImageFacts
from graph.catalogue.reference import version


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, as far as facts depend on it."""

    name: str
    version: tuple[int, ...]

    @classmethod
    def of(cls, name: str | None) -> Tag:
        """Read a tag; no tag is one without a version."""
        return cls(name or "", version(name))

    def since(self, *first: int) -> bool:
        """Tell whether the version is this one or later; what it leaves open is the newest.

        ``3`` is since 3.6, as its publisher moves it along; no version is since any.
        """
        return self.version >= first[: len(self.version)]

    def of_postgres(self) -> Tag:
        """Read the version of PostgreSQL in an extension's tag, such as ``0.8.6-pg16``."""
        found = re.search(r"(?:^|-)pg(\d+)", self.name)
        return Tag(self.name, (int(found[1]),) if found else ())

    @property
    def alpine(self) -> bool:
        """Whether it is an Alpine variant, whose BusyBox has a wget."""
        return "alpine" in self.name


Entry: TypeAlias = ImageFacts | Callable[[Tag], ImageFacts]

STEPS_DOWN = ("CHOWN", "SETGID", "SETUID")
"""An entrypoint that starts as root, hands its data to a user and becomes that user."""

NO_TOOLS = ("sh", "curl", "wget")
"""What a distroless or empty image lacks."""

NO_CLIENTS = ("curl", "wget")
"""What a slim image lacks."""


def either(*names: str) -> tuple[str, ...]:
    """Give variables and their ``_FILE`` forms as one group."""
    return tuple(form for name in names for form in (name, f"{name}_FILE"))
