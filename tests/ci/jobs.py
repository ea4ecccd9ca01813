"""A job of a workflow, run here: its own ``run:`` steps, on stand-ins of pulumi and stackgraph."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scripts import probe
from tests.ci.api import TOKEN

PULUMI = r"""#!/bin/sh
echo "pulumi $*" >>"$LOG"
env >>"$LOG.env"
case "$*" in
*--expect-no-changes*) exit "${AFTER:-0}" ;;
preview*)
	while [ $# -gt 0 ]; do
		[ "$1" != --save-plan ] || { [ -n "${NO_PLAN:-}" ] || echo '{"plan": 1}' >"$2"; }
		shift
	done
	echo "a message" >&2
	printf "%s\n" "${PREVIEW:-{\"steps\": [], \"changeSummary\": {\"same\": 3\}\}}"
	exit "${PREVIEW_CODE:-0}"
	;;
up*)
	while [ $# -gt 0 ]; do
		[ "$1" != --plan ] || cat "$2" >>"$LOG.plan"
		shift
	done
	exit "${UP:-0}"
	;;
esac
"""
STACKGRAPH = r"""#!/bin/sh
echo "stackgraph $*" >>"$LOG"
case "$*" in
*"check --live"*) echo "what answers"; exit "${LIVE:-0}" ;;
check*sarif*) echo '{"version": "2.1.0", "runs": []}'; exit "${CHECK:-0}" ;;
check*) exit "${CHECK:-0}" ;;
docs*) exit "${DOCS:-0}" ;;
gate*)
	stack=
	file=$2
	while [ $# -gt 0 ]; do
		[ "$1" != --stack ] || stack=$2
		case $1 in
		markdown=*) printf '<!-- stackgraph gate %s -->\n**verdict**\n' "$stack" >"${1#*=}" ;;
		esac
		shift
	done
	case $file in --*) ;; *) [ -s "$file" ] || exit 2 ;; esac
	exit "${GATE:-0}"
	;;
esac
"""


@dataclass
class Project:
    """A copy of the project's scripts, as a git work tree of two commits, and the stand-ins."""

    top: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, top: Path) -> Project:
        shutil.copytree(
            probe.ROOT / "scripts",
            top / "scripts",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        for place in ("bin", "temp"):
            (top / place).mkdir()
        for name, text in (("pulumi", PULUMI), ("stackgraph", STACKGRAPH)):
            (top / "bin" / name).write_text(text)
            (top / "bin" / name).chmod(0o755)
        project = cls(top)
        project.environment = {
            "PATH": f"{top}/bin:{os.environ['PATH']}",
            "HOME": str(top),
            "TMPDIR": f"{top}/temp",
            "LOG": f"{top}/log",
            "RUNNER_TEMP": f"{top}/temp",
            "GITHUB_STEP_SUMMARY": f"{top}/summary.md",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return project

    def history(self) -> None:
        """Make it a work tree with a commit before this one."""
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(self.top)]
        subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
        for message in ("before", "now"):
            subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True)

    def calls(self) -> list[str]:
        """Give what was called, in order, scratch folders as ``TMP``."""
        log = self.top / "log"
        text = log.read_text() if log.exists() else ""
        text = re.sub(rf"{re.escape(str(self.top))}/temp/tmp\.\w+", "TMP", text)
        return text.replace(f"{self.top}/temp", "TEMP").splitlines()

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run what a step says, as a runner does."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
            cwd=self.top,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def job(self, workflow: str, name: str, **environment: str) -> tuple[bool, str]:
        """Run a job's own steps in order; whether it succeeded, and all that it said."""
        file = probe.ROOT / ".github" / "workflows" / f"{workflow}.yml"
        steps = yaml.safe_load(file.read_text("utf-8"))["jobs"][name]["steps"]
        good, said, ran = True, "", 0
        for step in steps:
            command = step.get("run")
            if command is None or "setup.sh" in command:
                continue
            if not good and "!cancelled()" not in str(step.get("if", "")):
                continue
            given = {key: self._value(str(value)) for key, value in step.get("env", {}).items()}
            answer = self.run(command, **{**given, **environment})
            said += answer.stdout + answer.stderr
            good = good and answer.returncode == 0
            ran += 1
        assert ran, f"{workflow} has no step that is run here"
        return good, said

    def _value(self, text: str) -> str:
        values: dict[str, Any] = {
            "matrix.stack": "prod",
            "runner.temp": f"{self.top}/temp",
            "github.token": TOKEN,
            "secrets.PULUMI_CONFIG_PASSPHRASE": "the-passphrase",
        }
        return re.sub(
            r"\$\{\{ ([\w.]+) \}\}",
            lambda match: str(values.get(match[1], "")),
            text,
        )
