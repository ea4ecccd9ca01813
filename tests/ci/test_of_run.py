"""Reports of another run, which strangers may have made: where they go, and what is refused."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts.ci import comment
from tests.ci.api import BOT, REPOSITORY, TOKEN, Api

COMMIT = "c" * 40
MARKER = "<!-- stackgraph gate prod -->"

Environment = dict[str, str]


def event(*, fork: bool = True, workflow: str = "gate", commit: str = COMMIT) -> dict[str, Any]:
    owner = "stranger" if fork else "team"
    return {
        "repository": {"full_name": REPOSITORY},
        "workflow_run": {
            "id": 99,
            "event": "pull_request",
            "path": f".github/workflows/{workflow}.yml",
            "head_sha": commit,
            "head_branch": "feature/a&b",
            "head_repository": {"full_name": f"{owner}/infra", "owner": {"login": owner}},
            "html_url": "https://github.example/runs/99",
            "pull_requests": [],
        },
    }


def pull(number: int = 7, *, commit: str = COMMIT, owner: str = "stranger") -> dict[str, Any]:
    head = {"sha": commit, "repo": {"full_name": f"{owner}/infra"}}
    return {"number": number, "head": head, "label": f"{owner}:feature/a&b"}


def report(text: str = "passes", marker: str = MARKER) -> dict[str, bytes]:
    return {"gate-prod.md": f"{marker}\n{text}\n".encode()}


@pytest.fixture
def run(tmp_path: Path, github: Environment) -> Any:
    del github["PULL_REQUEST"]

    def of_run(found: dict[str, Any] | None = None) -> int:
        file = tmp_path / "event.json"
        file.write_text(json.dumps(found or event()))
        return comment.main(["--of-run"], {**github, "GITHUB_EVENT_PATH": str(file)})

    return of_run


def test_a_forks_report_goes_to_the_pull_request_with_its_head(api: Api, run: Any) -> None:
    api.pulls = [pull(5, commit="d" * 40), pull(6, owner="other"), pull(7)]
    api.artifact("stackgraph-comment-0", report())
    api.artifact("something-else", {"gate-prod.md": b"not looked at"})
    assert run() == 0
    (body,) = api.bodies()
    assert body.startswith(f"{MARKER}\n<!-- offline of {COMMIT} -->\n> This report was made by")
    assert body.endswith("passes\n")


def test_the_token_does_not_follow_to_where_artifacts_lie(api: Api, run: Any) -> None:
    api.pulls = [pull()]
    api.artifact("stackgraph-comment-0", report())
    assert run() == 0
    assert dict(api.tokens)["/blobs/1"] == ""
    assert all(TOKEN in token for path, token in api.tokens if path.startswith("/gh/"))


def test_nothing_is_said_where_the_pull_request_moved_on(api: Api, run: Any) -> None:
    api.pulls = [pull(commit="d" * 40)]
    api.artifact("stackgraph-comment-0", report())
    assert run() == 0
    assert api.comments == []


def test_two_pull_requests_of_one_head_are_not_guessed_at(
    api: Api, run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    api.pulls = [pull(7), pull(8)]
    assert run() == 2
    assert "same head" in capsys.readouterr().err


def test_what_a_preview_said_stays_when_the_offline_run_of_that_commit_is_later(
    api: Api, run: Any
) -> None:
    api.pulls = [pull(owner="team")]
    api.artifact("stackgraph-comment-0", report("looked closer"))
    assert run(event(fork=False, workflow="preview")) == 0
    assert run(event(fork=False)) == 0
    (body,) = api.bodies()
    assert body == f"{MARKER}\n<!-- preview of {COMMIT} -->\nlooked closer\n"

    newer = "d" * 40
    api.pulls = [pull(owner="team", commit=newer)]
    api.artifacts.clear()
    api.artifact("stackgraph-comment-0", report("of a newer commit"))
    assert run(event(fork=False, commit=newer)) == 0
    assert api.bodies() == [f"{MARKER}\n<!-- offline of {newer} -->\nof a newer commit\n"]


def test_a_forks_workflow_of_the_name_preview_is_no_preview(api: Api, run: Any) -> None:
    api.pulls = [pull()]
    api.artifact("stackgraph-comment-0", report())
    assert run(event(workflow="preview")) == 0
    assert f"<!-- offline of {COMMIT} -->" in api.bodies()[0]


def test_a_stranger_mentions_nobody_and_loads_nothing(api: Api, run: Any) -> None:
    api.pulls = [pull()]
    text = (
        "@team/owners `nginx@sha256:1`\n![x](https://tracker.example/x.png)\n"
        "<img src=https://tracker.example> <!-- preview of " + COMMIT + " -->\n"
        "<details><summary>more</summary>\n\n| a | b |\n</details>"
    )
    api.artifact("stackgraph-comment-0", report(text))
    assert run() == 0
    (body,) = api.bodies()
    for forbidden in ("@team", "![", "<img", "<!-- preview"):
        assert forbidden not in body
    assert "<details><summary>more</summary>\n\n| a | b |\n</details>" in body
    assert body.replace("\N{ZERO WIDTH SPACE}", "").count(text) == 1


def test_a_run_without_a_report_takes_back_the_pass_of_an_earlier_commit(
    api: Api, run: Any
) -> None:
    api.pulls = [pull()]
    api.comment(BOT, f"{MARKER}\n<!-- offline of {'b' * 40} -->\npasses\n")
    api.comment("somebody", f"{MARKER}\npasses\n")
    assert run() == 0
    ours, theirs = api.bodies()
    assert ours.startswith(f"{MARKER}\n<!-- offline of {COMMIT} -->\n**Cannot tell**")
    assert theirs == f"{MARKER}\npasses\n"


def test_a_preview_that_was_left_out_takes_nothing_back(api: Api, run: Any) -> None:
    api.pulls = [pull()]
    api.comment(BOT, f"{MARKER}\n<!-- offline of {'b' * 40} -->\npasses\n")
    assert run(event(workflow="preview")) == 0
    assert api.bodies()[0].endswith("passes\n")


def lying_archive() -> bytes:
    """Make an archive whose listed size of a large file is small."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gate-prod.md", MARKER.encode() + b"\n" + b"x" * 50_000_000)
    return buffer.getvalue().replace((50_000_030).to_bytes(4, "little"), b"\x40\0\0\0")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (b"x" * (1024 * 1024 + 1), "are the most"),
        (b"no archive at all", "no archive"),
        (b"PK\x03\x04" + b"\0" * 40, "no archive"),
        ({"gate-prod.md": MARKER.encode() + b"\n" + b"x" * 900_000}, "are the most"),
        ({"gate-prod.md": b"\xff\xfe binary"}, "not UTF-8"),
        ({"gate-prod.md": MARKER.encode() + b"\n\x1b[31mred"}, "control"),
        ({"gate-prod.md": b"# no marker"}, "marker"),
        ({"../gate-prod.md": MARKER.encode()}, "no report of the gate"),
        ({"/etc/passwd": MARKER.encode()}, "no report of the gate"),
        ({"PR_NUMBER": b"1"}, "no report of the gate"),
        ({f"gate-{n}.md": MARKER.encode() for n in range(30)}, "30 files"),
        (lying_archive(), ""),
    ],
)
def test_what_is_no_report_is_refused_and_not_posted(
    api: Api,
    run: Any,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, bytes] | bytes,
    told: str,
) -> None:
    api.pulls = [pull()]
    api.artifact("stackgraph-comment-0", files)
    assert run() == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert api.comments == []


@pytest.mark.parametrize(
    "change",
    [
        {"event": "push"},
        {"head_sha": "not a commit"},
        {"head_repository": None},
        {"id": "1/../../x"},
    ],
)
def test_an_event_that_is_none_is_one_line(
    api: Api, run: Any, capsys: pytest.CaptureFixture[str], change: dict[str, Any]
) -> None:
    found = event()
    found["workflow_run"] |= change
    assert run(found) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert api.asked == []


def test_a_small_archive_of_a_huge_file_is_not_unpacked(api: Api, run: Any) -> None:
    api.pulls = [pull()]
    api.artifact("stackgraph-comment-0", lying_archive())
    api.artifact("stackgraph-comment-1", {"gate-prod.md": b"x" * 50_000_000})
    tracemalloc.start()
    try:
        assert run() == 2
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
