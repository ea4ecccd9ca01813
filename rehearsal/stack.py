"""A stack of a copied project, brought up by the real engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from scripts.probe import ROOT, pulumi_home

PROGRAM = """
name: stackgraph
runtime:
  name: python
  options: {{toolchain: pip, virtualenv: {environment}}}
"""
# The toolchain is pip: uv's would install this copy in the place of the project.


@dataclass(frozen=True, slots=True)
class Result:
    """How a pulumi command ended, and all that it printed."""

    code: int
    text: str


@dataclass(slots=True)
class Stack:
    """A dev stack in a folder of its own, with its own state."""

    folder: Path
    pulumi: str
    name: str = "dev"
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(
        cls,
        folder: Path,
        pulumi: str,
        config: Mapping[str, Any],
        *,
        name: str = "dev",
        of: Path = ROOT,
    ) -> Self:
        """Copy a project's program and systems, and create a stack with this configuration."""
        shutil.copytree(of / "systems", folder / "systems")
        shutil.copy(of / "__main__.py", folder)
        (folder / "Pulumi.yaml").write_text(PROGRAM.format(environment=sys.prefix))
        for place in ("state", "home"):
            (folder / place).mkdir()
        if (plugins := pulumi_home() / "plugins").is_dir():
            (folder / "home" / "plugins").symlink_to(plugins)
        stack = cls(folder, pulumi, name)
        stack.configure(config)
        stack.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "none",
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PYTHONPATH": str(ROOT),
        }
        stack.run("stack", "init")
        return stack

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write the stack's configuration, keys without namespace."""
        values = {f"stackgraph:{key}": value for key, value in config.items()}
        file = self.folder / f"Pulumi.{self.name}.yaml"
        salt = (
            re.search(r"^encryptionsalt: .*\n", file.read_text(), re.M) if file.exists() else None
        )
        file.write_text((salt[0] if salt else "") + json.dumps({"config": values})[1:-1])

    def run(self, *arguments: str) -> Result:
        """Run pulumi; never raises."""
        done = subprocess.run(
            [self.pulumi, *arguments, "--non-interactive", "--stack", self.name],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return Result(done.returncode, done.stdout + done.stderr)

    def up(self) -> Result:
        """Deploy."""
        return self.run("up", "--yes", "--skip-preview")

    def assert_nothing_to_do(self, *, refresh: bool = True) -> None:
        """Assert that the next preview is empty, by the state and by what really runs."""
        for options in ([], ["--refresh"]) if refresh else ([],):
            result = self.run("preview", *options, "--expect-no-changes", "--diff")
            assert result.code == 0, result.text

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a text in a file of the copy, exactly once."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))

    @contextmanager
    def edited(self, file: str, old: str, new: str) -> Iterator[None]:
        """Change a text for a while; what is deployed meanwhile stays deployed."""
        before = (self.folder / file).read_text()
        self.edit(file, old, new)
        try:
            yield
        finally:
            (self.folder / file).write_text(before)
