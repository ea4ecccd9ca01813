"""The packet filter on hosts with a real systemd, a real sshd and a real dockerd."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from graph.model import Host, StackGraph
from rehearsal.hosts import Client, HostLab, Machine
from rehearsal.images import Stub, make_image
from rehearsal.lab import Done
from render.firewall import RULES_FILE, UNIT, confirm_script, ruleset, stage_script
from tests.graph.estate import HOST, estate
from tests.support.hosts import needs_hosts

pytestmark = [pytest.mark.docker, pytest.mark.slow]

IMAGE = "sgh-firewall-stub:1"
STAGED = "firewall: staged; undone in {} s unless confirmed\n"


@dataclass(frozen=True, slots=True)
class Site:
    """A host, somebody anywhere, somebody in the mesh; both networks are of one host only."""

    machine: Machine
    mesh: str
    stranger: Client
    member: Client
    folder: Path

    @property
    def in_mesh(self) -> Machine:
        """The host at its address in the mesh."""
        return replace(self.machine, addresses=dict(reversed(self.machine.addresses.items())))

    def graph(self, name: str, *, ssh: str = "public") -> tuple[StackGraph, Host]:
        """Describe it: 9000 for all, 9001 for the mesh; 9009 is published and not described."""
        system = f"""\
hosts: {{vps: {{kind: vps, {HOST}, ssh: {{access: {ssh}}}}}}}
mesh: {{kind: tailscale, cidr: {self.mesh}, members: [vps]}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
ports: {{web/front:9001: {{access: mesh}}}}
"""
        compose = 'services: {front: {image: a, ports: ["9000:8080", "9001:8080"]}}\n'
        graph = estate(self.folder / name, system, compose, stack="prod")
        return graph, graph.hosts["host:shop/vps"]

    def table(self) -> str:
        """The table in force."""
        return self.machine.inside("sh", "-c", "nft -s list table inet stackgraph 2>/dev/null || :")

    def deploy(self, graph: StackGraph, host: Host, over: Machine | None = None) -> None:
        """Stage over the old way, confirm over the new one."""
        staged = self.machine.run(stage_script(graph, host, seconds=30))
        assert staged.returncode == 0, staged.stderr
        confirmed = (over or self.machine).run(confirm_script(graph, host))
        assert (confirmed.stdout, confirmed.stderr) == ("firewall: confirmed\n", "")

    def answered(self) -> dict[str, list[int]]:
        """Tell which ports answer a stranger, at the host's address, and a member of the mesh."""
        callers = {"stranger": (self.stranger, 0), "member": (self.member, 1)}
        addresses = list(self.machine.addresses.values())
        return {
            name: [
                port
                for port in (22, 9000, 9001, 9009)
                if caller.reaches(addresses[number], port, seconds=1)
            ]
            for name, (caller, number) in callers.items()
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A host with Docker and a container, whose second network is the mesh."""
    needs_hosts()
    make_image(IMAGE, stub=Stub(name="front", http=(8080,)))
    with HostLab() as lab:
        lab.outside()
        lab.outside("mesh")
        machine = lab.machine("host", "ready", networks=("outside", "mesh"))
        machine.write("/etc/systemd/network-name.sh", _RENAME)
        unit = _RENAME_UNIT.replace("ADDRESS", list(machine.addresses.values())[1])
        machine.write("/etc/systemd/system/mesh-name.service", unit)
        machine.inside("systemctl", "enable", "--now", "docker", "mesh-name")
        saved = subprocess.run(["docker", "save", IMAGE], capture_output=True, check=True)
        loading = ["docker", "exec", "-i", machine.container, "docker", "load", "-q"]
        subprocess.run(loading, input=saved.stdout, capture_output=True, check=True)
        ports = [word for port in (9000, 9001, 9009) for word in ("-p", f"{port}:8080")]
        machine.inside("docker", "run", "-d", "--restart=always", *ports, IMAGE)
        yield Site(
            machine=machine,
            mesh=lab.subnet("mesh"),
            stranger=lab.client("stranger", "outside"),
            member=lab.client("member", "mesh"),
            folder=tmp_path_factory.mktemp("shops"),
        )


_RENAME = """\
for _ in $(seq 100); do # on a busy machine it comes after systemd has begun
  name=$(ip -o -4 addr show | sed -n "s/^[0-9]*: \\([^ ]*\\) .* $1\\/.*/\\1/p")
  [ -z "$name" ] || break
  sleep 0.1
done
ip link set "$name" down && ip link set "$name" name tailscale0 && ip link set tailscale0 up
"""
_RENAME_UNIT = """\
[Unit]
Description=The second network is the mesh
DefaultDependencies=no
Before=network-pre.target docker.service ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /etc/systemd/network-name.sh ADDRESS
[Install]
WantedBy=sysinit.target
"""


@pytest.fixture(autouse=True)
def _bare(site: Site) -> Iterator[None]:
    """Each test begins without rules of ours."""
    yield
    site.machine.inside(
        *("sh", "-c"),
        "rm -f /run/stackgraph/firewall/armed /etc/stackgraph/firewall.nft; "
        f"systemctl disable --now {UNIT} 2>/dev/null; nft delete table inet stackgraph 2>&1 || :",
    )


EVERYTHING = [22, 9000, 9001, 9009]
DESCRIBED = {"stranger": [22, 9000], "member": [22, 9000, 9001]}


def test_published_ports_obey_it(site: Site) -> None:
    assert site.answered() == {"stranger": EVERYTHING, "member": EVERYTHING}
    graph, host = site.graph("obey")
    site.deploy(graph, host)
    assert site.answered() == DESCRIBED
    # the host itself may use what it publishes
    found = site.machine.inside("perl", "-e", _GET, "127.0.0.1", "9009")
    assert "200" in found
    again = site.machine.run(stage_script(graph, host))
    assert (again.stdout, again.stderr) == ("firewall: unchanged\n", "")
    again = site.machine.run(confirm_script(graph, host))
    assert (again.stdout, again.stderr) == ("firewall: unchanged\n", "")


_GET = r"""
use IO::Socket::INET;
my $one = IO::Socket::INET->new(PeerAddr => "$ARGV[0]:$ARGV[1]", Timeout => 2) or die "$!";
print $one "GET / HTTP/1.0\r\n\r\n"; print <$one>;
"""


def logs_in(machine: Machine) -> bool:
    done = subprocess.run([*machine.ssh(seconds=2), "true"], capture_output=True)
    return done.returncode == 0


def test_a_change_that_would_cut_ssh_undoes_itself(site: Site) -> None:
    graph, host = site.graph("before")
    site.deploy(graph, host)
    before = site.table()
    graph, host = site.graph("cut", ssh="{allow: [203.0.113.0/24]}")
    staged = site.machine.run(stage_script(graph, host, seconds=5))
    assert staged.stdout == STAGED.format(5)
    assert not logs_in(site.machine)
    end = time.monotonic() + 10
    while not (back := logs_in(site.machine)) and time.monotonic() < end:
        pass
    assert back
    assert site.table() == before
    confirmed = site.machine.run(confirm_script(graph, host))
    assert (confirmed.returncode, confirmed.stderr) == (
        1,
        "firewall: nobody confirmed the rules in time, so the former ones are in force; "
        "stage them anew\n",
    )
    assert site.machine.read(RULES_FILE) == ruleset(*site.graph("before"))


def test_an_older_connection_proves_nothing(site: Site, tmp_path: Path) -> None:
    graph, host = site.graph("older")
    shared = ("-o", f"ControlPath={tmp_path}/shared")
    command = site.machine.ssh()
    master = subprocess.Popen([command[0], *shared, "-M", "-N", *command[1:]])

    def over_the_old_one(script: str) -> Done:
        return subprocess.run(
            [command[0], *shared, *command[1:], "sh -s"],
            input=script,
            capture_output=True,
            text=True,
        )

    try:
        while not (tmp_path / "shared").exists():
            time.sleep(0.05)
        assert over_the_old_one(stage_script(graph, host, seconds=30)).returncode == 0
        refused = over_the_old_one(confirm_script(graph, host))
        assert refused.returncode == 1
        assert "is older than the rules, so it proves nothing" in refused.stderr
        assert site.machine.run(confirm_script(graph, host)).stdout == "firewall: confirmed\n"
    finally:
        master.terminate()
        master.wait()


def test_ssh_moves_into_the_mesh(site: Site) -> None:
    site.deploy(*site.graph("public"))
    graph, host = site.graph("moved", ssh="mesh")
    site.deploy(graph, host, over=site.in_mesh)
    assert site.answered() == {"stranger": [9000], "member": [22, 9000, 9001]}
    assert not logs_in(site.machine)
    assert logs_in(site.in_mesh)


def test_what_is_confirmed_survives_docker_nftables_and_the_host(site: Site) -> None:
    site.deploy(*site.graph("survives"))
    table = site.table()
    site.machine.inside("systemctl", "restart", "docker")
    assert site.table() == table
    # Debian's own service flushes all rules there are, ours and Docker's
    site.machine.inside("systemctl", "restart", "nftables")
    # who restarts it waits for it, not for ours, which follows
    end = time.monotonic() + 10
    while (after := site.table()) != table and time.monotonic() < end:
        time.sleep(0.1)
    assert after == table
    site.machine.restart()
    assert site.machine.inside("systemctl", "is-active", UNIT) == "active"
    assert site.table() == table
    end = time.monotonic() + 60
    while (found := site.answered()) != DESCRIBED and time.monotonic() < end:
        time.sleep(0.5)
    assert found == DESCRIBED, site.machine.inside("ip", "-4", "addr")


def test_what_is_staged_does_not_survive_a_restart(site: Site) -> None:
    site.deploy(*site.graph("kept"))
    table = site.table()
    graph, host = site.graph("unconfirmed", ssh="{allow: [203.0.113.0/24]}")
    assert site.machine.run(stage_script(graph, host, seconds=300)).returncode == 0
    site.machine.restart()
    assert site.table() == table
    confirmed = site.machine.run(confirm_script(graph, host))
    assert confirmed.stderr == (
        "firewall: nothing is staged: restarted since, or undone; stage it first\n"
    )
