"""`stackgraph gate --report`: what is written, and how it looks on a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.changes.recorded import recorded
from tests.cli.gate.made import ALLOWED, DAY, digest, gate, steps, write


def test_all_reports_at_once(root: Path) -> None:
    wanted = ("text", "markdown", "json", "sarif", "junit")
    options = [arg for name in wanted for arg in ("--report", f"{name}=out/{name}")]
    assert gate(root, "loss.json", *options).exit_code == 1
    made = {name: (root / "out" / name).read_text() for name in wanted}
    assert sorted(file.name for file in (root / "out").iterdir()) == sorted(wanted)
    for name in wanted:
        assert gate(root, "loss.json", "--format", name).out == made[name]
    assert made["markdown"].startswith("<!-- stackgraph gate dev -->\n")
    assert json.loads(made["json"])["verdict"] == "needs acceptance"
    assert ET.fromstring(made["junit"]).attrib["failures"] == "1"
    assert json.loads(made["sarif"])["runs"][0]["results"][0]["ruleId"] == "gate-data"


@pytest.mark.parametrize(
    ("arguments", "policy"),
    [
        (("fine.json",), "families: {data: never}\n"),
        (("nothing.json", "--stack", "dev"), ""),
        (("unclear.json",), ALLOWED),
        (("foreign.json", "--stack", "dev"), ""),
    ],
)
def test_reports_are_written_when_nothing_can_be_told(
    arguments: tuple[str, ...], policy: str, root: Path
) -> None:
    (root / "gate.yaml").write_text(policy)
    answer = gate(root, *arguments, "--report", "markdown=a.md", "--report", "junit=a.xml")
    assert answer.exit_code == 2
    text = (root / "a.md").read_text()
    assert text.startswith("<!-- stackgraph gate dev -->\n\n## stackgraph gate, `dev`: cannot tell")
    assert "### Why it cannot be told" in text
    assert ET.fromstring((root / "a.xml").read_text()).attrib["errors"] == "1"
    assert len(answer.err.splitlines()) == 1


def test_sarif(root: Path) -> None:
    (root / "gate.yaml").write_text(
        f'acceptances: [{{risk: "{digest(root, "image.json")}", reason: empty since May, '
        "until: 2026-12-01}]\n"
    )
    write(root, "both", steps("shop-db", "shop-db2"))
    run = json.loads(gate(root, "both.json", "--format", "sarif").out)["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["gate-data"]
    first, second = run["results"]
    assert first["message"]["text"] == (
        "shop-db: loses its data (shop-db is deleted); change it, or accept risk "
        f"{digest(root)} in gate.yaml"
    )
    assert [(each["level"], each["suppressions"]) for each in (first, second)] == [
        ("error", []),
        (
            "error",
            [{"kind": "external", "status": "accepted", "justification": "empty since May"}],
        ),
    ]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "Pulumi.dev.yaml"


def test_standard_input(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    text = (root / "loss.json").read_bytes()
    result = CliRunner().invoke(app, ["gate", "-", *DAY], input=text, catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (1, "")
    result = CliRunner().invoke(app, ["gate", "-", *DAY], input=text[:-9], catch_exceptions=False)
    assert result.exit_code == 2
    assert result.stderr.startswith("standard input: ")


def on_a_terminal(root: Path, project: Path, **environment: str) -> str:
    """Run the command on a terminal of its own, and give what it shows there."""
    (root / "real.json").write_text(json.dumps(recorded("a-volume-goes")))
    ours, theirs = os.openpty()
    kept = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    program = "from cli.app import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "gate", "real.json"],
        cwd=root,
        env={**kept, "PYTHONPATH": str(project), "TERM": "xterm", **environment},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal ends
            while block := os.read(ours, 65536):
                shown += block
    os.close(ours)
    return shown.decode()


def test_colours_are_for_a_terminal(root: Path, project: Path) -> None:
    assert "\x1b[31m" in on_a_terminal(root, project)
    plain = on_a_terminal(root, project, NO_COLOR="1", COLUMNS="300").replace("\r\n", "\n")
    assert "\x1b" not in plain
    assert "Data loss\n  blocks: " in plain


def test_lines_are_as_wide_as_the_terminal(root: Path, project: Path) -> None:
    for width in (50, 90):
        text = on_a_terminal(root, project, NO_COLOR="1", COLUMNS=str(width))
        widest = max(map(len, text.splitlines()))
        assert width - 25 < widest <= width
