"""How reading fails."""

from __future__ import annotations


class CannotRead(ValueError):  # noqa: N818 — it reads as what happened
    """It isn't the plan of a change, or not a whole one: `file: fact; remedy`, in one line.

    Of what the file holds it says no more than names: of projects, resources, properties.
    """
