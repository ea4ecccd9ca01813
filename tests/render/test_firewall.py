"""The text of a host's packet filter, and what the real tools say of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from graph.model import Host, StackGraph
from render.firewall import (
    RULES_FILE,
    UNIT_FILE,
    confirm_script,
    firewall_files,
    ruleset,
    stage_script,
)
from tests.graph.test_firewall import MESH, shop
from tests.graph.test_systems import prod

GOLDEN = Path(__file__).parent / "golden"
HOSTS = ["dyniq/contabo", "vpai/prod", "vpai/vpn", "vitaravox/oci"]
SCRIPTS: dict[str, Callable[[StackGraph, Host], str]] = {
    "stage": stage_script,
    "confirm": confirm_script,
}


def of(project: Path, name: str) -> tuple[StackGraph, Host]:
    graph = prod(project, name.partition("/")[0])
    return graph, graph.hosts[f"host:{name}"]


def in_a_namespace(script: str, data: str = "") -> subprocess.CompletedProcess[str]:
    """Run a shell script where no packet filter of this machine is."""
    if (problem := namespace_problem()) is not None:
        pytest.skip(problem)
    return subprocess.run(
        ["unshare", "--net", "sh", "-c", script], input=data, capture_output=True, text=True
    )


@cache
def namespace_problem() -> str | None:
    """Say why no network namespace with rules of its own can be made, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("nft", "unshare", "ip"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return f"no {program} on PATH"
    done = subprocess.run(
        ["unshare", "--net", "nft", "list", "ruleset"], capture_output=True, text=True
    )
    return f"no network namespace: {done.stderr.strip()}" if done.returncode else None


@pytest.mark.parametrize("name", HOSTS)
def test_rules_are_the_golden_ones(name: str, project: Path, update_golden: bool) -> None:
    golden = GOLDEN / f"firewall_{name.replace('/', '_')}.nft"
    text = ruleset(*of(project, name))
    if update_golden:
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_the_golden_ones(name: str, project: Path, update_golden: bool) -> None:
    golden = GOLDEN / f"firewall_{name}.sh"
    text = SCRIPTS[name](*of(project, "vpai/prod"))
    if update_golden:
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("name", HOSTS)
def test_nft_accepts_the_rules_and_loads_them_twice(name: str, project: Path) -> None:
    text = ruleset(*of(project, name))
    done = in_a_namespace("nft -c -f - && nft list ruleset", text)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    twice = 'rules=$(cat); for each in 1 2; do printf "%s\\n" "$rules" | nft -f -; done; nft list'
    done = in_a_namespace(f"{twice} tables", text)
    assert (done.stdout, done.stderr) == ("table inet stackgraph\n", "")


@pytest.mark.parametrize("name", HOSTS)
def test_what_nft_lists_can_be_loaded_again(name: str, project: Path) -> None:
    """The way back that staging keeps is what nft lists."""
    again = """
    list() { nft -s list table inet stackgraph; }
    nft -f - && first=$(list) && { echo 'delete table inet stackgraph'; list; } >/dev/shm/$$ &&
    nft -f /dev/shm/$$ && rm /dev/shm/$$ && [ "$first" = "$(list)" ] && echo same
    """
    done = in_a_namespace(again, ruleset(*of(project, name)))
    assert (done.stdout, done.stderr) == ("same\n", "")


def test_no_table_but_ours_is_written(project: Path) -> None:
    others = "nft add table ip nat; nft add chain ip nat DOCKER; nft -f -; nft list tables"
    done = in_a_namespace(others, ruleset(*of(project, "vpai/prod")))
    assert done.stdout.splitlines() == ["table ip nat", "table inet stackgraph"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_finds_nothing(name: str, project: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck on PATH")
    text = SCRIPTS[name](*of(project, "vpai/prod"))
    command = ["shellcheck", "-s", "sh", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    assert done.stdout == ""


def test_systemd_finds_nothing_wrong_with_the_unit(project: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None or not Path("/usr/sbin/nft").exists():
        pytest.skip("no systemd-analyze, or no nft for the unit to name")
    unit = tmp_path / Path(UNIT_FILE).name
    unit.write_text(firewall_files(*of(project, "vpai/prod"))[UNIT_FILE])
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []
    assert done.returncode == 0


def test_files_are_the_rules_and_what_loads_them(project: Path) -> None:
    graph, host = of(project, "vpai/prod")
    files = firewall_files(graph, host)
    assert sorted(files) == [RULES_FILE, UNIT_FILE]
    assert files[RULES_FILE] == ruleset(graph, host)
    assert f"nft -f {RULES_FILE}\n" in files[UNIT_FILE]
    assert all(text.endswith("\n") for text in files.values())


def test_a_mesh_counts_on_its_own_interface(tmp_path: Path) -> None:
    for kind, interface in (("tailscale", "tailscale0"), ("wireguard", "wg0")):
        graph = shop(
            tmp_path / kind,
            "9000:80",
            access="{mesh: true, allow: [100.64.7.0/24, 192.0.2.0/24]}",
            more=MESH.replace("tailscale", kind),
        )
        text = ruleset(graph, graph.hosts["host:shop/vps"])
        lines = [line.strip() for line in text.splitlines() if "9000 accept" in line]
        assert lines == [
            f'iifname "{interface}" ip saddr {{ 100.64.0.0/10 }} tcp dport 9000 accept',
            "ip saddr { 192.0.2.0/24 } tcp dport 9000 accept",
            f'iifname "{interface}" ip saddr {{ 100.64.0.0/10 }} meta l4proto tcp '
            "ct original proto-dst 9000 accept",
            "ip saddr { 192.0.2.0/24 } meta l4proto tcp ct original proto-dst 9000 accept",
        ]


def test_a_host_without_mesh_looks_at_no_mesh(tmp_path: Path) -> None:
    graph = shop(tmp_path)
    assert "prerouting" not in ruleset(graph, graph.hosts["host:shop/vps"])


def test_refuses_a_host_that_is_not_written(project: Path, tmp_path: Path) -> None:
    graph, host = of(project, "vitaravox/ec2")
    with pytest.raises(ValueError, match="manages the host"):
        ruleset(graph, host)
    graph = shop(tmp_path, stack="dev")
    with pytest.raises(ValueError, match="would lock it"):
        ruleset(graph, graph.hosts["host:shop/vps"])


def test_refuses_to_leave_no_time(tmp_path: Path) -> None:
    graph = shop(tmp_path)
    with pytest.raises(ValueError, match="allow one or more"):
        stage_script(graph, graph.hosts["host:shop/vps"], seconds=0)
