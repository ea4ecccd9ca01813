"""A host's packet filter at work: who is answered, who is not, and the way back.

Network namespaces stand for the host, a container on a bridge of Docker's, the world and a member
of the mesh; the port forwarding is Docker's in small. Nothing of this machine is changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

import render.firewall
from config.access import Sources
from graph.firewall import openings
from graph.model import Host, StackGraph
from render.firewall import (
    METADATA,
    RULES_FILE,
    STATE_DIRECTORY,
    confirm_script,
    ruleset,
    stage_script,
)
from tests.graph.estate import HOST, estate
from tests.render.test_firewall import namespace_problem

# --- the host


SYSTEM = f"""\
hosts: {{vps: {{kind: vps, {HOST}, ingress: {{kind: caddy}}, ssh: {{access: mesh}}}}}}
mesh: {{kind: headscale, cidr: 100.64.0.0/10, members: [vps]}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
zones: {{example.org: {{provider: cloudflare, proxied: true}}}}
routes: {{shop.example.org: {{to: web/front:80}}}}
processes:
  api:
    {{host: vps, manager: systemd, purpose: A, command: a, directory: /srv, user: a,
      listens: ["0.0.0.0:3000", 3001]}}
ports:
  web/front:9001: {{access: mesh}}
  web/front:9002: {{access: {{allow: [198.51.100.0/24, "2001:db8:51::/48"]}}}}
"""
COMPOSE = """\
services:
  front:
    image: a
    ports: ["9000:80", "9001:80", "9002:80", "7000-7001:7000-7001/udp", "127.0.0.1:5432:5432"]
"""
INTO_CONTAINER: Final = {
    "tcp": {443: 8443, 80: 8080, 9000: 80, 9001: 80, 9002: 80, 9003: 80},
    "udp": {7000: 7000, 7001: 7001, 7002: 7002},
}
"""Ports that the stand-in of Docker forwards; 9003 and 7002 are in no description."""

PUBLIC, OFFICE, CLOUDFLARE, SPOOFED, MEMBER, CONTAINER, ITSELF = (
    *("198.18.0.1", "198.51.100.9", "104.16.0.9", "100.64.0.66", "100.64.0.2"),
    *("172.30.0.2", "127.0.0.1"),
)
PUBLIC6, OFFICE6, CLOUDFLARE6 = "2001:db8:1::1", "2001:db8:51::9", "2606:4700::9"
ADDRESS, ADDRESS6, MESH_ADDRESS = "198.18.0.10", "2001:db8:1::10", "100.64.0.1"

TOPOLOGY = f"""
set -e
for each in host world member inside; do
  ip netns add $N-$each
  ip -n $N-$each link set lo up
done
h() {{ ip -n $N-host "$@"; }}
h link add eth0 type veth peer name eth0 netns $N-world
h link add tailscale0 type veth peer name tailscale0 netns $N-member
h link add br-0123456789ab type bridge
h link add veth0 master br-0123456789ab type veth peer name eth0 netns $N-inside
for each in eth0 tailscale0 br-0123456789ab veth0; do h link set $each up; done
h link set veth0 type bridge_slave hairpin on # a container may ask for itself by the host
h addr add {ADDRESS}/24 dev eth0
h -6 addr add {ADDRESS6}/64 dev eth0 nodad
h addr add {MESH_ADDRESS}/10 dev tailscale0
h addr add 172.30.0.1/24 dev br-0123456789ab
h -6 addr add fd00:30::1/64 dev br-0123456789ab nodad
h route add default via {PUBLIC}
h -6 route add default via {PUBLIC6}
h route add {SPOOFED}/32 via {PUBLIC} # the answer would find its way
for each in world member inside; do
  ip -n $N-$each link set $([ $each = member ] && echo tailscale0 || echo eth0) up
done
w() {{ ip -n $N-world "$@"; }}
w addr add {PUBLIC}/24 dev eth0
w -6 addr add {PUBLIC6}/64 dev eth0 nodad
for each in {OFFICE} {CLOUDFLARE} {SPOOFED}; do w addr add $each/32 dev lo; done
for each in {OFFICE6} {CLOUDFLARE6}; do w -6 addr add $each/128 dev lo nodad; done
w addr add {METADATA}/32 dev lo
w route add 172.30.0.0/24 via {ADDRESS} # a neighbour may route as it likes
w route add {MESH_ADDRESS}/32 via {ADDRESS}
ip -n $N-member addr add {MEMBER}/10 dev tailscale0
ip -n $N-inside addr add {CONTAINER}/24 dev eth0
ip -n $N-inside -6 addr add fd00:30::2/64 dev eth0 nodad
ip -n $N-inside route add default via 172.30.0.1
ip -n $N-inside -6 route add default via fd00:30::1
ip netns exec $N-host sh -c '
  for each in all default eth0 tailscale0; do echo 0 >/proc/sys/net/ipv4/conf/$each/rp_filter; done
  echo 1 >/proc/sys/net/ipv4/ip_forward
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
"""
SERVE = r"""
import selectors, socket, sys
table = selectors.DefaultSelector()
for word in sys.argv[1:]:
    protocol, port = word.split("/")
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    one = socket.socket(socket.AF_INET6, kind)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    one.bind(("::", int(port)))
    if protocol == "tcp":
        one.listen(50)
    table.register(one, selectors.EVENT_READ, protocol)
print("ready", flush=True)
while True:
    for key, _ in table.select():
        if key.data == "tcp":
            one, _ = key.fileobj.accept()
            table.register(one, selectors.EVENT_READ, "open")
        elif key.data == "udp":
            text, peer = key.fileobj.recvfrom(100)
            key.fileobj.sendto(b"y", peer)
        else:
            try:
                text = key.fileobj.recv(100)
            except OSError:
                text = b""
            if text:
                key.fileobj.send(b"y")
            else:
                table.unregister(key.fileobj)
                key.fileobj.close()
"""
ASK = r"""
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def answered(question):
    source, address, protocol, port = question
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as one:
        one.settimeout(float(sys.argv[1]))
        try:
            one.bind((source, 0))
            one.connect((address, port))
            one.send(b"x")
            return one.recv(1) == b"y"
        except OSError:
            return False
questions = json.load(sys.stdin)
with ThreadPoolExecutor(64) as pool:
    print(json.dumps(list(pool.map(answered, questions))))
"""
TALK = r"""
import socket, sys
one = socket.create_connection((sys.argv[1], int(sys.argv[2])), 3, (sys.argv[3], 0))
for line in sys.stdin:
    one.send(b"x")
    try:
        print(one.recv(1).decode(), flush=True)
    except OSError:
        print("nothing", flush=True)
"""
Question = tuple[str, str, str, int]


@dataclass
class World:
    """The namespaces, by the beginning of their names."""

    name: str

    def at(self, where: str, *command: str) -> list[str]:
        """Give a command line that runs in a namespace."""
        return ["ip", "netns", "exec", f"{self.name}-{where}", *command]

    def run(self, where: str, *command: str, data: str = "") -> str:
        done = subprocess.run(self.at(where, *command), input=data, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def load(self, rules: str) -> None:
        self.run("host", "nft", "-f", "-", data=rules)

    def ask(self, questions: Iterable[Question], seconds: float = 1.2) -> dict[Question, bool]:
        """Ask everything at once, each from where its source is, and tell what was answered."""
        homes = {MEMBER: "member", CONTAINER: "inside", ITSELF: "host", "::1": "host"}
        found: dict[Question, bool] = {}
        by_home: dict[str, list[Question]] = {}
        for question in questions:
            by_home.setdefault(homes.get(question[0], "world"), []).append(question)
        for home, some in by_home.items():
            said = self.run(home, sys.executable, "-c", ASK, str(seconds), data=json.dumps(some))
            found.update(zip(some, json.loads(said), strict=True))
        return found


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """The namespaces, with servers on all ports, forwarded ones as Docker does it."""
    if (problem := namespace_problem()) is not None:
        pytest.skip(problem)
    name = f"sgfw{os.getpid()}"
    made = World(name)
    servers = []
    try:
        done = subprocess.run(
            ["sh", "-c", TOPOLOGY], env={**os.environ, "N": name}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        made.load(_docker())
        # 3002, 41642 and 53 are in no description
        host = ["tcp/22", "tcp/3000", "tcp/3001", "tcp/3002", "udp/41641", "udp/41642", "udp/53"]
        inside = {f"{p}/{port}" for p, ports in INTO_CONTAINER.items() for port in ports.values()}
        world = ["tcp/80", "tcp/53"]  # what a cloud tells of a machine, and its resolver
        for where, ports in (("host", host), ("inside", sorted(inside)), ("world", world)):
            command = made.at(where, sys.executable, "-c", SERVE, *ports)
            servers.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            assert servers[-1].stdout is not None
            assert servers[-1].stdout.readline() == "ready\n"
        end = time.monotonic() + 10
        # neighbours find each other
        while not all(made.ask([*ANSWERED, *REFUSED]).values()) and time.monotonic() < end:
            pass
        yield made
    finally:
        for server in servers:
            server.kill()
            server.wait()
            if server.stdout is not None:
                server.stdout.close()
        for each in ("host", "world", "member", "inside"):
            subprocess.run(["ip", "netns", "del", f"{name}-{each}"], capture_output=True)


def _docker() -> str:
    """Give what Docker does for published ports, for both families."""
    rules = "".join(
        f"    fib daddr type local meta nfproto {family} {protocol} dport {port} "
        f"dnat {word} to {address}:{target}\n"
        for protocol, ports in INTO_CONTAINER.items()
        for port, target in ports.items()
        for family, word, address in (("ipv4", "ip", CONTAINER), ("ipv6", "ip6", "[fd00:30::2]"))
    )
    return (
        "table inet docker-in-small {\n"
        f"  chain before {{\n    type nat hook prerouting priority dstnat;\n{rules}  }}\n"
        f"  chain out {{\n    type nat hook output priority -100;\n{rules}  }}\n"
        "  chain after {\n    type nat hook postrouting priority srcnat;\n"
        '    ip saddr 127.0.0.0/8 oifname "br-*" masquerade\n'
        '    ip saddr 172.30.0.0/24 oifname "br-*" masquerade\n  }\n}\n'
    )


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> StackGraph:
    return estate(tmp_path_factory.mktemp("shop"), SYSTEM, COMPOSE, stack="prod")


@pytest.fixture(scope="module")
def host(graph: StackGraph) -> Host:
    return graph.hosts["host:shop/vps"]


# --- who is answered


def tcp(source: str, *ports: int, at: str = "") -> list[Question]:
    address = at or (ADDRESS6 if ":" in source else ADDRESS)
    return [(source, address, "tcp", port) for port in ports]


def udp(source: str, *ports: int, at: str = "") -> list[Question]:
    return [(source, address, "udp", port) for _, address, _, port in tcp(source, *ports, at=at)]


EVERYBODY = (PUBLIC, PUBLIC6, OFFICE, OFFICE6, CLOUDFLARE, CLOUDFLARE6)
ANSWERED: list[Question] = [
    *(
        each
        for caller in EVERYBODY
        for each in (*tcp(caller, 9000, 3000), *udp(caller, 7000, 7001))
    ),
    *(each for caller in (PUBLIC, PUBLIC6) for each in udp(caller, 41641)),
    *tcp(CLOUDFLARE, 80, 443),
    *tcp(CLOUDFLARE6, 80, 443),
    *tcp(OFFICE, 9002),
    *tcp(OFFICE6, 9002),
    *tcp(MEMBER, 22, 9000, 9001, 3000, at=MESH_ADDRESS),
    *udp(MEMBER, 7000, at=MESH_ADDRESS),
    # the host itself, and containers among each other, are left alone
    *tcp(ITSELF, 22, 3001, 3002, at="127.0.0.1"),
    *tcp("::1", 22, 3001, at="::1"),
    *udp(ITSELF, 53, at="127.0.0.1"),
    *tcp(CONTAINER, 443, 9001, 3000, at="172.30.0.1"),
    *tcp(CONTAINER, 53, at=METADATA),
]
REFUSED: list[Question] = [
    *(
        each
        for caller in (PUBLIC, PUBLIC6)
        for each in (
            *tcp(caller, 22, 80, 443, 9001, 9002, 9003, 3001, 3002),
            *udp(caller, 53, 7002, 41642),
        )
    ),
    *tcp(OFFICE, 22, 443, 9001),
    *tcp(OFFICE6, 22, 443, 9001),
    *tcp(CLOUDFLARE, 22, 9001, 9002),
    *tcp(CLOUDFLARE6, 22, 9001, 9002),
    # a mesh's address from the internet, and the host's own one in the mesh
    *tcp(SPOOFED, 22, 9000, 9001, 3000),
    *tcp(PUBLIC, 9000, 3000, at=MESH_ADDRESS),
    *tcp(MEMBER, 443, 9002, 9003, 3001, 3002, at=MESH_ADDRESS),
    *udp(MEMBER, 7002, 53, at=MESH_ADDRESS),
    # a neighbour that routes to the container's own address
    *tcp(PUBLIC, 80, 8443, at=CONTAINER),
    # containers have no business with the host
    *tcp(CONTAINER, 22, 3001, 3002, at="172.30.0.1"),
    *udp(CONTAINER, 53, at="172.30.0.1"),
    # nor with what a cloud tells of the machine
    *tcp(CONTAINER, 80, at=METADATA),
]


def test_without_rules_everybody_is_answered(world: World) -> None:
    """Else a refusal below would say nothing."""
    world.run("host", "sh", "-c", "nft delete table inet stackgraph 2>/dev/null || :")
    assert [q for q, yes in world.ask([*ANSWERED, *REFUSED]).items() if not yes] == []


def test_who_is_answered_and_who_is_not(world: World, graph: StackGraph, host: Host) -> None:
    world.load(ruleset(graph, host))
    said = world.ask([*ANSWERED, *REFUSED])
    assert [question for question in ANSWERED if not said[question]] == []
    assert [question for question in REFUSED if said[question]] == []


def test_every_opening_is_needed(
    world: World, graph: StackGraph, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = openings(graph, host)
    for gone in whole:
        rest = tuple(each for each in whole if each is not gone)
        monkeypatch.setattr(render.firewall, "openings", lambda _graph, _host, left=rest: left)
        world.load(ruleset(graph, host))
        asked = [
            question
            for question in ANSWERED
            if question[2] == gone.protocol
            and question[3] in gone.ports
            and question[0] not in (ITSELF, "::1", CONTAINER)
        ]
        assert asked, gone
        assert not any(world.ask(asked, 0.5).values()), gone


@pytest.mark.parametrize(
    ("line", "let_through"),
    [
        ("daddr 100.64.0.0/10 fib daddr type local", tcp(PUBLIC, 9000, 3000, at=MESH_ADDRESS)),
        ("ip saddr 100.64.0.0/10 goto refused", tcp(SPOOFED, 9000, 3000)),
        (f"ip daddr {METADATA} tcp dport 80", tcp(CONTAINER, 80, at=METADATA)),
        ('oifname "br-*" goto refused', tcp(PUBLIC, 80, 8443, at=CONTAINER)),
        ("ct status dnat goto published", []),
    ],
)
def test_every_line_of_defence_is_needed(
    line: str, let_through: list[Question], world: World, graph: StackGraph, host: Host
) -> None:
    lines = ruleset(graph, host).splitlines(keepends=True)
    rest = [each for each in lines if line not in each]
    assert len(rest) == len(lines) - 1
    world.load("".join(rest))
    if let_through:
        assert all(world.ask(let_through).values())
    else:  # what is published is not to be had at all: the end of the chain refuses it
        assert not any(world.ask(tcp(CLOUDFLARE, 443)).values())


def test_docker_is_obeyed_by_nobody_without_the_forward_chain(
    world: World, graph: StackGraph, host: Host
) -> None:
    """P03: an input chain alone, as ufw has it, does not see published ports."""
    text = ruleset(graph, host)
    start, end = text.index("  chain forward"), text.index("  chain published")
    world.load(text[:start] + text[end:])
    assert all(world.ask(tcp(PUBLIC, 443, 9001, 9003)).values())


@contextlib.contextmanager
def talk(world: World, where: str, address: str, port: int, source: str) -> Iterator[list[str]]:
    """Keep one connection, and note what it answers at the beginning and at the end."""
    command = world.at(where, sys.executable, "-c", TALK, address, str(port), source)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        said = [_say(process)]
        yield said
        said.append(_say(process))


def _say(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_what_is_open_survives_a_reload_even_one_that_shuts_it(
    world: World, graph: StackGraph, host: Host
) -> None:
    world.load(ruleset(graph, host))
    with (
        talk(world, "world", ADDRESS, 443, CLOUDFLARE) as forwarded,
        talk(world, "member", MESH_ADDRESS, 22, MEMBER) as own,
    ):
        world.load(ruleset(_ssh_from(graph, host, "192.0.2.0/24"), host))
        shut = ruleset(graph, host).replace("dport 22 accept", "dport 23 accept")
        world.load(shut.replace("proto-dst 443 accept", "proto-dst 444 accept"))
    assert (forwarded, own) == (["y", "y"], ["y", "y"])
    assert not any(world.ask([*tcp(CLOUDFLARE, 443), *tcp(MEMBER, 22, at=MESH_ADDRESS)]).values())


# --- staged, undone, confirmed


class Machine:
    """The host's namespace with folders of its own in place of /etc and /run."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        for name in ("etc", "run"):
            (folder / name).mkdir()
        for each in ("alternatives", "ld.so.cache", "passwd", "group", "nsswitch.conf"):
            if (source := Path("/etc", each)).is_dir():
                shutil.copytree(source, folder / "etc" / each, symlinks=True)
            elif source.exists():
                shutil.copy(source, folder / "etc" / each)

    def run(self, script: str, *, via: str = "sh") -> tuple[str, str, int]:
        """Run a script; no SSH server of whoever runs the tests is among its ancestors."""
        inner = "".join(f"mount --bind {self.folder}/{name} /{name}; " for name in ("etc", "run"))
        command = self.world.at("host", "sh", "-c", f"{inner} exec {via}")
        done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=30)
        return done.stdout, done.stderr, done.returncode

    def confirm(self, script: str) -> tuple[str, str, int]:
        return self.run(script, via="unshare --pid --fork --mount-proc sh")

    def file(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def table(self) -> str:
        done = subprocess.run(
            self.world.at("host", "nft", "-s", "list", "table", "inet", "stackgraph"),
            capture_output=True,
            text=True,
        )
        return done.stdout


@pytest.fixture
def machine(world: World, tmp_path: Path) -> Iterator[Machine]:
    """The host, with no rules of ours."""
    world.run("host", "sh", "-c", "nft delete table inet stackgraph 2>/dev/null || :")
    made = Machine(world, tmp_path)
    yield made
    # a timer that is still armed would undo the next test's rules
    made.file(f"{STATE_DIRECTORY}/armed").unlink(missing_ok=True)


STAGED = "firewall: staged; undone in {} s unless confirmed\n"


def test_staged_confirmed_unchanged(machine: Machine, graph: StackGraph, host: Host) -> None:
    stage, confirm = stage_script(graph, host, seconds=60), confirm_script(graph, host)
    assert machine.run(stage) == (STAGED.format(60), "", 0)
    assert "dport 22" in machine.table()
    assert not machine.file(RULES_FILE).exists()
    said, problem, code = machine.confirm(confirm)
    assert (said, code) == ("firewall: confirmed\n", 0), problem
    assert problem == (
        f"firewall: this host has no systemd: nothing loads {RULES_FILE} when it starts\n"
    )
    assert machine.file(RULES_FILE).read_text() == ruleset(graph, host)
    assert machine.run(stage) == ("firewall: unchanged\n", "", 0)
    assert machine.confirm(confirm) == ("firewall: unchanged\n", "", 0)
    # somebody takes a rule out by hand
    machine.world.run("host", "nft", "flush", "chain", "inet", "stackgraph", "published")
    assert machine.run(stage) == (STAGED.format(60), "", 0)
    assert machine.confirm(confirm)[0] == "firewall: confirmed\n"


def wait_for(machine: Machine, text: str) -> None:
    end = time.monotonic() + 8
    while machine.table() != text and time.monotonic() < end:
        time.sleep(0.1)
    assert machine.table() == text


def test_what_nobody_confirms_is_undone(machine: Machine, graph: StackGraph, host: Host) -> None:
    assert machine.run(stage_script(graph, host, seconds=1))[2] == 0
    wait_for(machine, "")
    assert machine.confirm(confirm_script(graph, host)) == (
        "",
        "firewall: nobody confirmed the rules in time, so the former ones are in force; "
        "stage them anew\n",
        1,
    )
    assert not machine.file(RULES_FILE).exists()


def _ssh_from(graph: StackGraph, host: Host, network: str) -> StackGraph:
    """Give the graph with SSH for one network only."""
    ports = (
        replace(port, access=Sources(allow=(network,))) if port.owner == host.id else port
        for port in graph.host_ports
    )
    return replace(graph, host_ports=tuple(ports))


def test_the_way_back_leads_to_what_was_confirmed(
    machine: Machine, graph: StackGraph, host: Host
) -> None:
    assert machine.run(stage_script(graph, host))[2] == 0
    assert machine.confirm(confirm_script(graph, host))[2] == 0
    confirmed = machine.table()
    changed, third = (_ssh_from(graph, host, each) for each in ("192.0.2.0/24", "198.51.100.0/24"))
    # Two that nobody confirms, the second over the first: neither is what comes back.
    assert machine.run(stage_script(changed, host, seconds=60))[2] == 0
    assert "192.0.2.0/24" in machine.table()
    assert machine.run(stage_script(third, host, seconds=2))[2] == 0
    assert machine.confirm(confirm_script(changed, host)) == (
        "",
        "firewall: other rules are staged than those to confirm; stage these first\n",
        1,
    )
    wait_for(machine, confirmed)
    assert machine.run(stage_script(graph, host)) == ("firewall: unchanged\n", "", 0)


def test_a_timer_that_comes_late_undoes_nothing(
    machine: Machine, graph: StackGraph, host: Host
) -> None:
    assert machine.run(stage_script(graph, host, seconds=2))[2] == 0
    assert machine.confirm(confirm_script(graph, host))[2] == 0
    table = machine.table()
    time.sleep(2.5)
    assert machine.table() == table != ""


def test_confirm_wants_to_see_what_was_staged(
    machine: Machine, graph: StackGraph, host: Host
) -> None:
    confirm = confirm_script(graph, host)
    nothing = "firewall: nothing is staged: restarted since, or undone; stage it first\n"
    assert machine.confirm(confirm) == ("", nothing, 1)
    assert machine.run(stage_script(graph, host))[2] == 0
    machine.world.run("host", "nft", "flush", "chain", "inet", "stackgraph", "input")
    assert machine.confirm(confirm) == (
        "",
        "firewall: the rules in force are not those that were staged; "
        "the former rules come back by themselves\n",
        1,
    )


@pytest.mark.parametrize(
    "commands",
    [
        "add chain ip filter INPUT { type filter hook input priority 0; policy drop; }\n",
        # as Oracle's images have it
        "add chain ip filter INPUT { type filter hook input priority 0; policy accept; }\n"
        "add rule ip filter INPUT tcp dport 22 counter accept\n"
        "add rule ip filter INPUT counter reject with icmp type host-prohibited\n",
    ],
    ids=["policy", "last rule"],
)
def test_another_firewall_is_not_fought_with(
    commands: str, machine: Machine, graph: StackGraph, host: Host
) -> None:
    machine.world.load("add table ip filter\n" + commands)
    try:
        said, problem, code = machine.run(stage_script(graph, host))
    finally:
        machine.world.run("host", "nft", "delete", "table", "ip", "filter")
    assert (said, code, machine.table()) == ("", 1, "")
    assert problem.startswith(
        "firewall: another firewall refuses packets as well, in ip filter INPUT, and would shut "
        "what is to be open; nothing was changed; "
    )


def test_rules_of_the_old_kind_are_another_firewall_too(
    machine: Machine, graph: StackGraph, host: Host
) -> None:
    if shutil.which("iptables-legacy", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("no iptables-legacy on PATH")
    machine.world.run("host", "iptables-legacy", "-P", "INPUT", "DROP")
    try:
        said, problem, code = machine.run(stage_script(graph, host))
    finally:
        machine.world.run("host", "iptables-legacy", "-P", "INPUT", "ACCEPT")
    assert (said, code, machine.table()) == ("", 1, "")
    assert "in ip filter INPUT (iptables-legacy), and would shut" in problem


def test_bans_of_fail2ban_and_rules_of_docker_are_no_other_firewall(
    machine: Machine, graph: StackGraph, host: Host
) -> None:
    machine.world.load(
        "add table inet f2b-table\n"
        "add set inet f2b-table banned { type ipv4_addr; }\n"
        "add chain inet f2b-table f2b { type filter hook input priority filter - 1; }\n"
        "add rule inet f2b-table f2b tcp dport 22 ip saddr @banned reject\n"
        "add table ip filter\n"
        "add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }\n"
        "add chain ip filter INPUT { type filter hook input priority 0; policy accept; }\n"
        "add chain ip filter DOCKER\n"
        "add rule ip filter DOCKER counter drop\n"
    )
    try:
        assert machine.run(stage_script(graph, host))[2] == 0
    finally:
        for table in ("inet f2b-table", "ip filter"):
            machine.world.run("host", "nft", "delete", "table", *table.split())


def test_an_interface_to_the_world_that_looks_like_dockers_is_refused(
    machine: Machine, graph: StackGraph, host: Host
) -> None:
    rename = (
        f"ip link set eth0 down && ip link set eth0 name {{}} && ip link set {{}} up && "
        f"ip route add default via {PUBLIC}"
    )
    machine.world.run("host", "sh", "-c", rename.format("br-wan", "br-wan"))
    try:
        said = machine.run(stage_script(graph, host))
    finally:
        back = f"ip link set br-wan down && ip link set br-wan name eth0 && ip link set eth0 up && \
ip route add default via {PUBLIC} && ip -6 addr add {ADDRESS6}/64 dev eth0 nodad && \
ip -6 route add default via {PUBLIC6} && ip route add {SPOOFED}/32 via {PUBLIC}"
        machine.world.run("host", "sh", "-c", back)
    assert said == (
        "",
        "firewall: the host's own interface br-wan has a name like Docker's bridges, which are "
        "trusted; rename it\n",
        1,
    )


def test_broken_rules_change_nothing(machine: Machine, graph: StackGraph, host: Host) -> None:
    script = stage_script(graph, host).replace("policy drop;", "policy dorp;")
    said, problem, code = machine.run(script)
    assert (said, code, machine.table()) == ("", 1, "")
    assert problem.startswith("firewall: nft refuses the rules, nothing was changed: ")
    assert not machine.file(f"{STATE_DIRECTORY}/armed").exists()
