"""The hooks of tests/conftest.py, on a suite of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """
import os
import pytest

MARK
@pytest.mark.parametrize("number", range(3))
def test_NAME(number):
    print("worker", os.environ["PYTEST_XDIST_WORKER"])
"""
MARKS = {
    **{f"docker_{number}": "@pytest.mark.docker" for number in range(3)},
    "engine": "@pytest.mark.engine",
    **{f"plain_{number}": "" for number in range(3)},
}


def run_suite(tmp_path: Path, project: Path, docker: str) -> str:
    for name, mark in MARKS.items():
        (tmp_path / f"test_{name}.py").write_text(SUITE.replace("MARK", mark).replace("NAME", name))
    (tmp_path / "conftest.py").write_text("from tests.conftest import *  # noqa: F403\n")
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "docker").write_text(f"#!/bin/sh\n{docker}\n")
    (commands / "docker").chmod(0o755)
    options = ["-c", str(project / "pyproject.toml"), "--rootdir", str(tmp_path)]
    options += ["-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile", "-rPs"]
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path,
        env={
            "PATH": f"{commands}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PYTHONPATH": str(project),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_files_that_use_docker_share_one_worker(tmp_path: Path, project: Path) -> None:
    output = run_suite(tmp_path, project, "echo 20.10")
    workers: dict[str, set[str]] = {"docker": set(), "plain": set()}
    kind = ""
    for line in output.splitlines():
        if line.startswith("____"):
            kind = "docker" if "docker" in line else "plain"
        elif line.startswith("worker gw"):
            workers[kind].add(line)
    assert len(workers["docker"]) == 1
    assert workers["plain"]


def test_without_docker_both_kinds_are_skipped_with_the_reason(
    tmp_path: Path, project: Path
) -> None:
    output = run_suite(tmp_path, project, "echo 'daemon is down' >&2; exit 1")
    assert "SKIPPED [3] test_docker_0.py:5: Docker does not answer (daemon is down)" in output
    assert "9 passed, 12 skipped" in output
