"""Whoever reads the command's output may stop reading."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.workspace import shop


def test_a_closed_pipe_is_no_error_to_tell(tmp_path: Path) -> None:
    stackgraph = Path(sys.prefix) / "bin" / "stackgraph"
    with subprocess.Popen(
        [stackgraph, "graph", "shop", "--format", "json"],
        cwd=shop(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 2
