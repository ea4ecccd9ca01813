"""The table's changes, previewed by the real engine: what is recorded of them is still so.

With ``--update-golden`` they are recorded anew, for the tests that need no engine.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal.images import Stub, make_image
from rehearsal.stack import Stack
from tests.changes.recorded import keep, operations, recorded
from tests.changes.table import CASES, CONFIG, SYSTEM, Case, lay_out

pytestmark = [pytest.mark.engine, pytest.mark.slow]

IMAGES = {
    "web:1.0.0": "web",
    "web:1.0.1": "web",
    "files:1.0.0": "files",
    "files:1.0.1": "files",
    "worker:1.0.0": "worker",
    "blog:1.0.0": "blog",
    "cron:1.0.0": "cron",
    "postgres:16.4.0": "db",
    "postgres:17.2.0": "db",
}


def make_images() -> None:
    """Make what the system runs."""
    for tag in ("caddy:2.11.4-alpine", "caddy:2.11.5-alpine"):
        make_image(tag, "caddy")
    for tag, name in IMAGES.items():
        # By its version it is another image, too.
        stub = Stub(name=name, http=(80,), tcp=(5432,) if name == "db" else (), lines=(tag,))
        make_image(f"stackgraph-test/{tag}", "stub", stub=stub)


@contextmanager
def mall(folder: Path, pulumi: str) -> Iterator[Stack]:
    """Bring the system up, and take it down in the end."""
    make_images()
    made = Stack.make(folder, pulumi, CONFIG)
    lay_out(made.folder)
    try:
        deploy(made)
        yield made
    finally:
        lay_out(made.folder)
        made.run("destroy", "--yes", "--skip-preview")


def deploy(stack: Stack) -> None:
    """Deploy what is in the folder now."""
    result = stack.up()
    assert result.code == 0, result.text


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Stack]:
    with mall(tmp_path_factory.mktemp(SYSTEM), pulumi_command) as made:
        yield made


def preview(stack: Stack, *options: str) -> str:
    """Give the preview of what is in the folder now, as JSON."""
    done = subprocess.run(
        [stack.pulumi, "preview", "--json", *options, "--non-interactive", "--stack", stack.name],
        cwd=stack.folder,
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_previews_are_as_recorded(stack: Stack, case: Case, update_golden: bool) -> None:
    case.apply(stack.folder)
    try:
        text = preview(stack, "--show-sames")
    finally:
        shutil.rmtree(stack.folder / "systems")
        lay_out(stack.folder)
    if update_golden:
        keep(case.name, text, stack.folder)
    assert operations(json.loads(text)) == operations(recorded(case.name))
