"""The real Mermaid, for tests: Node.js reads and draws diagrams with it.

``npm`` installs what ``tests/render/mermaid/package-lock.json`` pins into ``.tools/``, once.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.npm import folder_of, install

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
    return install(SOURCES, "mermaid")


def read(diagrams: Sequence[str]) -> list[dict[str, Any]]:
    """Read and draw diagrams with one process: what Mermaid found in each, or its ``error``."""
    folder = folder_of(SOURCES, "mermaid")
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
