"""Programs of npm for tests: what a ``package-lock.json`` pins, installed into ``.tools``, once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts import probe

_SECONDS = 300.0


def folder_of(sources: Path, name: str) -> Path:
    """Give the folder where a program is, or will be: another one for other pins."""
    pinned = b"".join((sources / f"package{end}.json").read_bytes() for end in ("", "-lock"))
    return probe.ROOT / ".tools" / f"{name}-{hashlib.sha256(pinned).hexdigest()[:12]}"


def install(sources: Path, name: str) -> str | None:
    """Install it, if it is not there; say why it could not be."""
    folder = folder_of(sources, name)
    if folder.is_dir():
        return None
    if shutil.which("npm") is None:
        return f"{name} needs npm, which is not installed"
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = shutil.copytree(sources, Path(scratch) / name)
        try:
            answer = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=made,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{name} could not be installed within {_SECONDS:.0f} s"
        if answer.returncode != 0:
            lines = [line for line in answer.stderr.splitlines() if "error" in line]
            return f"{name} could not be installed: {lines[0] if lines else 'npm failed'}"
        try:
            made.rename(folder)
        except OSError:
            # Another run was faster; its installation is the same.
            if not folder.is_dir():
                raise
    return None
