"""Plans of a change: this project's program over what another revision, or a document, has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cli.interrupt import interruptible
from cli.program import Prepared, settled_answers
from cli.project import PROJECT_FILE, Project
from cli.revision import RevisionError, checked_out, commit_of
from config.finding import FindingsError
from config.load import SYSTEM_FILE
from config.stack import SYSTEMS_DIRECTORY

if TYPE_CHECKING:
    from preview.against import Baseline
    from preview.plan import Plan
    from preview.record import Recording

HERE = Path(__file__).resolve().parent.parent
"""This revision's own code."""
OTHER_SIDE = Path(__file__).with_name("other_side.py")

_TRY_IT = "try it in a checkout of its own"


class AgainstError(Exception):
    """What is compared with can't be had or read. Each line is `what: fact; remedy`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The plan of a change, and what else was learnt of it."""

    plan: Plan
    recording: Recording
    """Of the program as it is now."""
    notes: tuple[str, ...]
    """What whoever reads the plan should know."""


def change_against(prepared: Prepared, systems: Sequence[str], against: str) -> Change:
    """Give what a preview would, were the stack as ``against`` has it.

    Nothing is looked at but files: no host, no provider, no state. ``against`` is a git revision,
    a directory with another checkout, or a document: of ``pulumi stack export``, or of
    ``stackgraph plan --json``.

    Raises:
        AgainstError: What it is compared with can't be had.
        FindingsError: The files can't be read.
        pulumi.RunError: The program refuses them.
    """
    from preview.against import compared

    with _baseline(prepared, systems, against) as baseline:
        told: list[Baseline] = []

        def ask() -> Baseline:
            told.append(baseline())
            return told[-1]

        plan, recording = compared(
            ask,
            prepared.run,
            root=prepared.project.root,
            answers=settled_answers(),
            **prepared.settings,
        )
    return Change(plan=plan, recording=recording, notes=told[-1].notes if told else ())


@contextmanager
def _baseline(
    prepared: Prepared, systems: Sequence[str], against: str
) -> Iterator[Callable[[], Baseline]]:
    """Find out what is compared with; while it is being found out, the function given waits."""
    path = Path(against)
    with ExitStack() as stack:
        if path.is_file():
            made = _document(path, prepared)
            yield lambda: made
            return
        if (path / PROJECT_FILE).is_file() or (path / SYSTEMS_DIRECTORY).is_dir():
            folder = path.resolve()
        else:
            root = prepared.project.root
            try:
                folder = stack.enter_context(checked_out(root, commit_of(root, against)))
            except RevisionError as error:
                raise AgainstError(str(error)) from None
        other = _prepared(folder, prepared, systems, against)
        yield stack.enter_context(_other_side(other, against)) if other else _nothing


def _nothing() -> Baseline:
    from preview.against import Baseline

    return Baseline(olds=())


def _document(path: Path, prepared: Prepared) -> Baseline:
    from components.stand_ins import STAND_INS
    from preview.against.documents import DocumentError, read_baseline

    try:
        stack, project = prepared.stack, prepared.project.name
        return read_baseline(path.read_bytes(), STAND_INS, stack, project)
    except DocumentError as error:
        raise AgainstError(f"{path}: {error}") from None


def _prepared(folder: Path, now: Prepared, systems: Sequence[str], against: str) -> Prepared | None:
    """Prepare the other revision's program; None where it has none of the systems."""
    project = Project(root=folder)
    there = [
        name
        for name in (_moved(name, now.project.root, folder) for name in systems)
        if (folder / SYSTEMS_DIRECTORY / name / SYSTEM_FILE).is_file()
        or ("/" in name and (Path(name) / SYSTEM_FILE).is_file())
    ]
    if systems and not there:
        return None
    try:
        return Prepared.of(project, now.stack, there)
    except FindingsError as error:
        raise AgainstError(_told(against, str(error))) from None


def _moved(name: str, root: Path, folder: Path) -> str:
    """Give a SYSTEM argument as it is in the other checkout."""
    if "/" not in name and (root / SYSTEMS_DIRECTORY / name).is_dir():
        return name
    path = Path(name).resolve()
    return str(folder / path.relative_to(root)) if path.is_relative_to(root) else name


@contextmanager
def _other_side(other: Prepared, against: str) -> Iterator[Callable[[], Baseline]]:
    """Run another revision's program beside ours; the function given waits for it to end."""
    readable, writable = os.pipe()
    request = {
        **other.settings,
        "here": str(HERE),
        "there": str(other.project.root),
        "program": other.file,
        "stand_ins": str(HERE / "components" / "stand_ins.py"),
        "answer": writable,
    }
    with os.fdopen(readable, encoding="utf-8") as answer, tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(  # noqa: S603 — this Python, and a script of ours
            [sys.executable, "-P", str(OTHER_SIDE)],
            cwd=other.project.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            pass_fds=(writable,),
            text=True,
        )
        os.close(writable)
        try:
            if process.stdin:
                # One that has ended already says why where its answer would be.
                with suppress(BrokenPipeError), process.stdin as ask:
                    json.dump(request, ask)
            # Whoever waits for the answer goes on when there will be none.
            with interruptible(process.kill):
                yield lambda: _answered(answer.read(), said, against)
        finally:
            process.kill()
            process.wait()


def _answered(text: str, said: TextIO, against: str) -> Baseline:
    from components.stand_ins import STAND_INS
    from preview.against import Baseline
    from preview.against.transport import unpack

    if not text:
        said.seek(0)
        lines = said.read().split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        raise AgainstError(_told(against, f"its program does not run here: {last}; {_TRY_IT}"))
    found: dict[str, Any] = json.loads(text)
    if "error" in found:
        raise AgainstError(_told(against, found["error"]))
    return Baseline.of(unpack(found["resources"]), STAND_INS)


def _told(against: str, text: str) -> str:
    return "\n".join(f"{against}: {line}" for line in text.strip().splitlines())
