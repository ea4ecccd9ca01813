"""`stackgraph gate` called wrongly, or on what it cannot read: a line each, exit code 2."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from preview.document import to_json
from tests.cli.gate.made import gate, steps


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no change is given; name a FILE that `pulumi preview --json` wrote, or --against"),
        (("-", "-"), "standard input is given twice; name it once"),
        (
            ("fine.json", "--against", "HEAD"),
            "a FILE and --against are two changes; give one of both",
        ),
        (
            ("fine.json", "prod.json", "--stack", "dev"),
            "--stack is for one FILE; leave it out, or judge one at a time",
        ),
        (
            ("fine.json", "--report", "html=x"),
            "--report html=x: 'html' is no format; valid: text, markdown, json, sarif, junit",
        ),
        (("fine.json", "--report", "json"), "--report json: no file is named; write json=FILE"),
        (
            ("fine.json", "--policy", "none.yaml"),
            "none.yaml:1: file none.yaml does not exist; create it, or correct the name",
        ),
        (
            ("fine.json", "--policy", "systems"),
            "systems:1: file systems cannot be read: is a directory; make it a readable file",
        ),
        (
            ("fine.json", "--report", "json=systems"),
            "systems: is a directory; name another file",
        ),
        (
            ("fine.json", "--report", "json=fine.json/x"),
            "fine.json/x: its folder is a file; name another file",
        ),
        (("nothing.json",), r"nothing\.json: no such file or directory; give .*"),
        (("systems",), r"systems: is a directory; give .*"),
        (("gate.yaml",), r"gate\.yaml: .* not JSON; .*"),
        (("foreign.json",), r"foreign\.json: is of project other, not stackgraph; .*"),
        (("prod.json", "--stack", "dev"), r"prod\.json: is of stack prod, not dev; .*"),
        (("empty.json",), r"empty\.json: it tells of no resource, so of no stack; preview again"),
        (("cut.json",), r"cut\.json: .*"),
        (("failed.json",), r"failed\.json: the preview ended with an error.*"),
    ],
)
def test_one_line_each(arguments: tuple[str, ...], said: str, root: Path) -> None:
    (root / "gate.yaml").write_text("families: {data: warn}\n")
    (root / "empty.json").write_text('{"steps": [], "changeSummary": {"same": 3}, "duration": 1}')
    (root / "cut.json").write_text((root / "loss.json").read_text()[:-40])
    document = to_json(steps())
    document["diagnostics"] = [{"severity": "error", "message": "error: no\n"}]
    (root / "failed.json").write_text(json.dumps(document))
    answer = gate(root, *arguments)
    assert answer.exit_code == 2
    assert answer.err.count("\n") == 1
    assert answer.err == f"{said}\n" or re.fullmatch(said, answer.err.removesuffix("\n"))


def test_all_of_a_policy_s_mistakes(root: Path) -> None:
    (root / "gate.yaml").write_text("families: {data: allow}\nstacks: []\nmore: 1\n")
    answer = gate(root, "fine.json")
    assert (answer.exit_code, answer.out) == (2, "dev: cannot tell\n")
    assert [line.partition(": ")[0] for line in answer.err.splitlines()] == [
        "gate.yaml:1",
        "gate.yaml:2",
        "gate.yaml:3",
    ]


def test_a_name_that_no_text_can_hold(root: Path) -> None:
    text = (root / "loss.json").read_text().replace("shop-db", r"shop-\ud800")
    (root / "half.json").write_text(text)
    answer = gate(root, "half.json", "--report", "markdown=a.md", "--report", "text=a.txt")
    assert answer.exit_code in (1, 2)
