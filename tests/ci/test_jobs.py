"""The workflows' own steps, run: what they call in which order, and where they stop."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.ci.api import TOKEN, Api
from tests.ci.jobs import Project
from tests.ci.test_of_run import event, pull, report

PREVIEW = "pulumi preview --stack prod --non-interactive --json --show-sames"
GATE = "stackgraph gate TMP/preview.json --stack prod --report markdown=TEMP/report/gate-prod.md"
DEPLOY = [
    f"{PREVIEW} --save-plan TMP/plan.json",
    GATE,
    "pulumi up --stack prod --non-interactive --yes --plan TMP/plan.json",
    "pulumi preview --stack prod --non-interactive --expect-no-changes --diff",
    "stackgraph check --live --stack prod",
]


@pytest.fixture
def project(tmp_path: Path, api: Api, github: dict[str, str]) -> Project:
    made = Project.make(tmp_path / "project")
    del github["GITHUB_TOKEN"]  # a runner gives it to no step by itself
    made.environment |= github | {"GITHUB_SHA": api.head, "GITHUB_REF_NAME": "main"}
    return made


def leftovers(project: Project) -> list[str]:
    return [path.name for path in (project.top / "temp").rglob("*") if path.is_file()]


def test_a_pull_request_is_checked_and_compared_offline(project: Project) -> None:
    project.history()
    good, said = project.job("gate", "gate")
    assert good, said
    base = subprocess.check_output(
        ["git", "-C", str(project.top), "rev-parse", "HEAD^1"], text=True
    ).strip()
    assert project.calls() == [
        "stackgraph check --stack prod --severity error",
        "stackgraph check --stack prod --format sarif",
        "stackgraph docs --check",
        f"stackgraph gate --against {base} --stack prod --report markdown=TEMP/gate/gate-prod.md "
        "--report sarif=TEMP/gate/gate-prod.sarif --report junit=TEMP/gate/gate-prod.xml",
    ]
    assert "**verdict**" in (project.top / "summary.md").read_text()
    assert set(leftovers(project)) == {"gate-prod.md", "check-prod.sarif"}


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"CHECK": "1"}, 1),
        ({"DOCS": "1"}, 1),
        ({"GATE": "1"}, 1),
        ({"GATE": "2"}, 2),
        ({"CHECK": "2", "GATE": "1"}, 2),
        ({"GATE": "137"}, 2),
        ({"GATE": "2", "PREVIEWED": "false"}, 2),
        ({"GATE": "2", "PREVIEWED": "true"}, 0),
        ({"GATE": "1", "PREVIEWED": "true"}, 1),
        ({"GATE": "2", "CHECK": "1", "PREVIEWED": "true"}, 1),
        ({"AGAINST": "nothing-like-it"}, 2),
        ({"STACK": "../etc"}, 2),
        ({"STACK": "--yes"}, 2),
        ({"STACK": ""}, 2),
        ({"OUT": ""}, 2),
    ],
)
def test_the_worst_counts_and_all_of_it_runs(
    project: Project, what: dict[str, str], code: int
) -> None:
    project.history()
    given = {"STACK": "prod", "OUT": f"{project.top}/temp/gate", "AGAINST": "HEAD^1", **what}
    answer = project.run("sh scripts/ci/gate.sh", **given)
    assert answer.returncode == code, answer.stderr
    if not {"AGAINST", "STACK", "OUT"} & set(what):
        assert len(project.calls()) == 4


def test_findings_go_to_code_scanning(project: Project, api: Api) -> None:
    reports = project.top / "temp" / "reports" / "stackgraph-reports-0"
    reports.mkdir(parents=True)
    (reports / "check-prod.sarif").write_text('{"version": "2.1.0", "runs": []}')
    (reports / "gate-prod.xml").write_text("<testsuites/>")
    good, said = project.job("gate", "code-scanning", GITHUB_REF="refs/pull/7/merge")
    assert good, said
    assert [sent["ref"] for sent in api.sarifs] == ["refs/pull/7/merge"]


def test_a_comment_is_posted(project: Project, api: Api) -> None:
    api.pulls = [pull()]
    api.artifact("stackgraph-comment-0", report("from a fork"))
    (project.top / "event.json").write_text(json.dumps(event()))
    good, said = project.job(
        "comment", "comment", GITHUB_EVENT_PATH=str(project.top / "event.json")
    )
    assert good, said
    assert "from a fork" in api.bodies()[0]
    assert TOKEN not in said


@pytest.mark.parametrize(
    ("what", "good", "told"),
    [
        ({}, True, ""),
        ({"GATE": "1"}, False, ""),
        ({"GATE": "2"}, False, ""),
        ({"PREVIEW_CODE": "255"}, False, "pulumi ended with 255"),
    ],
)
def test_a_preview_is_gated_and_only_its_report_stays(
    project: Project, what: dict[str, str], good: bool, told: str
) -> None:
    ended, said = project.job("preview", "preview", **what)
    assert ended == good
    assert told in said
    assert project.calls() == [PREVIEW, GATE]
    assert leftovers(project) == ["gate-prod.md"]


@pytest.mark.parametrize(
    ("result", "good"),
    [("success", True), ("skipped", True), ("failure", False), ("cancelled", False)],
)
def test_what_branch_protection_asks_for(project: Project, result: str, good: bool) -> None:
    assert project.job("preview", "previewed", RESULT=result)[0] == good


def test_what_a_repository_does_not_have_is_not_set(project: Project) -> None:
    good, said = project.job("preview", "preview", PULUMI_CONFIG_PASSPHRASE="")
    assert good, said
    environment = (project.top / "log.env").read_text()
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "CLOUDFLARE_API_TOKEN"):
        assert f"{name}=" not in environment


def test_a_deploy_is_of_exactly_the_plan_that_passed(project: Project) -> None:
    good, said = project.job("deploy", "deploy")
    assert good, said
    assert project.calls() == DEPLOY
    assert (project.top / "log.plan").read_text() == '{"plan": 1}\n'
    assert leftovers(project) == ["gate-prod.md"]
    environment = (project.top / "log.env").read_text()
    assert "PULUMI_CONFIG_PASSPHRASE=the-passphrase" in environment
    assert TOKEN not in environment


@pytest.mark.parametrize(
    ("what", "called", "told"),
    [
        ({"PREVIEW_CODE": "255"}, 1, "the preview failed, so nothing is deployed"),
        (
            {
                "PREVIEW_CODE": "255",
                "PREVIEW": '{"diagnostics": [{"severity": "error", "message": "no such host\\n"}]}',
            },
            1,
            "pulumi: no such host\n",
        ),
        ({"NO_PLAN": "1"}, 1, "pulumi wrote no plan, so nothing is deployed"),
        ({"GATE": "1"}, 2, "wants an acceptance, so nothing is deployed"),
        ({"GATE": "2"}, 2, "cannot tell, so nothing is deployed"),
        ({"GATE": "127"}, 2, "cannot tell, so nothing is deployed"),
        ({"UP": "1"}, 3, "up failed; what it did so far stays"),
        ({"AFTER": "1"}, 5, "deployed, but the next preview is not empty"),
        ({"LIVE": "1"}, 5, "deployed, but what answers is not what is declared"),
    ],
)
def test_a_deploy_stops_where_it_must(
    project: Project, what: dict[str, str], called: int, told: str
) -> None:
    good, said = project.job("deploy", "deploy", **what)
    assert not good
    assert project.calls() == DEPLOY[:called]
    assert told in said
    assert set(leftovers(project)) <= {"gate-prod.md"}


def test_an_older_commit_is_not_deployed(project: Project) -> None:
    good, said = project.job("deploy", "deploy", GITHUB_SHA="b" * 40)
    assert not good
    assert project.calls() == []
    assert "the run of the newest commit deploys" in said


def test_drift_opens_an_issue_and_closes_it(project: Project, api: Api) -> None:
    differs = '{"steps": [], "changeSummary": {"update": 1}}'
    good, said = project.job("drift", "drift", PREVIEW=differs)
    assert not good
    assert project.calls() == [
        f"{PREVIEW} --refresh",
        GATE.replace("TMP/", "TEMP/report/"),
        "stackgraph check --live --stack prod",
    ]
    assert "drift: prod: found; issue: opened" in said
    assert "**verdict**" in api.issues[0]["body"]
    assert TOKEN not in (project.top / "log.env").read_text()
    assert TOKEN not in said

    good, said = project.job("drift", "drift", GATE="1")
    assert good, said
    assert api.issues[0]["state"] == "closed"


def test_drift_says_so_when_it_could_not_look(project: Project, api: Api) -> None:
    good, said = project.job("drift", "drift", DEPLOY_SSH_KEY="no key")
    assert not good
    assert "ssh-add does not take it" in said
    assert "**Cannot tell**" in api.issues[0]["body"]


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
def test_the_ssh_key_is_in_an_agent_and_nowhere_else(project: Project) -> None:
    key = project.top / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ci", "-f", str(key)], check=True
    )
    secret = key.read_text()
    public = key.with_suffix(".pub").read_text().split()[1]
    key.unlink()
    stand_in = project.top / "bin" / "pulumi"
    stand_in.write_text(
        stand_in.read_text().replace("#!/bin/sh\n", '#!/bin/sh\nssh-add -L >>"$LOG.keys"\n')
    )
    good, said = project.job("preview", "preview", DEPLOY_SSH_KEY=secret)
    assert good, said
    assert public in (project.top / "log.keys").read_text()
    body = secret.splitlines()[1]
    assert body not in (project.top / "log.env").read_text() + said
    socket = next(
        Path(line.partition("=")[2])
        for line in (project.top / "log.env").read_text().splitlines()
        if line.startswith("SSH_AUTH_SOCK=")
    )
    for _ in range(100):  # it is told to end, and does
        if not socket.exists():
            break
        time.sleep(0.05)
    assert not socket.exists()
