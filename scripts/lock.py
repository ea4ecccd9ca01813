#!/usr/bin/env python3
"""Write every pin of the project from one resolution: ``make lock``.

Reads the direct dependencies in pyproject.toml and writes

- ``requirements.lock``: runtime and development closure with hashes, for every platform;
- ``constraint-dependencies`` in pyproject.toml: the same versions, for the uv.lock that Pulumi's
  uv toolchain makes and git ignores;
- ``requirements-uv.lock``: uv itself, with hashes.

Versions already locked are kept as long as they satisfy pyproject.toml; ``--upgrade`` takes the
newest. No file names a package registry: whoever installs uses the one their machine is set up
with, and the hashes hold whichever that is.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
LOCK = ROOT / "requirements.lock"
UV_LOCK = ROOT / "requirements-uv.lock"

_CONSTRAINTS = re.compile(r"^constraint-dependencies = \[\n.*?^\]\n", re.DOTALL | re.MULTILINE)
_PIN = re.compile(r"^(?P<pin>[A-Za-z0-9][\w.-]*==[^\s;\\]+(?: *; *[^\\]+)?)", re.MULTILINE)


def pins(lock: str) -> list[str]:
    """Give the requirements of a lock file without their hashes, in its order."""
    return [match["pin"].strip() for match in _PIN.finditer(lock)]


def with_constraints(pyproject: str, constraints: list[str]) -> str:
    """Give pyproject.toml's text with its constraint list replaced."""
    if len(_CONSTRAINTS.findall(pyproject)) != 1:
        message = "pyproject.toml: [tool.uv] constraint-dependencies = [ … ] must stand there once"
        raise SystemExit(message)
    rows = "".join(f'    "{pin}",\n' for pin in constraints)
    return _CONSTRAINTS.sub(lambda _: f"constraint-dependencies = [\n{rows}]\n", pyproject)


def resolve(uv: str, directory: Path, source: list[str], output: Path, *, upgrade: bool) -> str:
    """Resolve to a lock file in a directory that holds only what the resolution may see."""
    target = directory / output.name
    if output.exists() and not upgrade:
        shutil.copy(output, target)  # uv keeps the versions of the file that it overwrites
    command = [uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-emit-find-links"]
    command += ["--custom-compile-command", "make lock", "--output-file", target.name, *source]
    subprocess.run(command, cwd=directory, check=True)
    return target.read_text(encoding="utf-8")


def main() -> int:
    """Resolve once, write all three places."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    upgrade: bool = parser.parse_args().upgrade

    uv = shutil.which("uv", path=f"{ROOT / '.tools' / 'bin'}") or shutil.which("uv")
    if uv is None:
        print("uv: not found; run `make setup` first", file=sys.stderr)
        return 2
    pyproject = PYPROJECT.read_text(encoding="utf-8")
    try:
        with tempfile.TemporaryDirectory() as scratch:
            directory = Path(scratch)
            # without the old constraints, or nothing could ever move
            text = with_constraints(pyproject, [])
            (directory / PYPROJECT.name).write_text(text, encoding="utf-8")
            source = ["--group", "dev", PYPROJECT.name]
            lock = resolve(uv, directory, source, LOCK, upgrade=upgrade)
            uv_lock = resolve(uv, directory, ["--group", "uv"], UV_LOCK, upgrade=upgrade)
    except subprocess.CalledProcessError as error:
        print(f"uv could not resolve the dependencies (exit {error.returncode})", file=sys.stderr)
        return 2
    for path, new in (
        (LOCK, lock),
        (UV_LOCK, uv_lock),
        (PYPROJECT, with_constraints(pyproject, pins(lock))),
    ):
        changed = not path.exists() or path.read_text(encoding="utf-8") != new
        if changed:
            path.write_text(new, encoding="utf-8")
        print(f"{path.name}: {'written' if changed else 'unchanged'}", file=sys.stderr)
    print(f"{len(pins(lock))} packages pinned", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
