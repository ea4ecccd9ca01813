"""Changes of systems that are in this project, judged offline: there, and back again."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.program import Prepared, answers
from cli.project import Project
from components.stand_ins import ANSWERS, STAND_INS
from preview.against import compare
from preview.change import changes_of
from preview.existing import Settled
from preview.record import Recording, record
from preview.risk import Assessment, assess

FILES = ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A text of a file that becomes another: of the system's, or from ``/`` of the project's."""

    file: str
    old: str
    new: str

    def apply(self, root: Path, system: str) -> None:
        """Make it so; the text is there exactly once."""
        path = (
            root / self.file[1:] if self.file[0] == "/" else root / "systems" / system / self.file
        )
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.file}: {text.count(self.old)} times {self.old!r}"
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Side:
    """One side of a change: a project with one system, as it is on a stack."""

    root: Path
    stack: str
    system: str

    @property
    def prepared(self) -> Prepared:
        """Its program, and with what it runs."""
        return Prepared.of(Project(root=self.root), self.stack, [self.system])

    @property
    def settings(self) -> dict[str, Any]:
        """What it is recorded with."""
        told = {**answers(), **ANSWERS}
        return {**self.prepared.settings, "answers": told, "root": self.root}

    @functools.cached_property
    def recording(self) -> Recording:
        """Its resources, as if they were there."""
        return record(self.prepared.run, existing=Settled(STAND_INS), **self.settings)

    def towards(self, other: Side) -> Assessment:
        """Judge the change from here to another side."""
        plan = compare(self.recording, other.prepared.run, stand_ins=STAND_INS, **other.settings)
        return assess(changes_of(plan))


def side(project: Path, root: Path, system: str, stack: str, edits: Sequence[Edit] = ()) -> Side:
    """Lay out a system of this project, edited."""
    root.mkdir(parents=True)
    for name in FILES:
        shutil.copy(project / name, root / name)
    shutil.copytree(project / "systems" / system, root / "systems" / system)
    for edit in edits:
        edit.apply(root, system)
    return Side(root, stack, system)


def told(assessment: Assessment) -> str:
    """Write what is thought of a change: a line for each risk, below it what leads there."""
    lines = []
    for risk in assessment.risks:
        lines.append(f"{risk.family}: {risk}")
        lines += [f"    because {sentence}" for sentence in risk.chain]
    lines += [f"cannot tell: {line}" for line in assessment.unclear]
    return "".join(f"{line}\n" for line in lines) or "nothing\n"
