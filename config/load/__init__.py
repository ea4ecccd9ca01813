"""The loader: from a directory with a ``system.yaml`` to typed models, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from config.finding import Finding, FindingsError
from config.load.loaded import BuildContext, LoadedApp, LoadedSystem
from config.load.reader import SYSTEM_FILE, SystemReader
from config.load.values import secret_values
from config.stack import StackSettings

__all__ = [
    "SYSTEM_FILE",
    "BuildContext",
    "LoadedApp",
    "LoadedSystem",
    "load_systems",
    "read_systems",
    "secret_values",
]


def load_systems(
    directories: Iterable[Path], settings: StackSettings, *, relative_to: Path
) -> tuple[LoadedSystem, ...]:
    """Load several systems; a `FindingsError` with the problems of all of them."""
    loaded, findings = read_systems(directories, settings, relative_to=relative_to)
    if findings:
        raise FindingsError(findings)
    return loaded


def read_systems(
    directories: Iterable[Path], settings: StackSettings, *, relative_to: Path
) -> tuple[tuple[LoadedSystem, ...], list[Finding]]:
    """Read what can be read of several systems, and tell every problem.

    With problems, a system may lack what was wrong, whose names are its ``unreadable`` ones: good
    for judging the rest, not for a deploy. Files are named in findings relative to
    ``relative_to`` where they lie below it.
    """
    loaded: list[LoadedSystem] = []
    findings: list[Finding] = []
    for directory in directories:
        reader = SystemReader(directory, settings, relative_to)
        try:
            loaded.append(reader.read())
        except FindingsError as error:
            findings += error.findings
        findings += reader.findings
    return tuple(loaded), findings
