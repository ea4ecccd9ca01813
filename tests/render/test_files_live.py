"""Files that are put into a container that runs: it runs on, and reads what is new."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from rehearsal.images import Stub, cached_image
from render.files import files_script

pytestmark = pytest.mark.docker
TARGET = "/etc/control/records.json"


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(params=["--read-only", "--init"])
def container(request: pytest.FixtureRequest) -> Iterator[str]:
    """Make a container, its root read-only or not, with a volume where the file goes."""
    image = cached_image("stub", Stub(http=(8080,)))
    id_ = docker("create", request.param, "--mount", "type=volume,target=/etc/control", image)
    yield id_
    docker("rm", "--force", "--volumes", id_)


def put(container: str, content: str) -> None:
    """Do as a deploy does: the script goes in by standard input, the container's id before it."""
    script = f"NEW={container}\n{files_script([(TARGET, 0o444, content)])}"
    subprocess.run(["/bin/sh", "-c", 'eval "$(cat)"'], input=script, text=True, check=True)


def test_what_runs_reads_what_is_new(container: str) -> None:
    put(container, "[]\n")
    docker("start", container)
    begun = docker("inspect", "--format", "{{.State.StartedAt}}", container)
    for content in ('[{"name": "a"}]\n', "it's \\ $HOME `x`\n"):
        put(container, content)
        assert docker("exec", container, "cat", TARGET) == content.strip()
    assert docker("inspect", "--format", "{{.State.StartedAt}}", container) == begun
