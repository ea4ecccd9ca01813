"""What a plan runs: the project's own program, and what of its stack's configuration it is told."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.project import PROJECT_FILE, Project
from config.placeholders import fill_secrets
from config.settings import PLACEHOLDER

PROGRAM_FILE = "__main__.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A project's program, and what it is recorded with."""

    project: Project
    stack: str
    values: Mapping[str, object]
    """The stack's configuration by full key; secrets without a value have a placeholder."""
    missing: int
    """How many secrets had no value."""

    @staticmethod
    def of(project: Project, stack: str, systems: Sequence[str]) -> Prepared:
        """Prepare a stack's program, or that of some of its systems."""
        _, values = project.values(stack, systems)
        missing = fill_secrets(project.root, values)
        return Prepared(project=project, stack=stack, values=values, missing=missing)

    @property
    def settings(self) -> dict[str, Any]:
        """What `preview.record.record` takes besides the program, as JSON has it."""
        config = {k: v if isinstance(v, str) else json.dumps(v) for k, v in self.values.items()}
        return {
            "project": self.project.name,
            "stack": self.stack,
            "config": config,
            "secret_keys": [key for key in config if PLACEHOLDER in config[key]],
        }

    @property
    def file(self) -> str | None:
        """The program, from the project's root; None where this project's own one stands in."""
        root = self.project.root
        there = (root / PROGRAM_FILE).is_file() and (root / PROJECT_FILE).is_file()
        return PROGRAM_FILE if there else None

    def run(self) -> None:
        """Run the program, where something records it."""
        root = self.project.root
        if self.file is not None:
            # Not as `__main__`: what it does there is for a process of its own.
            runpy.run_path(str(root / self.file), run_name="stackgraph_plan")
            return
        from components.program import run

        run(root)


def answers() -> dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]] | Any]:
    """Give what providers' functions answer where no provider runs: that nobody knows."""
    from components.instance import LOOKUPS
    from preview.value import UNKNOWN

    return dict.fromkeys(LOOKUPS, UNKNOWN)


def settled_answers() -> dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]] | Any]:
    """Give what they answer where all that the program registers is there: stand-ins."""
    from components.stand_ins import ANSWERS

    return {**answers(), **ANSWERS}
