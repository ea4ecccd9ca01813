"""What all tests share: markers that skip with a reason, hypothesis profiles, the real pulumi."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from scripts import probe

# Time limits per example would fail tests on a busy machine; CI runs the same examples each time.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


class OneDocker(LoadFileScheduling):
    """For ``--dist loadfile``: files that use this machine's Docker go to one worker, in order.

    xdist's own ``loadgroup`` is without effect under this pytest (xdist 3.8 writes the group to an
    attribute that pytest 9.2 no longer reads), and only a file's name reaches the scheduler: so a
    file counts as soon as its text has one of the two markers.
    """

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return "this machine's Docker" if _uses_docker(self.config.rootpath / scope) else scope


@cache
def _uses_docker(path: Path) -> bool:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return "mark.docker" in text or "mark.engine" in text


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneDocker | None:
    """Give our scheduler for ``--dist loadfile``."""
    return OneDocker(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what can't run on this machine, with the reason."""
    for item in items:
        if item.get_closest_marker("engine") is not None:
            problem = probe.engine_problem()
        elif item.get_closest_marker("docker") is not None:
            problem = probe.docker_problem()
        else:
            continue
        if problem is not None:
            item.add_marker(pytest.mark.skip(reason=problem))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one way to renew the expected texts that stand beside inputs."""
    parser.addoption(
        "--update-golden", action="store_true", help="write what is there as what is expected"
    )


@pytest.fixture(scope="session")
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether expected texts are to be written instead of compared."""
    return bool(pytestconfig.getoption("--update-golden"))


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's top directory."""
    return probe.ROOT


@pytest.fixture(scope="session")
def pulumi_command() -> str:
    """The real pulumi, for tests marked ``engine``."""
    path = probe.pulumi_path()
    if path is None:
        pytest.skip("no pulumi on PATH or in ~/.pulumi/bin")
    return path
