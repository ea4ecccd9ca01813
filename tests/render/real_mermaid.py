"""The real Mermaid, for tests: Node.js reads and draws diagrams with it.

``npm`` installs what ``tests/render/mermaid/package-lock.json`` pins into ``.tools/``, once.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from scripts import probe

SOURCES = Path(__file__).parent / "mermaid"
OLDEST_NODE = 18
_SECONDS = 300.0


@cache
def problem() -> str | None:
    """Say why the real Mermaid cannot be used here, or None when it is ready."""
    for command in ("node", "npm"):
        if shutil.which(command) is None:
            return f"the real Mermaid needs {command}, which is not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    if int(re.findall(r"[0-9]+", version.stdout)[0]) < OLDEST_NODE:
        return f"the real Mermaid needs Node.js {OLDEST_NODE}; this is {version.stdout.strip()}"
    return None if _folder().is_dir() else _install()


def _folder() -> Path:
    pinned = b"".join((SOURCES / f"package{end}.json").read_bytes() for end in ("", "-lock"))
    return probe.ROOT / ".tools" / f"mermaid-{hashlib.sha256(pinned).hexdigest()[:12]}"


def _install() -> str | None:
    _folder().parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_folder().parent) as scratch:
        made = shutil.copytree(SOURCES, Path(scratch) / "mermaid")
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
            return f"the real Mermaid could not be installed within {_SECONDS:.0f} s"
        if answer.returncode != 0:
            lines = [line for line in answer.stderr.splitlines() if "error" in line]
            return f"the real Mermaid could not be installed: {lines[0] if lines else 'npm failed'}"
        try:
            made.rename(_folder())
        except OSError:
            # Another run was faster; its installation is the same.
            if not _folder().is_dir():
                raise
    return None


def read(diagrams: Sequence[str]) -> list[dict[str, Any]]:
    """Read and draw diagrams with one process: what Mermaid found in each, or its ``error``."""
    folder = _folder()
    shutil.copy(SOURCES / "parse.mjs", folder / "parse.mjs")
    answer = subprocess.run(
        ["node", "parse.mjs"],
        input=json.dumps(list(diagrams)),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    assert len(found) == len(diagrams)
    return found
