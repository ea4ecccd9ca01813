"""scripts/stack.sh, with a pulumi, a uv and a docker that only say what they were asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

DEV = "passphrase stackgraph-dev"


@dataclass
class Project:
    """A project directory with stand-in commands, and a run of its stack.sh."""

    top: Path
    commands: Path

    def command(self, name: str, body: str) -> None:
        path = self.commands / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def run(self, verb: str, **environment: str) -> tuple[int, list[str], str]:
        answer = subprocess.run(
            ["sh", str(self.top / "scripts" / "stack.sh"), verb],
            env={
                "PATH": f"{self.commands}:/usr/bin:/bin",
                "HOME": str(self.top),
                "DOCKER_HOST": f"unix://{self.top}/none.sock",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return answer.returncode, answer.stdout.splitlines(), answer.stderr


@pytest.fixture
def make_project(tmp_path: Path, project: Path) -> Callable[..., Project]:
    def make(*, pulumi: bool = True, docker: bool = True, plugins: bool = True) -> Project:
        top = tmp_path / "a project"
        shutil.copytree(project / "scripts", top / "scripts")
        shutil.copy(project / "requirements.lock", top)
        (top / ".venv" / "bin").mkdir(parents=True)
        made = Project(top, top / ".venv" / "bin")
        made.command("stackgraph", 'echo "stackgraph $*"')
        (made.commands / "python").symlink_to(sys.executable)
        made.command("uv", "true")
        made.command("docker", "echo 20.10" if docker else "echo 'no daemon' >&2; exit 1")
        if pulumi:
            made.command(
                "pulumi",
                'case "$1" in plugin) echo "no such host" >&2; exit 1;; esac\n'
                'echo "pulumi $* backend ${PULUMI_BACKEND_URL:-none} '
                'passphrase ${PULUMI_CONFIG_PASSPHRASE:-none}" | tee -a "$HOME/calls"',
            )
        if plugins:
            made.command("pulumi-resource-docker", "true")
            made.command("pulumi-resource-command", "true")
        return made

    return make


def calls(project: Project) -> list[str]:
    return (project.top / "calls").read_text().splitlines()


def test_preview_asks_pulumi_with_the_projects_own_backend(
    make_project: Callable[..., Project],
) -> None:
    project = make_project()
    own = f"backend file://{project.top}/.pulumi-state {DEV}"
    assert project.run("preview") == (0, [f"pulumi preview --stack dev {own}"], "")
    assert calls(project)[0] == f"pulumi stack select dev --create --non-interactive {own}"


def test_a_backend_of_the_users_is_kept_and_so_is_the_passphrase(
    make_project: Callable[..., Project],
) -> None:
    _, lines, _ = make_project().run(
        "preview", PULUMI_BACKEND_URL="s3://theirs", PULUMI_CONFIG_PASSPHRASE="theirs"
    )
    assert lines == ["pulumi preview --stack dev backend s3://theirs passphrase theirs"]


def test_a_passphrase_for_other_stacks_does_not_break_dev(
    make_project: Callable[..., Project],
) -> None:
    _, lines, _ = make_project().run("preview", PULUMI_CONFIG_PASSPHRASE="prod's")
    assert lines[0].endswith(DEV)


def test_other_stacks_get_nothing_from_here_and_need_no_local_docker(
    make_project: Callable[..., Project],
) -> None:
    project = make_project(docker=False)
    none = "backend none passphrase none"
    assert project.run("preview", STACK="prod")[1] == [f"pulumi preview --stack prod {none}"]
    assert calls(project)[0] == f"pulumi stack select prod --non-interactive {none}"


@pytest.mark.parametrize(
    ("lacking", "reason"),
    [
        ("pulumi", "preview: pulumi is not installed; install it with: curl -fsSL "),
        ("docker", "preview: Docker does not answer (no daemon); start Docker"),
        ("plugins", "preview: the provider plugin command 1.2.1 could not be fetched (no net"),
    ],
)
def test_preview_falls_back_to_the_offline_plan_and_says_why(
    make_project: Callable[..., Project], lacking: str, reason: str
) -> None:
    if lacking == "pulumi" and shutil.which("pulumi", path="/usr/bin:/bin"):
        pytest.skip("a pulumi is installed in the system's own directories")
    code, lines, messages = make_project(**{lacking: False}).run("preview")
    assert (code, lines) == (0, ["stackgraph plan --stack dev"])
    assert reason in messages
    assert "offline plan" in messages


@pytest.mark.parametrize("verb", ["up", "down"])
def test_up_and_down_refuse_without_docker(make_project: Callable[..., Project], verb: str) -> None:
    code, lines, messages = make_project(docker=False).run(verb)
    assert (code, lines) == (2, [])
    assert messages == (
        f"{verb}: Docker does not answer (no daemon); "
        "start Docker (dev's hosts are this machine's containers)\n"
    )


def test_up_and_down_ask_nothing_on_dev_and_pulumis_question_elsewhere(
    make_project: Callable[..., Project],
) -> None:
    project = make_project()
    for stack in ("dev", "prod"):
        for verb in ("up", "down"):
            project.run(verb, STACK=stack)
    asked = [line.partition(" backend")[0] for line in calls(project)]
    assert [line for line in asked if " select " not in line] == [
        "pulumi up --yes --stack dev",
        "pulumi destroy --exclude-protected --yes --stack dev",
        "pulumi up --stack prod",
        "pulumi destroy --exclude-protected --stack prod",
    ]


def test_a_stack_that_does_not_exist_is_said_with_the_remedy(
    make_project: Callable[..., Project],
) -> None:
    project = make_project()
    project.command("pulumi", "echo 'no stack named prod' >&2; exit 6")
    code, _, messages = project.run("up", STACK="prod")
    assert code == 2
    assert "create it with pulumi stack init prod" in messages


def test_a_failing_preview_fails(make_project: Callable[..., Project]) -> None:
    project = make_project()
    project.command("pulumi", 'case "$1" in preview) exit 255;; esac')
    assert project.run("preview")[0] == 255


def test_the_scripts_are_executable(project: Path) -> None:
    for name in ("scripts/setup.sh", "scripts/stack.sh", "scripts/test.sh", ".ci/run"):
        assert os.access(project / name, os.X_OK), name
