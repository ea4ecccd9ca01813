"""The one issue of a stack: opened, brought up to date, closed; never closed on a guess."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.ci import drift
from tests.ci.api import BOT, ROBOT, TOKEN, Api

MARKER = "<!-- stackgraph drift prod -->"

Environment = dict[str, str]


@pytest.fixture(params=["github", "gitlab"])
def runner(request: pytest.FixtureRequest) -> Environment:
    found: Environment = request.getfixturevalue(request.param)
    return found


def seen(
    folder: Path,
    *,
    preview: str | None = None,
    code: int = 0,
    live: int = 0,
    found: str = "",
    **counts: int,
) -> Path:
    document = {"steps": [], "changeSummary": {"same": 40, **counts}}
    (folder / "preview.json").write_text(json.dumps(document) if preview is None else preview)
    (folder / "preview.code").write_text(f"{code}\n")
    (folder / "gate-prod.md").write_text("<!-- stackgraph gate prod -->\n**routine** n8n\n")
    (folder / "live.code").write_text(f"{live}\n")
    (folder / "live.txt").write_text(found)
    return folder


def run(folder: Path, runner: Environment) -> int:
    return drift.main(["prod", str(folder)], runner)


def test_one_issue_is_opened_brought_up_to_date_and_closed(
    tmp_path: Path, api: Api, runner: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(seen(tmp_path), runner) == 0
    assert api.issues == []

    assert run(seen(tmp_path, update=1), runner) == 1
    (issue,) = api.issues
    assert issue["title"] == "Drift: stack prod"
    assert issue["body"].startswith(f"{MARKER}\n")
    assert "is not empty: 1 to update" in issue["body"]
    assert "**routine** n8n" in issue["body"]

    assert run(seen(tmp_path, update=1), runner) == 1
    assert run(seen(tmp_path, update=1, delete=2), runner) == 1
    (issue,) = api.issues
    assert "2 to delete, 1 to update" in issue["body"]

    assert run(seen(tmp_path), runner) == 0
    assert [entry["state"] for entry in api.issues] == ["closed"]
    assert run(seen(tmp_path, update=1), runner) == 1
    assert [entry["state"] for entry in api.issues] == ["closed", "open"]
    said = [line.rpartition("issue: ")[2] for line in capsys.readouterr().out.splitlines()]
    assert said == ["nothing to say", "opened", "unchanged", "updated", "closed 1", "opened"]


def test_what_answers_counts_as_well(tmp_path: Path, api: Api, github: Environment) -> None:
    found = "error L02 n8n.example.com: answers 502\n```\n@team/owners"
    assert run(seen(tmp_path, live=1, found=found), github) == 1
    body = api.issues[0]["body"]
    assert "answers 502" in body
    assert body.count("```") == 2
    assert "@team" not in body


@pytest.mark.parametrize(
    "what",
    [
        {"code": 255, "update": 1},
        {"code": 1},
        {"preview": ""},
        {"preview": "{"},
        {"preview": "[]"},
        {"preview": "{}"},
        {"preview": '{"steps": [{"op": "update"}], "changeSummary": {"same": 1}}'},
        {"live": 2},
        {"live": 137},
    ],
)
def test_what_cannot_be_told_closes_nothing(
    tmp_path: Path, api: Api, github: Environment, what: dict[str, object]
) -> None:
    api.issue(BOT, f"{MARKER}\nold")
    assert run(seen(tmp_path, **what), github) == 2  # type: ignore[arg-type]
    (issue,) = api.issues
    assert issue["state"] == "open"
    assert "**Cannot tell**" in issue["body"]


def test_an_empty_folder_cannot_be_told(tmp_path: Path, api: Api, github: Environment) -> None:
    assert run(tmp_path, github) == 2
    assert api.issues[0]["body"].count("**Cannot tell**") == 2


def test_issues_of_others_and_of_other_stacks_stay(
    tmp_path: Path, api: Api, runner: Environment
) -> None:
    robot = ROBOT if "GITLAB_CI" in runner else BOT
    api.issue("somebody", f"{MARKER}\nmine")
    api.issue(robot, "<!-- stackgraph drift dev -->\nanother stack")
    for number in range(120):
        api.issue("somebody", f"issue {number}")
    assert run(seen(tmp_path), runner) == 0
    assert {entry["state"] for entry in api.issues} == {"open"}
    api.issue(robot, f"{MARKER}\nours")
    assert run(seen(tmp_path), runner) == 0
    assert [entry["number"] for entry in api.issues if entry["state"] == "closed"] == [123]


def test_pull_requests_are_no_issues(tmp_path: Path, api: Api, github: Environment) -> None:
    api.issue(BOT, f"{MARKER}\na pull request", pull_request={})
    assert run(seen(tmp_path), github) == 0
    assert api.issues[0]["state"] == "open"


def test_a_refusal_is_one_line(
    tmp_path: Path, api: Api, github: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    api.fails.append(("POST .*/issues", 403, {}))
    assert run(seen(tmp_path, update=1), github) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("drift: GitHub answers 403 to POST /repos/team/infra/issues (")
    assert captured.err.count("\n") == 1
    assert TOKEN not in captured.err + captured.out
