"""`stackgraph check`: which systems, which stack, what is printed where, which exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.output import exit_code, findings_json, show_findings
from config.finding import Finding, Severity, Source
from tests.workspace import SHOP, shop, stackgraph, write

BROKEN = {"web.compose.yaml": "services: {front: {imge: x, ports: ['80']}}\n"}
UNKNOWN = SHOP["systems/shop/system.yaml"].replace("web/front", "web/frnt")


def test_nothing_found(tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path), "check")
    assert (answer.exit_code, answer.out, answer.err) == (0, "", "no findings\n")


def test_one_finding(tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path, {"system.yaml": UNKNOWN}), "check")
    assert (answer.exit_code, answer.out, answer.err) == (
        1,
        "error R09 systems/shop/system.yaml:12: routes.shop.example.com.to: unknown service "
        "'web/frnt'; did you mean 'web/front'? valid: web/front\n",
        "1 finding\n",
    )


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_stacks(stack: str, tmp_path: Path) -> None:
    assert stackgraph(shop(tmp_path), "check", "--stack", stack).exit_code == 0


def test_what_prod_lacks_is_no_matter_on_dev(tmp_path: Path) -> None:
    prod = "config: {'stackgraph:systems': [shop]}\n"
    root = shop(tmp_path, {"Pulumi.prod.yaml": prod})
    assert stackgraph(root, "check").exit_code == 0
    answer = stackgraph(root, "check", "--stack", "prod")
    assert answer.exit_code == 1
    assert answer.err == "2 findings\n"


# --- which systems


@pytest.mark.parametrize(
    ("where", "argument"),
    [
        (".", "shop"),
        (".", "systems/shop"),
        (".", "./systems/shop"),
        (".", "systems/shop/"),
        ("systems", "shop"),
        ("systems", "./shop"),
        ("systems/shop", "."),
        ("systems/shop", "../shop"),
        ("systems/shop", "shop"),
    ],
)
def test_ways_to_name_a_system(where: str, argument: str, tmp_path: Path) -> None:
    root = shop(tmp_path, {"system.yaml": UNKNOWN})
    answer = stackgraph(root / where, "check", argument)
    assert answer.exit_code == 1
    # Files are named from the project's top, wherever the command is called.
    assert answer.out.startswith("error R09 systems/shop/system.yaml:12: ")


def test_a_system_anywhere_without_any_project(tmp_path: Path) -> None:
    for name in ("system.yaml", "web.compose.yaml"):
        write(tmp_path, {f"somewhere/own/{name}": SHOP[f"systems/shop/{name}"]})
    answer = stackgraph(tmp_path, "check", str(tmp_path / "somewhere/own"))
    assert (answer.exit_code, answer.out, answer.err) == (0, "", "no findings\n")
    write(tmp_path, {"somewhere/own/web.compose.yaml": "services: []\n"})
    answer = stackgraph(tmp_path / "somewhere", "check", "./own", "--severity", "error")
    assert answer.out == (
        "error schema own/web.compose.yaml:1: services: a list where a mapping is expected; "
        "write a mapping\n"
    )


def test_only_the_systems_that_are_named(tmp_path: Path) -> None:
    dev = SHOP["Pulumi.dev.yaml"].replace("[shop]", "[shop, other]")
    dev += "  stackgraph:other: {secrets: {DB_PASSWORD: x}}\n"
    other = SHOP["systems/shop/system.yaml"].replace(", ingress: {kind: caddy}", "")
    files: dict[str, str | bytes] = {
        **BROKEN,
        "Pulumi.dev.yaml": dev,
        "systems/other/system.yaml": other.partition("routes:")[0],
        "systems/other/web.compose.yaml": SHOP["systems/shop/web.compose.yaml"],
    }
    root = shop(tmp_path, files)
    errors = ("--severity", "error")
    assert stackgraph(root, "check", "other").exit_code == 0
    assert stackgraph(root, "check", "shop", *errors).err == "2 findings\n"
    assert stackgraph(root, "check", "shop", "other", *errors).err == "2 findings\n"
    assert stackgraph(root, "check", *errors).err == "2 findings\n"


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("shpo", "error file shpo:1: there is no system 'shpo'; did you mean 'shop'? valid: shop"),
        ("systems", "error file systems:1: there is no system 'systems'; valid: shop"),
        ("./systems", "error file ./systems:1: ./systems holds no system.yaml; name a directory "
         "that does"),
        (".", "error file .:1: . holds no system.yaml; name a directory that does"),
    ],
)  # fmt: skip
def test_no_such_system(argument: str, said: str, tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path), "check", argument)
    assert (answer.exit_code, answer.out.rstrip("\n"), answer.err) == (2, said, "1 finding\n")


# --- how it is printed


def test_json(tmp_path: Path) -> None:
    root = shop(tmp_path, BROKEN)
    answer = stackgraph(root, "check", "--format", "json", "--severity", "error")
    assert (answer.exit_code, answer.err) == (1, "")
    data = json.loads(answer.out)
    assert data["version"] == 1
    valid = data["findings"][0].pop("remedy")
    assert valid.startswith("did you mean 'image'? valid: build, ")
    assert data["findings"] == [
        {
            "rule": "schema",
            "severity": "error",
            "file": "systems/shop/web.compose.yaml",
            "line": 1,
            "path": "services.front.imge",
            "fact": "unknown key 'imge'",
        },
        {
            "rule": "schema",
            "severity": "error",
            "file": "systems/shop/web.compose.yaml",
            "line": 1,
            "path": "services.front.ports[0]",
            "fact": "port 80 names no host port, which would be another one at each deploy",
            "remedy": "write HOST:80, or use expose",
        },
    ]


def test_json_of_nothing(tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path), "check", "--format", "json")
    assert (answer.exit_code, answer.err) == (0, "")
    assert json.loads(answer.out) == {"version": 1, "findings": []}


def test_another_format_is_refused(tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path), "check", "--format", "xml")
    assert answer.exit_code == 2
    assert answer.out == ""
    assert "xml" in answer.err


def finding(rule: str, severity: Severity = Severity.ERROR) -> Finding:
    source = Source("a.yaml", 3, "b.c")
    return Finding(rule=rule, source=source, fact="fact", remedy="remedy", severity=severity)


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([], 0),
        ([finding("R01")], 1),
        ([finding("R01", Severity.WARNING)], 1),
        ([finding("R01"), finding("yaml")], 2),
        ([finding("file")], 2),
    ],
)
def test_exit_codes(findings: list[Finding], code: int) -> None:
    assert exit_code(findings) == code


def test_severities_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    both = [finding("R01"), finding("R02", Severity.WARNING)]
    show_findings(both)
    assert capsys.readouterr().out == (
        "error R01 a.yaml:3: b.c: fact; remedy\nwarning R02 a.yaml:3: b.c: fact; remedy\n"
    )
    rows = json.loads(findings_json(both))["findings"]
    assert [row["severity"] for row in rows] == ["error", "warning"]


# --- as people call it


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_installed_command(stack: str, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("stackgraph")
    answer = subprocess.run(
        [command, "check", "--stack", stack],
        cwd=shop(tmp_path, {"system.yaml": UNKNOWN}),
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (answer.returncode, answer.stderr) == (1, "1 finding\n")
    assert answer.stdout.startswith("error R09 systems/shop/system.yaml:12: ")


def test_no_credentials_no_docker_no_cloud_library(project: Path) -> None:
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from cli.app import app\n"
        "assert CliRunner().invoke(app, ['check', 'dyniq']).exit_code == 0\n"
        "print(sorted(name for name in sys.modules if name.startswith('pulumi') or name == 'rich'))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env={"PATH": "/nonexistent", "HOME": "/nonexistent", "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
    )
    assert (answer.stderr, answer.stdout) == ("", "[]\n")
