"""The page of a system: everything in it, escaped, and nothing that it does not have."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from cli.project import Project
from config.finding import Finding, Severity, Source
from config.operations import Waiver as WaiverSpec
from graph.model import StackGraph, Waiver
from graph.waivers import Waived
from render.page import page
from tests.graph.test_systems import SYSTEMS
from tests.render.everything import EVERYTHING
from tests.workspace import SHOP, graph_of, shop

GOLDEN = Path(__file__).parent / "golden" / "everything.md"
SYSTEM = EVERYTHING["system.yaml"]
WAIVERS = """\
waivers:
  - {rule: P14, path: "services.desk.ports[0]", reason: "A lab, with | nothing in it",
     until: 2027-03-31}
"""


def finding(line: int, path: str, fact: str = "is wrong", rule: str = "X01") -> Finding:
    source = Source("systems/shop/system.yaml", line, path)
    return Finding(rule=rule, source=source, fact=fact, remedy="mend it")


@pytest.fixture
def everything(tmp_path: Path) -> StackGraph:
    return graph_of(shop(tmp_path, {**EVERYTHING, "system.yaml": SYSTEM + WAIVERS}), "prod")


def sections(text: str) -> dict[str, str]:
    """Give the text of each section by its title."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str, head: str) -> list[list[str]]:
    """Give the cells of the table that begins with a title."""
    (table,) = re.findall(rf"^\| {head} \|.*\n\| ---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()
    ]


def test_whole_page(everything: StackGraph, update_golden: bool) -> None:
    (waiver,) = everything.waivers
    found = page(
        everything,
        [finding(9, "hosts.vps", "differs (systems/shop/web.compose.yaml:12)")],
        [Waived(finding(3, "services.desk.ports[0]", rule="P14"), waiver)],
        decisions=True,
    )
    if update_golden:
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_nothing_is_left_out(everything: StackGraph) -> None:
    """Whatever a page has a table for has a row in it, in every table that it belongs in."""
    found = sections(page(everything))
    services = [node.key for node in everything.services.values()]
    assert {row[1] for row in rows(found["Services"], "Domain")} == set(services)
    for title, head, nodes in (
        ("Hosts", "Host", everything.hosts),
        ("Processes", "Process", everything.processes),
        ("Sites", "Site", everything.sites),
        ("Jobs", "Job", everything.jobs),
        ("External services", "Service", everything.externals),
        ("Backups", "Backup", everything.backups),
        ("Backups", "Bucket", everything.buckets),
        ("Monitors", "Monitor", everything.monitors),
    ):
        assert [row[0] for row in rows(found[title], head)] == [n.key for n in nodes.values()], (
            title
        )
    assert len(rows(found["Networks"], "Network")) == len(everything.networks)
    assert len(rows(found["Databases"], "Database")) == len(everything.databases)
    assert len(rows(found["Routes"], "Route")) == len(everything.routes)
    published = [row for row in rows(found["Ports"], "Port") if "only" not in row[4]]
    assert {row[0] for row in published} >= {"22", "80", "443", "5060", "8080", "6379", "5432"}
    in_matrices = re.findall(r"^\| (\S+)(?: on vps)? \|", found["Networks"], re.MULTILINE)
    assert set(in_matrices) >= {*services, "Caddy"}
    scenarios = re.findall("^### (.*)", found["Scenarios"], re.MULTILINE)
    assert scenarios == [scenario.key for scenario in everything.scenarios.values()]


@pytest.mark.parametrize("name", SYSTEMS)
def test_real_systems(name: str, project: Path) -> None:
    graph = Project(root=project).graph("prod", [name])
    text = page(graph)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    assert "\n\n\n" not in text
    services = rows(sections(text)["Services"], "Domain")
    assert {(row[4], row[1]) for row in services} == {
        (graph.app_of(service).key, service.key) for service in graph.services.values()
    }
    named = [row[0] for row in services if row[0] != "—"]
    assert named == [row[0] for row in services][: len(named)], "names come first"
    assert page(Project(root=project).graph("prod", [name])) == text


def test_a_small_system_has_few_sections(tmp_path: Path) -> None:
    text = page(graph_of(shop(tmp_path)))
    assert list(sections(text)) == [
        "Hosts",
        "Architecture",
        "Services",
        "Networks",
        "Start order",
        "Ports",
        "DNS",
        "TLS endpoints",
        "Routes",
    ]
    assert text.startswith(
        "# shop\n\nMade by `stackgraph docs` from systems/shop; changes here are overwritten.\n\n"
        "## Hosts\n"
    )
    assert "README" not in text


def test_nobody_waits(tmp_path: Path) -> None:
    system = SHOP["systems/shop/system.yaml"].partition("routes:")[0]
    compose = "services:\n  one: {image: a, network_mode: none}\n"
    files = {"system.yaml": system, "web.compose.yaml": compose}
    found = sections(page(graph_of(shop(tmp_path, files))))
    assert "Start order" not in found
    assert "Networks" not in found
    assert rows(found["Services"], "Domain")[0][:5] == ["—", "one", "—", "none", "web"]


def test_on_dev_everything_is_on_this_machine(tmp_path: Path) -> None:
    found = sections(page(graph_of(shop(tmp_path))))
    assert rows(found["Ports"], "Port") == [
        ["8080", "TCP", "Caddy", "vps", "Whoever reaches this machine"],
        ["8443", "TCP", "Caddy", "vps", "Whoever reaches this machine"],
        ["8080", "TCP", "front", "vps", "Caddy only"],
    ]
    assert rows(found["TLS endpoints"], "Endpoint") == [
        ["shop.example.com", "Auto-renewed", "Caddy's own", "Caddy on vps"]
    ]


def test_findings_do_not_move_with_lines(everything: StackGraph) -> None:
    first = page(everything, [finding(9, "b"), finding(10, "a"), finding(11, "a")])
    second = page(everything, [finding(90, "a"), finding(91, "b")])
    assert first == second
    assert [row[2] for row in rows(sections(first)["Findings"], "Rule")] == [
        "`systems/shop/system.yaml: a`",
        "`systems/shop/system.yaml: b`",
    ]


def test_waivers_count_what_they_accept(everything: StackGraph) -> None:
    (waiver,) = everything.waivers
    other = Waiver(
        system="shop",
        spec=WaiverSpec(rule="P1", path="x", reason="another one", until=date(2027, 1, 1)),
        source=waiver.source,
    )
    waived = [Waived(finding(n, "x"), each) for n, each in enumerate([waiver, waiver, other])]
    (row,) = rows(sections(page(everything, (), waived))["Waivers"], "Rule")
    assert row == [
        "P14",
        "`services.desk.ports[0]`",
        "A lab, with \\| nothing in it",
        "2027-03-31",
        "2",
    ]


def test_severities(everything: StackGraph) -> None:
    source = Source("systems/shop/system.yaml", 1, "")
    warning = Finding(rule="X", source=source, fact="a", remedy="b", severity=Severity.WARNING)
    assert rows(sections(page(everything, [warning]))["Findings"], "Rule") == [
        ["X", "warning", "`systems/shop/system.yaml`", "a"]
    ]
