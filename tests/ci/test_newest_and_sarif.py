"""Only a branch's end is deployed; findings go to code scanning as they are."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from scripts.ci import newest, sarif
from tests.ci.api import Api

Environment = dict[str, str]


def test_the_end_of_the_branch_is_deployed(api: Api, github: Environment) -> None:
    here = {**github, "GITHUB_SHA": api.head, "GITHUB_REF_NAME": "release/1"}
    assert newest.main(here) == 0
    assert api.asked == ["GET /gh/repos/team/infra/commits/release%2F1"]


def test_an_older_commit_is_not(
    api: Api, github: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    here = {**github, "GITHUB_SHA": "b" * 40, "GITHUB_REF_NAME": "main"}
    assert newest.main(here) == 2
    assert "main is at aaaaaaaaaaaa, this run is of bbbbbbbbbbbb" in capsys.readouterr().err


def test_what_cannot_be_asked_is_not(
    api: Api, github: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    api.fails.append(("GET", 502, {}))
    here = {**github, "GITHUB_SHA": api.head, "GITHUB_REF_NAME": "main"}
    assert newest.main(here) == 2
    assert "answers 502" in capsys.readouterr().err


def test_findings_are_sent_as_they_are(tmp_path: Path, api: Api, github: Environment) -> None:
    text = '{"version": "2.1.0", "runs": [{"results": []}]}'
    files = [tmp_path / "check-a.sarif", tmp_path / "check-b.sarif"]
    for file in files:
        file.write_text(text)
    here = {**github, "GITHUB_SHA": api.head}
    assert sarif.main(["refs/pull/7/merge", *map(str, files)], here) == 0
    assert [(sent["commit_sha"], sent["ref"]) for sent in api.sarifs] == [
        (api.head, "refs/pull/7/merge")
    ] * 2
    sent = [json.loads(gzip.decompress(base64.b64decode(one["sarif"]))) for one in api.sarifs]
    assert [one["runs"][0].pop("automationDetails") for one in sent] == [
        {"id": "check-a/"},
        {"id": "check-b/"},
    ]
    assert sent[0] == json.loads(text)


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"version": "2.1.0"}', '{"version": "1"}', "\x00"]
)
def test_what_is_no_sarif_is_not_sent(
    tmp_path: Path, api: Api, github: Environment, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "check-a.sarif"
    file.write_text(text)
    assert sarif.main(["refs/heads/main", str(file)], {**github, "GITHUB_SHA": api.head}) == 2
    assert "no SARIF 2.1.0" in capsys.readouterr().err
    assert api.sarifs == []
