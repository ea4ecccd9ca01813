"""A stack of a copied project, brought up by the real engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from scripts.probe import ROOT, pulumi_home

PROJECT = """
name: {name}
runtime:
  name: python
  options: {{toolchain: pip, virtualenv: {environment}}}
"""
# The toolchain is pip: uv's would install this copy in the place of the project.


def local_project(folder: Path, name: str, *, own_home: bool = False) -> dict[str, str]:
    """Make a folder a Pulumi project with its own state; give the environment to run pulumi in.

    The program finds this project's packages. ``own_home``: it has a home of its own, too, in which
    are the plugins of the user's.
    """
    (folder / "state").mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT.format(name=name, environment=sys.prefix))
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{folder}/state",
        "PULUMI_CONFIG_PASSPHRASE": "none",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PYTHONPATH": str(ROOT),
    }
    if own_home:
        (folder / "home").mkdir()
        if (plugins := pulumi_home() / "plugins").is_dir():
            (folder / "home" / "plugins").symlink_to(plugins)
        environment["PULUMI_HOME"] = f"{folder}/home"
    return environment


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
        environment = local_project(folder, "stackgraph", own_home=True)
        stack = cls(folder, pulumi, name)
        stack.configure(config)
        stack.environment = {
            **environment,
            "PATH": f"{_without_registries(folder / 'bin')}:{os.environ['PATH']}",
            "XDG_CACHE_HOME": f"{folder}/cache",
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

    def run(
        self, *arguments: str, watch: Callable[[str], None] | None = None, timeout: float = 600
    ) -> Result:
        """Run pulumi; ``watch`` is told each line as it comes. Raises only when time is up."""
        with subprocess.Popen(
            [self.pulumi, *arguments, "--non-interactive", "--stack", self.name],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            late = threading.Timer(timeout, process.kill)
            late.start()
            lines = []
            for line in process.stdout or ():
                lines.append(line)
                if watch is not None:
                    watch(line.rstrip())
            if not late.is_alive():
                lines.append(f"ended after {timeout:g} s\n")
            late.cancel()
        return Result(process.returncode, "".join(lines))

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


def _without_registries(folder: Path) -> Path:
    """Write a docker command that asks no registry: the images are made here, for whatever host."""
    folder.mkdir()
    command = folder / "docker"
    command.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" manifest inspect "*) echo "no registry is asked here" >&2; exit 1 ;; '
        f'esac\nexec {shutil.which("docker") or "/usr/bin/docker"} "$@"\n'
    )
    command.chmod(0o755)
    return folder
