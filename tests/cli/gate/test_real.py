"""`stackgraph gate` on real previews and revisions."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from cli.project import today
from config.gate import parse_policy
from preview.risk import Family
from tests.changes.recorded import recorded
from tests.cli.gate.made import gate, stacks


def test_a_real_preview(real_risks: None, root: Path) -> None:
    document = recorded("a-volume-goes")
    (root / "real.json").write_text(json.dumps(document))
    (root / "gate.yaml").write_text("families: {downtime: warn}\n")
    answer = gate(root, "real.json")
    assert (answer.exit_code, answer.err) == (1, "")
    assert "Data loss" in answer.out
    blocking = [r for r in stacks(root, "real.json")[0]["risks"] if r["status"] == "block"]
    lines = "\n".join(
        f'  - {{risk: "{r["risk"]}", reason: never used by anybody, until: 2026-12-01}}'
        for r in blocking
    )
    (root / "gate.yaml").write_text(f"families: {{downtime: warn}}\nacceptances:\n{lines}\n")
    assert gate(root, "real.json").exit_code == 0


def test_sarif_leads_to_the_app(real_risks: None, root: Path, project: Path) -> None:
    shutil.copytree(project / "tests/changes/mall", root / "systems/mall")
    (root / "real.json").write_text(json.dumps(recorded("a-volume-goes")))
    run = json.loads(gate(root, "real.json", "--format", "sarif").out)["runs"][0]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "systems/mall/system.yaml"
    lines = (root / "systems/mall/system.yaml").read_text().splitlines()
    assert lines[place["region"]["startLine"] - 1].startswith("  blog:")


def test_two_revisions(real_risks: None, root: Path) -> None:
    for command in ("init -q", "add -A", "commit -q -m a"):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *who, *command.split()], cwd=root, check=True)
    answer = gate(root, "--against", "HEAD", "--report", "markdown=a.md")
    assert (answer.exit_code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "dev: pass; no risks; no routine changes",
        "Compared offline with HEAD; no host was looked at.",
    ]
    file = root / "systems/shop/web.compose.yaml"
    file.write_text(file.read_text().replace("nginx:1.29.3", "nginx:1.29.4"))
    answer = gate(root, "--against", "HEAD", "--format", "json")
    assert answer.exit_code in (0, 1)
    (found,) = json.loads(answer.out)["stacks"]
    assert found["risks"] or found["routine"]["count"]
    answer = gate(root, "--against", "nosuch", "--report", "markdown=a.md")
    assert (answer.exit_code, answer.out) == (2, "dev: cannot tell\n")
    assert answer.err.startswith("nosuch: ")
    assert answer.err.count("\n") == 1
    assert "cannot tell" in (root / "a.md").read_text()


def test_this_project_s_own_policy(project: Path) -> None:
    policy = parse_policy((project / "gate.yaml").read_text(), "gate.yaml", today())
    assert {policy.level(family, "prod") for family in Family} == {"block"}
    warned = [family for family in Family if policy.level(family, "dev") != "block"]
    assert warned == [Family.DOWNTIME]
