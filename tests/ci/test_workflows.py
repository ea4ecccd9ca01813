"""The workflows themselves: what tools say of them, and what none of them may do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import probe

WORKFLOWS = sorted((probe.ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((probe.ROOT / ".github" / "actions").glob("*/action.yml"))
MAY_WRITE = {
    ("comment.yml", "comment"): {"pull-requests"},  # runs merged code only
    ("gate.yml", "code-scanning"): {"security-events"},  # the same; not for forks
    ("preview.yml", "preview"): {"id-token"},
    ("deploy.yml", "deploy"): {"id-token"},
    ("drift.yml", "drift"): {"id-token", "issues"},
}
WITH_SECRETS = {"preview.yml", "deploy.yml", "drift.yml"}


def loaded(file: Path) -> dict[str, Any]:
    document = yaml.safe_load(file.read_text("utf-8"))
    if True in document:  # YAML 1.1 reads the key `on` so
        document["on"] = document.pop(True)
    assert isinstance(document, dict)
    return document


def jobs() -> list[Any]:
    return [
        pytest.param(file.name, name, job, id=f"{file.stem}-{name}")
        for file in WORKFLOWS
        for name, job in loaded(file)["jobs"].items()
    ]


def command(name: str) -> str:
    places = [probe.ROOT / ".venv" / "bin", probe.ROOT / ".tools" / "bin"]
    found = next((found for place in places if (found := shutil.which(name, path=place))), None)
    found = found or shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} in .venv, in .tools/bin or on PATH")
    return found


def test_actionlint_finds_nothing() -> None:
    linter = command("actionlint")
    options = [] if shutil.which("shellcheck") else ["-shellcheck="]
    answer = subprocess.run(
        [linter, *options, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stdout) == (0, ""), answer.stdout + answer.stderr


def test_actionlint_would_find_something(tmp_path: Path) -> None:
    linter = command("actionlint")
    wrong = (
        WORKFLOWS[0]
        .parent.joinpath("deploy.yml")
        .read_text()
        .replace("matrix.stack", "matrx.stack")
    )
    file = tmp_path / "wrong.yml"
    file.write_text(wrong)
    answer = subprocess.run([linter, str(file)], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "matrx" in answer.stdout


def test_zizmor_finds_nothing() -> None:
    # low: `$/…` for an action of one's own, which actionlint 1.7 doesn't know yet
    answer = subprocess.run(
        [command("zizmor"), "--offline", "--no-progress", "--min-severity", "medium", ".github"],
        cwd=probe.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    "file", [*WORKFLOWS, *ACTIONS], ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_every_action_is_one_commit_with_its_version(file: Path) -> None:
    for line in file.read_text("utf-8").splitlines():
        if match := re.match(r"\s*(?:- )?uses:\s*(\S+)(.*)", line):
            action, comment = match.groups()
            if action.startswith("./"):
                assert (probe.ROOT / action / "action.yml").is_file()
                continue
            assert re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40}", action), line
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), line


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_nothing_dangerous_starts_a_workflow(file: Path) -> None:
    document = loaded(file)
    events = set(document["on"])
    assert "pull_request_target" not in file.read_text("utf-8")
    assert not events & {"issue_comment", "issues", "repository_dispatch"}
    if "workflow_run" in events:
        assert events == {"workflow_run"}
    # what a job may, it says itself; without a word it is nothing, or reading
    assert document["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize(("file", "name", "job"), jobs())
def test_a_job_has_no_more_than_it_needs(file: str, name: str, job: dict[str, Any]) -> None:
    rights = job.get("permissions") or {}
    assert isinstance(rights, dict)
    writes = {right for right, value in rights.items() if value == "write"}
    assert writes == MAY_WRITE.get((file, name), set())
    assert set(rights.values()) <= {"read", "write"}
    assert 0 < job["timeout-minutes"] <= 90
    assert "self-hosted" not in str(job["runs-on"])

    secrets = set(re.findall(r"secrets\.(\w+)", str(job)))
    if secrets or "id-token" in writes:
        assert file in WITH_SECRETS
        assert job["environment"] in {
            "preview-${{ matrix.stack }}",
            "deploy-${{ matrix.stack }}",
        }


@pytest.mark.parametrize(("file", "name", "job"), jobs())
def test_a_jobs_steps_are_safe(file: str, name: str, job: dict[str, Any]) -> None:
    writes = MAY_WRITE.get((file, name), set())
    for step in job["steps"]:
        assert "${{" not in step.get("run", ""), "what is not one's own comes by env"
        if "actions/checkout@" in step.get("uses", ""):
            options = step["with"]
            assert options["persist-credentials"] is False
            if writes - {"id-token"}:  # then it is what is merged
                assert options["ref"] in {
                    "main",
                    "${{ github.event.repository.default_branch }}",
                    "${{ github.event.pull_request.base.sha || github.sha }}",
                }
            else:
                assert "ref" not in options
        # a token only where a script of this project asks the forge with it
        if "github.token" in str(step):
            assert re.search(r"python3 -m scripts\.ci\.(comment|drift|newest|sarif)\b", step["run"])
            assert "secrets." not in str(step)


def test_forks_see_no_credentials() -> None:
    job = loaded(WORKFLOWS[0].parent / "preview.yml")["jobs"]["preview"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
    gate = loaded(WORKFLOWS[0].parent / "gate.yml")["jobs"]["gate"]
    assert "secrets" not in str(gate)
    assert gate["permissions"] == {"contents": "read"}


def test_one_deploy_of_a_stack_at_a_time_and_none_cut_off() -> None:
    (job,) = loaded(WORKFLOWS[0].parent / "deploy.yml")["jobs"].values()
    assert job["concurrency"] == {
        "group": "deploy-${{ matrix.stack }}",
        "cancel-in-progress": False,
    }


def test_what_deploys_is_never_without_a_plan() -> None:
    places = [*WORKFLOWS, *ACTIONS, *(probe.ROOT / "scripts" / "ci").glob("*.sh")]
    places += (probe.ROOT / "docs" / "ci").glob("*.md")
    for place in places:
        text = place.read_text("utf-8")
        assert "--skip-preview" not in text, place
        for line in re.findall(r"^\s*pulumi up .*", text, re.MULTILINE):
            assert "--plan " in line, place
