"""docs/ci/gitlab.md: the example is read, its scripts are run, its reports are GitLab's."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import probe
from scripts.ci import codequality
from tests.ci.api import ROBOT, TOKEN, Api
from tests.ci.jobs import Project

DOCUMENT = probe.ROOT / "docs" / "ci" / "gitlab.md"


def example() -> dict[str, Any]:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.M | re.S)
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


def jobs() -> dict[str, dict[str, Any]]:
    return {
        name: job for name, job in example().items() if isinstance(job, dict) and "stage" in job
    }


def test_each_job_stands_in_a_stage_and_has_rules() -> None:
    stages = example()["stages"]
    assert set(jobs()) == {"gate", "preview", "comment", "deploy", "drift", "drift-issue"}
    for name, job in jobs().items():
        assert job["stage"] in stages
        assert job["rules"], name
        for need in job.get("needs", []):
            assert need["job"] in jobs()


def test_only_jobs_with_an_environment_take_identities() -> None:
    assert "environment" not in jobs()["gate"]
    for job in jobs().values():
        if job.get("extends") == ".engine":
            assert re.fullmatch(r"(preview|deploy)/prod", job["environment"]["name"])
    deploy = jobs()["deploy"]
    assert (deploy["resource_group"], deploy["interruptible"]) == ("deploy-prod", False)


@pytest.fixture
def project(tmp_path: Path, gitlab: dict[str, str]) -> Project:
    made = Project.make(tmp_path / "project")
    made.environment |= gitlab
    made.environment |= {
        "STACK": example()["variables"]["STACK"],
        "OUT": str(made.top / ".reports"),
        "CI_DEFAULT_BRANCH": "main",
    }
    made.environment.pop("GITHUB_STEP_SUMMARY")
    return made


def run(project: Project, name: str, **environment: str) -> tuple[bool, str]:
    """Run a job's own lines, as GitLab does: in one shell, after_script in another."""
    job = {**example().get(jobs()[name].get("extends", ""), {}), **jobs()[name]}
    lines = [*job.get("before_script", []), *job["script"]]
    said, good = "", True
    for part in (lines, job.get("after_script", [])):
        wanted = [line for line in part if "setup.sh" not in line and "git checkout" not in line]
        answer = project.run("\n".join(wanted), **environment)
        said += answer.stdout + answer.stderr
        good = good and (answer.returncode == 0 or part is not lines)
    return good, said


def test_a_merge_request_is_checked_commented_and_has_reports(project: Project, api: Api) -> None:
    project.history()
    good, said = run(project, "gate", AGAINST="HEAD^1")
    assert good, said
    reports = project.top / ".reports"
    assert json.loads((reports / "codequality.json").read_text()) == []
    assert (reports / "gate-prod.md").is_file()

    assert run(project, "preview")[0]
    for _ in range(2):
        good, said = run(project, "comment")
        assert good, said
    assert api.bodies() == ["<!-- stackgraph gate prod -->\n**verdict**\n"]
    assert api.comments[0]["user"]["login"] == ROBOT
    assert TOKEN not in said


def test_a_deploy_is_gated(project: Project) -> None:
    assert run(project, "deploy")[0]
    assert [call.split()[1] for call in project.calls()] == [
        "preview",
        "gate",
        "up",
        "preview",
        "check",
    ]
    (project.top / "log").unlink()
    assert not run(project, "deploy", GATE="1")[0]
    assert "up" not in [call.split()[1] for call in project.calls()]


def test_drift_becomes_an_issue(project: Project, api: Api) -> None:
    good, said = run(project, "drift", PREVIEW='{"steps": [], "changeSummary": {"update": 1}}')
    assert good, said
    good, said = run(project, "drift-issue")
    assert not good
    assert "issue: opened" in said
    assert api.issues[0]["title"] == "Drift: stack prod"


def test_identities_are_taken_where_they_are_asked_for(project: Project) -> None:
    good, said = run(
        project,
        "preview",
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/preview",
        AWS_ID_TOKEN="aws-identity",
        PULUMI_ORGANIZATION="team",
        PULUMI_ID_TOKEN="pulumi-identity",
    )
    assert good, said
    login = shlex.split(project.calls()[0])
    assert login[:5] == ["pulumi", "login", "--non-interactive", "--oidc-org", "team"]
    assert "identity" not in " ".join(login)
    environment = (project.top / "log.env").read_text()
    place = re.search("^AWS_WEB_IDENTITY_TOKEN_FILE=(.*)$", environment, re.M)
    assert place
    assert Path(place[1]).read_text() == "aws-identity"


def test_findings_are_code_quality(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = subprocess.run(
        [
            str(probe.ROOT / ".venv/bin/stackgraph"),
            *("check", "--stack", "prod", "--format", "sarif"),
        ],
        cwd=probe.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode in {0, 1}, answer.stderr
    file = tmp_path / "check.sarif"
    file.write_text(answer.stdout)
    assert codequality.main([str(file), str(file)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 2 * len(json.loads(answer.stdout)["runs"][0]["results"]) > 0
    assert len({entry["fingerprint"] for entry in found}) == len(found)
    for entry in found:
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert (probe.ROOT / entry["location"]["path"]).is_file()
        assert entry["location"]["lines"]["begin"] > 0


def test_what_is_no_sarif_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.sarif"
    file.write_text("{}")
    assert codequality.main([str(file)]) == 2
    assert capsys.readouterr().err == f"codequality: {file}: no SARIF that can be read\n"
