#!/usr/bin/env python3
"""Tell in a line why Docker or Pulumi can't be used here; nothing and exit 0 when they can.

``probe.py docker`` and ``probe.py plugins`` serve the scripts, the functions serve the tests, so
that both skip and fall back for the same reasons. Needs nothing but the standard library.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ("command", "docker")
"""The provider plugins that the dev stack needs."""

_SECONDS = 5.0


@cache
def docker_problem() -> str | None:
    """Say why no Docker daemon can be used, or None when one answers."""
    command = shutil.which("docker")
    if command is None:
        return _socket_problem()
    try:
        answer = subprocess.run(
            [command, "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"Docker does not answer within {_SECONDS:.0f} s"
    if answer.returncode == 0:
        return None
    lines = [line for line in answer.stderr.splitlines() if line.strip()]
    return f"Docker does not answer ({lines[-1].strip() if lines else 'no reason given'})"


def _socket_problem() -> str | None:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        return f"no docker command is on PATH to ask {host.partition('://')[0]}:// with"
    path = host.removeprefix("unix://")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(path)
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            if b" 200 " in connection.recv(64):
                return None
    except OSError as error:
        return f"Docker does not answer at {path} ({error.strerror or error})"
    return f"what listens at {path} is no Docker daemon"


def pulumi_home() -> Path:
    """Where Pulumi keeps its programs and plugins."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def pulumi_path() -> str | None:
    """Find the pulumi command on PATH or where its installer puts it."""
    return shutil.which("pulumi") or shutil.which("pulumi", path=str(pulumi_home() / "bin"))


def missing_plugins() -> list[str]:
    """Name the provider plugins that are neither on PATH nor in Pulumi's home, with versions.

    One on PATH serves whatever its version, as with Pulumi itself.
    """
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    versions = dict(re.findall(r"^pulumi-(\w+)==(\S+)", lock, re.MULTILINE))
    plugins = pulumi_home() / "plugins"
    return [
        f"{name} {versions[name]}"
        for name in PLUGINS
        if shutil.which(f"pulumi-resource-{name}") is None
        and not (plugins / f"resource-{name}-v{versions[name]}").is_dir()
    ]


def engine_problem() -> str | None:
    """Say why no ``pulumi up`` of the dev stack can run, or None when it can."""
    if pulumi_path() is None:
        return "no pulumi on PATH or in ~/.pulumi/bin"
    if missing := missing_plugins():
        return f"Pulumi's provider plugins are not installed: {', '.join(missing)}"
    if shutil.which("uv") is None and not (ROOT / ".tools" / "bin" / "uv").exists():
        return "no uv on PATH, which Pulumi.yaml's toolchain needs"
    return docker_problem()


def main(what: str) -> int:
    """Print what's wrong with ``docker``, or the missing ``plugins`` a line each."""
    if what == "docker":
        problems = [problem] if (problem := docker_problem()) else []
    elif what == "plugins":
        problems = missing_plugins()
    else:
        print("usage: probe.py docker|plugins", file=sys.stderr)
        return 2
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
