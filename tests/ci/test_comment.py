"""The one comment: made, brought up to date, never a stranger's, and every refusal in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.ci import comment
from tests.ci.api import BOT, ROBOT, TOKEN, Api

MARKER = "<!-- stackgraph gate prod -->"

Environment = dict[str, str]


@pytest.fixture(params=["github", "gitlab"])
def runner(request: pytest.FixtureRequest) -> Environment:
    found: Environment = request.getfixturevalue(request.param)
    return found


def robot(runner: Environment) -> str:
    return ROBOT if "GITLAB_CI" in runner else BOT


def post(folder: Path, runner: Environment, body: str, stack: str = "prod") -> int:
    file = folder / f"gate-{stack}.md"
    file.write_text(f"<!-- stackgraph gate {stack} -->\n{body}\n")
    return comment.main([str(file)], runner)


def test_it_is_made_once_and_then_brought_up_to_date(
    tmp_path: Path, api: Api, runner: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("first", "second", "second"):
        assert post(tmp_path, runner, text) == 0
    assert api.bodies() == [f"{MARKER}\nsecond\n"]
    said = capsys.readouterr().out
    assert [line.rpartition(": ")[2] for line in said.splitlines()] == [
        "created",
        "updated",
        "unchanged",
    ]


def test_it_is_found_behind_a_hundred_and_twenty_others(
    tmp_path: Path, api: Api, runner: Environment
) -> None:
    for number in range(119):
        api.comment("somebody", f"comment {number}")
    api.comment(robot(runner), f"{MARKER}\nold\n")
    assert post(tmp_path, runner, "new") == 0
    assert len(api.comments) == 120
    assert api.bodies()[-1] == f"{MARKER}\nnew\n"


def test_a_comment_of_somebody_else_with_the_marker_is_theirs(
    tmp_path: Path, api: Api, runner: Environment
) -> None:
    api.comment("somebody", f"{MARKER}\nmine\n")
    assert post(tmp_path, runner, "ours") == 0
    assert api.bodies() == [f"{MARKER}\nmine\n", f"{MARKER}\nours\n"]


def test_a_comment_that_only_quotes_the_marker_is_another(
    tmp_path: Path, api: Api, runner: Environment
) -> None:
    api.comment(robot(runner), f"> {MARKER}\nquoted")
    assert post(tmp_path, runner, "ours") == 0
    assert len(api.comments) == 2


def test_each_stack_has_a_comment_of_its_own(tmp_path: Path, api: Api, runner: Environment) -> None:
    assert post(tmp_path, runner, "one", "prod") == 0
    assert post(tmp_path, runner, "two", "prod-eu") == 0
    assert post(tmp_path, runner, "three", "prod") == 0
    assert api.bodies() == [f"{MARKER}\nthree\n", "<!-- stackgraph gate prod-eu -->\ntwo\n"]


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (401, {}, "see which permissions"),
        (403, {}, "see which permissions"),
        (403, {"Retry-After": "31"}, "too many requests, try again in 31 s"),
        (404, {}, "see which permissions"),
        (429, {}, "too many requests, try again in 60 s"),
        (500, {}, "its own trouble, try this job again"),
        (503, {}, "its own trouble, try this job again"),
        (301, {}, "answers 301 to"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_is_one_line(
    tmp_path: Path,
    api: Api,
    github: Environment,
    capsys: pytest.CaptureFixture[str],
    method: str,
    status: int,
    headers: dict[str, str],
    told: str,
) -> None:
    api.fails.append((f"{method} .*/comments", status, headers))
    assert post(tmp_path, github, "text") == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert (
        f"GitHub answers {status} to {method} /repos/team/infra/issues/7/comments" in captured.err
    )
    assert told in captured.err
    assert TOKEN not in captured.err + captured.out


def test_nobody_there_is_one_line(
    tmp_path: Path, github: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    github["GITHUB_API_URL"] = "http://127.0.0.1:9"
    assert post(tmp_path, github, "text") == 2
    error = capsys.readouterr().err
    assert error.startswith("comment: GitHub can't be asked (")
    assert error.count("\n") == 1


def test_a_token_goes_nowhere_unencrypted(
    tmp_path: Path, github: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    github["GITHUB_API_URL"] = "http://api.example.com"
    assert post(tmp_path, github, "text") == 2
    assert "no https" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "PULL_REQUEST"])
def test_what_is_missing_is_named(
    tmp_path: Path, github: Environment, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    del github[name]
    assert post(tmp_path, github, "text") == 2
    assert capsys.readouterr().err.startswith(f"comment: {name} is not set")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (MARKER.encode() + b"\n\x00\x01binary", "control or invisible"),
        (MARKER.encode() + "\n\u202ereversed".encode(), "control or invisible"),
        (b"no marker", "marker"),
        (b"x\n" + MARKER.encode(), "marker"),
        (b"<!-- stackgraph gate ../../etc -->", "marker"),
        (MARKER.encode() + b"\n" + b"x" * 300_000, "are the most"),
    ],
)
def test_a_file_that_is_no_report_is_not_posted(
    tmp_path: Path,
    api: Api,
    github: Environment,
    capsys: pytest.CaptureFixture[str],
    data: bytes,
    told: str,
) -> None:
    file = tmp_path / "gate-prod.md"
    file.write_bytes(data)
    assert comment.main([str(file)], github) == 2
    assert told in capsys.readouterr().err
    assert api.comments == []


def test_a_missing_file_is_one_line(
    api: Api, github: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert comment.main(["nothing.md"], github) == 2
    assert capsys.readouterr().err == "comment: nothing.md: No such file or directory\n"
    assert api.asked == []


def test_a_long_one_is_cut_to_what_github_takes(
    tmp_path: Path, api: Api, github: Environment
) -> None:
    row = "| 🚨 | a row of a table |\n"
    assert post(tmp_path, github, f"<details>\n\n```text\n{row * 8000}```\n</details>") == 0
    (body,) = api.bodies()
    assert 60_000 < len(body.encode("utf-16-le")) // 2 <= 65_536
    assert body.count("```") == 2
    assert body.count("<details>") == body.count("</details>") == 1
    assert body.rstrip().endswith("The whole is in the job's artifacts.")
